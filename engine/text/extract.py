"""Find the findings of a report's text by rules: observation, polarity, side, place, severity."""

from __future__ import annotations

import re

from engine.report.vocabulary import NO_FINDING
from engine.text.attributes import Attributes, attributes
from engine.text.findings import TextFinding, TextPolarity
from engine.text.lexicon import Lexicon, load_lexicon
from engine.text.polarity import Scopes
from engine.text.reference import referring
from engine.text.regions import RegionReader, RegionStatement
from engine.text.sentences import split_sentences
from engine.text.spans import Mention, find_mentions

ABNORMALITY = "Abnormality"
"""What a mention of no observation in particular is called in the lexicon."""

_MARKS = re.compile(r"x{3,}|_{2,}")
_SPACE = re.compile(r"\s+")


def extract_findings(text: str, lexicon: Lexicon | None = None) -> tuple[TextFinding, ...]:
    """Return the findings of a text in order.

    Parameters
    ----------
    text : str
        Findings or impression of a report; headers of its parts ("LUNGS:") may stay. A whole report is first divided
        by `engine.text.sections.extract_sections`: an indication asks, and states nothing.
    lexicon : Lexicon, optional
        English where none is given.
    """
    words = lexicon or load_lexicon()
    found: list[TextFinding] = []
    for number, sentence in enumerate(split_sentences(text)):
        own = extract_sentence(sentence, number, words)
        if not own and found and found[-1].sentence == number - 1:
            found[-1] = referring(found[-1], _plain(sentence), words)
        found += own
    return tuple(found)


def extract_sentence(sentence: str, number: int, lexicon: Lexicon) -> list[TextFinding]:
    """Return the findings of one sentence, each observation of one polarity, side, place and severity once."""
    text = _plain(sentence)
    mentions = find_mentions(text, lexicon)
    named = [mention for mention in mentions if mention.observation not in ("", ABNORMALITY)]
    scopes = Scopes(text, named, lexicon)
    blocked = [mention for mention in mentions if mention.observation != ABNORMALITY]
    reader = RegionReader(text, blocked, scopes, lexicon)
    regions = reader.statements()
    around = attributes(text, [(m.observation, m.span) for m in named], [region.words for region in regions], lexicon)
    found = [
        *_named(text, named, around, scopes, number),
        *_of_regions(text, regions, named, lexicon, number),
        *_nothing_found(text, mentions, reader, scopes, number),
    ]
    unique = {(f.observation, f.polarity, f.laterality, f.locations, f.severity): f for _, f in reversed(found)}
    order = {id(f): start for start, f in found}
    return sorted(unique.values(), key=lambda f: order[id(f)])


def _plain(sentence: str) -> str:
    """Return a sentence in lower case, marks of removed words alike."""
    return _SPACE.sub(" ", _MARKS.sub("___", sentence.lower().replace("’", "'"))).strip()


def _named(
    text: str, named: list[Mention], around: list[Attributes], scopes: Scopes, number: int
) -> list[tuple[int, TextFinding]]:
    return [
        (
            mention.span.start,
            TextFinding(
                mention.observation, scopes.polarity(mention.span), own.laterality, own.locations, own.severity,
                past=scopes.past(mention.span), sentence=number, phrase=mention.span.of(text),
            ),
        )
        for mention, own in zip(named, around, strict=True)
    ]  # fmt: skip


def _of_regions(
    text: str, regions: list[RegionStatement], named: list[Mention], lexicon: Lexicon, number: int
) -> list[tuple[int, TextFinding]]:
    spans = [(statement.region.observation, statement.words) for statement in regions]
    around = attributes(text, spans, [mention.span for mention in named], lexicon)
    found = []
    for statement, own in zip(regions, around, strict=True):
        polarity = _opposite(statement.polarity) if statement.region.observation == NO_FINDING else statement.polarity
        severity = own.severity if polarity == "present" else "none"
        finding = TextFinding(
            statement.region.observation, polarity, own.laterality, (), severity,
            by_region=True, sentence=number, phrase=statement.words.of(text),
        )  # fmt: skip
        found.append((statement.words.start, finding))
    return found


def _opposite(polarity: TextPolarity) -> TextPolarity:
    return {"present": "absent", "absent": "present"}.get(polarity, "uncertain")  # type: ignore[return-value]


def _nothing_found(
    text: str, mentions: list[Mention], reader: RegionReader, scopes: Scopes, number: int
) -> list[tuple[int, TextFinding]]:
    """Return "No Finding" for "no acute abnormality", unless it is said of a region."""
    found = []
    for mention in mentions:
        span = mention.span
        denied = mention.observation == ABNORMALITY and scopes.polarity(span) == "absent"
        if denied and not reader.owns(span) and not reader.excepted(span):
            finding = TextFinding(NO_FINDING, "present", by_region=True, sentence=number, phrase=span.of(text))
            found.append((span.start, finding))
    return found
