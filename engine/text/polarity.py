"""Whether a finding is stated, denied or left open: cues of denial and doubt, and how far each reaches.

The rules are those of NegEx and ConText (Chapman et al. 2001, 2011) with the order of the CheXpert labeler (Irvin et
al. 2019): doubts that outweigh a denial ("cannot exclude"), then denials, then other doubts. No sentence is parsed; how
far a cue reaches along a list is decided by its commas and by what joins the last item.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from functools import cached_property

from engine.text.findings import TextPolarity
from engine.text.lexicon import Lexicon, any_word
from engine.text.spans import Mention, Span, clause_of, clauses

_KINDS = (
    "pseudo", "doubt_first_before", "doubt_first_after", "absent_before", "absent_after", "absent_just_before",
    "doubt_before", "doubt_after",
)  # fmt: skip
_COMMA = re.compile(r",(?=\s)")


class Scopes:
    """The cues of one sentence.

    Parameters
    ----------
    text : str
        Sentence in lower case.
    mentions : sequence of Mention
        Findings that are named, in order; alternatives among them are sought.
    """

    def __init__(self, text: str, mentions: Sequence[Mention], lexicon: Lexicon) -> None:
        self._text = text
        self._lexicon = lexicon
        self._clauses = clauses(text, lexicon)
        self._findings = [mention.span for mention in mentions]
        self._reaches: dict[str, list[Span]] = {kind: [] for kind in _KINDS}
        for kind, cue in self._cues():
            self._reaches[kind].append(self._reach(kind, cue))
        # "No change in A or B": both are there.
        pseudo = self._reaches["pseudo"]
        listed = [m for m in mentions if not any(reach.start <= m.span.start < reach.end for reach in pseudo)]
        self._open = _alternatives(text, listed, self._clauses, lexicon)

    def polarity(self, span: Span) -> TextPolarity:
        """Return what is said of a finding that is named at `span`."""
        if self._reached(span, "doubt_first"):
            return "uncertain"
        if self._reached(span, "absent") or any(
            reach.start <= span.start < reach.end for reach in self._reaches["absent_just_before"]
        ):
            return "absent"
        return "uncertain" if span in self._open or self._reached(span, "doubt") else "present"

    def past(self, span: Span) -> bool:
        """Whether a finding that is named at `span` is told of the past: words for that stand before it in its part."""
        begin = max(clause_of(span, self._clauses).start, self._text.rfind(", ", 0, span.start))
        return any_word(self._lexicon.cues.past).search(self._text, begin, span.start) is not None

    def _reached(self, span: Span, kind: str) -> bool:
        sides = (f"{kind}_before", f"{kind}_after")
        return any(reach.start <= span.start < reach.end for side in sides for reach in self._reaches[side])

    def _cues(self) -> Iterator[tuple[str, Span]]:
        """Yield the cues; of overlapping ones the longest, and none within the words of a finding."""
        found = [
            (kind, Span(*match.span()))
            for kind in _KINDS
            for match in _expression(self._lexicon, kind).finditer(self._text)
        ]
        found.sort(key=lambda item: item[1].start - item[1].end)
        taken = list(self._findings)
        for kind, span in found:
            if all(span.end <= other.start or span.start >= other.end for other in taken):
                taken.append(span)
                yield kind, span

    def _reach(self, kind: str, cue: Span) -> Span:
        clause = clause_of(cue, self._clauses)
        if kind == "absent_just_before":
            near = re.compile(self._lexicon.grammar.just_before).match(self._text, cue.end, clause.end)
            return Span(cue.end, near.end() + 1 if near else cue.end)
        if kind.endswith("_before") or kind == "pseudo":
            return Span(cue.end, self._along(cue.end, clause.end))
        return Span(self._back(clause.start, cue.start), cue.start)

    def _along(self, start: int, end: int) -> int:
        """Return how far a cue reaches forward.

        "no acute, displaced A" reaches A, "no A, B or C" reaches C and "no A, small B" ends before B, but
        "no A, large B, or C" takes in B as well.
        """
        own = self._begins_after_and.search(self._text, start, end)
        end = own.start() if own else end
        cuts = [start, *(match.end() for match in _COMMA.finditer(self._text, start, end)), end]
        parts = [Span(a, b) for a, b in itertools.pairwise(cuts)]
        first = next((finding.start for finding in self._findings if finding.start >= start), end)
        reach, unbroken = parts[0].end if parts else end, True
        for part in parts[1:]:
            words = part.of(self._text).strip()
            join, verb = self._join.search(words), self._verb.search(words)
            if part.start <= first or (join and (verb is None or join.start() < verb.start())):
                reach, unbroken = part.end, True
            elif words.startswith(self._and) or (unbroken and not self._begins.match(words) and verb is None):
                reach = part.end
            elif verb is not None:
                break
            else:
                unbroken = False
        return reach

    def _back(self, start: int, end: int) -> int:
        """Return how far a cue reaches back: its own part of the list, and those that "and" or "or" joins to it."""
        cuts = [start, *(match.end() for match in _COMMA.finditer(self._text, start, end))]
        last = self._text[cuts[-1] : end]
        head, joined, _ = last.rpartition(f" {self._and}")
        if joined and self._verb.search(head):
            return cuts[-1] + len(head) + len(joined)
        if not (joined or self._join.search(last) or last.strip().startswith(self._and)):
            return cuts[-1]
        for begin, stop in zip(reversed(cuts[:-1]), reversed(cuts[1:]), strict=True):
            if self._verb.search(self._text, begin, stop):
                return stop
        return start

    @property
    def _and(self) -> str:
        return f"{self._lexicon.grammar.and_word} "

    @cached_property
    def _begins(self) -> re.Pattern[str]:
        return re.compile("|".join(self._lexicon.scope.begins))

    @cached_property
    def _begins_after_and(self) -> re.Pattern[str]:
        begins = "|".join(self._lexicon.scope.begins)
        return re.compile(rf"{self._lexicon.grammar.begins_after}(?={begins})")

    @cached_property
    def _join(self) -> re.Pattern[str]:
        return re.compile(rf"{any_word(self._lexicon.scope.joins).pattern}|\w/\w")

    @cached_property
    def _verb(self) -> re.Pattern[str]:
        return any_word(self._lexicon.scope.verbs)


def _expression(lexicon: Lexicon, kind: str) -> re.Pattern[str]:
    return any_word(getattr(lexicon.cues, kind))


def _alternatives(text: str, mentions: Sequence[Mention], parts: Sequence[Span], lexicon: Lexicon) -> frozenset[Span]:
    """Return where findings are named of which one is meant: "atelectasis, scarring or infiltrate".

    "Nodule or mass" names one observation twice and leaves nothing open.
    """
    one_of, verb = any_word(lexicon.cues.one_of), any_word(lexicon.scope.verbs)
    found: set[Span] = set()
    chain: list[Mention] = []
    for mention in mentions:
        gap = text[chain[-1].span.end : mention.span.start] if chain else ""
        same = bool(chain) and clause_of(chain[-1].span, parts) == clause_of(mention.span, parts)
        if not same or verb.search(gap) or len(gap.split()) > 8 or not (one_of.search(gap) or gap.startswith(",")):
            chain = []
        chain.append(mention)
        if len({member.observation for member in chain}) > 1 and one_of.search(gap):
            found.update(member.span for member in chain)
    return frozenset(found)
