"""What is said of a part of the chest: "the heart is enlarged", "clear lungs", "no acute osseous abnormality"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from engine.report.vocabulary import NO_FINDING, SECTIONS
from engine.text.findings import TextPolarity
from engine.text.lexicon import Lexicon, RegionWords, any_word
from engine.text.polarity import Scopes
from engine.text.spans import Mention, Span, clauses

_MANY_WORDS = 12
_INNER = ("lungs", "heart", "pleura")


@dataclass(frozen=True)
class RegionStatement:
    """A region, what is said of its observation, and the words that say it (region to descriptor)."""

    region: RegionWords
    polarity: TextPolarity
    span: Span
    words: Span


@dataclass(frozen=True)
class _Descriptors:
    normal: re.Pattern[str]
    abnormal: re.Pattern[str]
    uncertain: re.Pattern[str]
    before: re.Pattern[str]


class RegionReader:
    """Finds the statements on regions in one sentence in lower case.

    Parameters
    ----------
    blocked : sequence of Mention
        Findings that are named: their words are no regions, and nothing is said of a region across them.
    """

    def __init__(self, text: str, blocked: Sequence[Mention], scopes: Scopes, lexicon: Lexicon) -> None:
        self._text = text
        self._scopes = scopes
        self._lexicon = lexicon
        self._grammar = lexicon.grammar
        self._blocked = [mention.span for mention in blocked]
        self._named = [mention.span for mention in blocked if mention.observation]
        self._until = any_word(lexicon.region_words.until)
        self._partly = any_word(lexicon.region_words.partly)
        self._excepting = any_word(lexicon.region_words.excepting)
        self._verb = any_word(lexicon.scope.verbs)
        self._vague = any_word(lexicon.region_words.abnormal)
        self._regions = self._find()

    def statements(self) -> list[RegionStatement]:
        """Return the statements in order; a region of which only a part is meant, or nothing is said, has none."""
        found: list[RegionStatement] = []
        for clause in clauses(self._text, self._lexicon):
            previous: RegionStatement | None = None
            for region, span in self._regions:
                if not span.within(clause):
                    continue
                statement = self._attributive(region, span, clause) or self._predicative(region, span, clause)
                if statement is None and previous is not None and self._joined(previous, span):
                    words = Span(previous.words.start, span.end)
                    statement = RegionStatement(region, previous.polarity, span, words)
                previous = statement
                if statement is not None and not self._limited(statement.words, clause):
                    found.append(statement)
        return found

    def _limited(self, words: Span, clause: Span) -> bool:
        """Whether it is said of a part only: "the remaining lungs", "clear apart from a nodule"."""
        if self._partly.search(self._text, clause.start, words.end):
            return True
        return self.excepted(words)

    def excepted(self, words: Span) -> bool:
        """Whether something is excepted before the end of what is said, or next after it."""
        after = self._text[words.end :].lstrip(" ,")
        return bool(self._excepting.search(self._text, 0, words.end) or self._excepting.match(after))

    def owns(self, span: Span) -> bool:
        """Whether an abnormality that is denied at `span` is said of a region.

        Of one it stands beside, of one named before of which nothing else is said, or of the bones and what lies
        outside the lungs: "the bones are intact, no acute abnormality". "The lungs are clear, no acute disease" and
        "no acute abnormality of the chest" speak of the whole.
        """
        statements = self.statements()
        if any(s.words.start < span.end and span.start < s.words.end for s in statements):
            return True
        of_lungs = {s.span for s in statements if SECTIONS.get(s.region.observation) in _INNER}
        return any(
            where.end <= span.start and where not in of_lungs and region.observation != NO_FINDING
            for region, where in self._regions
        )

    def _find(self) -> list[tuple[RegionWords, Span]]:
        found = [
            (region, Span(*match.span()))
            for region in self._lexicon.region
            for match in any_word(region.words).finditer(self._text)
        ]
        found.sort(key=lambda item: item[1].start - item[1].end)
        taken = list(self._blocked)
        kept = []
        for region, span in found:
            if all(span.end <= other.start or span.start >= other.end for other in taken):
                taken.append(span)
                kept.append((region, span))
        return sorted(kept, key=lambda item: item[1].start)

    def _attributive(self, region: RegionWords, span: Span, clause: Span) -> RegionStatement | None:
        """Read what stands before the region: "normal heart size"."""
        words = _descriptors(self._lexicon, region)
        found: list[Span] = []
        while match := words.before.search(self._text, found[-1].start + 1 if found else clause.start, span.start):
            found.append(Span(*match.span("word")))
        chosen = self._surest(words, list(reversed(found)))
        return self._statement(region, span, chosen) if chosen else None

    def _surest(self, words: _Descriptors, found: list[Span]) -> Span | None:
        """Return the first descriptor that says more than "stable"; the first of all where none does."""
        sure = (where for where in found if not words.uncertain.fullmatch(where.of(self._text)))
        return next(sure, found[0] if found else None)

    def _predicative(self, region: RegionWords, span: Span, clause: Span) -> RegionStatement | None:
        """Read what follows the region: "the heart and mediastinum are normal"."""
        stop = min([clause.end, *(s.start for s in self._named if s.start >= span.end)])
        until = self._until.search(self._text, span.end, stop)
        # "without acute abnormality" is itself what is said of it.
        stop = until.start() if until and not self._normal(region).match(self._text, until.start()) else stop
        words = _descriptors(self._lexicon, region)
        found = sorted(
            (Span(*match.span()) for p in (words.normal, words.abnormal, words.uncertain)
             for match in p.finditer(self._text, span.end, stop)),
            key=lambda s: (s.start, -s.end),
        )  # fmt: skip
        found = [where for where in found if self._belongs(span, where)]
        chosen = self._surest(words, found)
        return self._statement(region, span, chosen) if chosen else None

    def _statement(self, region: RegionWords, span: Span, where: Span) -> RegionStatement | None:
        polarity = self._said(region, where)
        words = Span(min(span.start, where.start), max(span.end, where.end))
        return RegionStatement(region, polarity, span, words) if polarity else None

    def _belongs(self, span: Span, where: Span) -> bool:
        """Whether a descriptor after a region is said of it and not of a later region."""
        gap = self._text[span.end : where.start]
        if len(gap.split()) > _MANY_WORDS or (
            gap.rstrip().endswith(",") and re.match(self._grammar.region_denial, where.of(self._text))
        ):
            return False
        for _, other in self._regions:
            if span.end <= other.start < where.start and self._verb.search(self._text, span.end, other.start):
                return False
            between = self._text[where.end : other.start] if other.start >= where.end else None
            if between is not None and re.fullmatch(r"\s(?:[\w-]+\s)?", between):
                return between.strip() in self._grammar.region_partners
        return True

    def _joined(self, previous: RegionStatement, span: Span) -> bool:
        """Whether a region shares what is said before another: "normal heart size and mediastinal contours"."""
        gap = self._text[previous.span.end : span.start]
        return previous.words.start < previous.span.start and re.fullmatch(self._grammar.region_joined, gap) is not None

    def _said(self, region: RegionWords, where: Span) -> TextPolarity | None:
        """Return what a descriptor means for the region's observation; None where it does not say what is wrong."""
        words = _descriptors(self._lexicon, region)
        text = where.of(self._text)
        if words.uncertain.fullmatch(text):
            return "uncertain"
        if words.normal.fullmatch(text):
            negated = re.search(self._grammar.region_not, self._text[: where.start])
            return "present" if negated else "absent"
        polarity = self._scopes.polarity(where)
        return None if self._vague.fullmatch(text) and polarity != "absent" else polarity

    def _normal(self, region: RegionWords) -> re.Pattern[str]:
        return _descriptors(self._lexicon, region).normal


@lru_cache(maxsize=64)
def _descriptors_of(
    normal: tuple[str, ...], abnormal: tuple[str, ...], uncertain: tuple[str, ...], stop: str
) -> _Descriptors:
    every = "|".join((*normal, *abnormal, *uncertain))
    before = re.compile(rf"(?<!\w)(?P<word>{every})[\s,](?:(?!{stop}\b)[\w-]+\s){{0,2}}$")
    never = (r"(?!)",)
    return _Descriptors(any_word(normal), any_word(abnormal), any_word(uncertain or never), before)


def _descriptors(lexicon: Lexicon, region: RegionWords) -> _Descriptors:
    common = lexicon.region_words
    return _descriptors_of(
        (*region.normal, *common.normal),
        (*region.abnormal, *common.abnormal),
        region.uncertain,
        lexicon.grammar.region_stop,
    )
