"""Side, place and severity of a finding, from the words around it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.pack.manifest import Laterality, Severity
from engine.report.vocabulary import DEVICES, SECTIONS, laterality_of
from engine.text.lexicon import Grammar, Lexicon
from engine.text.spans import Span

_SHARING = ("lungs", "pleura")
_SHARING_OPEN = frozenset(
    {"Costophrenic Blunting", "Aspiration", "Granuloma", "Volume Loss", "Bronchiectasis", "Contusion"}
)


@dataclass(frozen=True)
class Attributes:
    """What is said of a finding besides its presence, as in `TextFinding`."""

    laterality: Laterality = "none"
    locations: tuple[str, ...] = ()
    severity: Severity = "none"

    @property
    def placed(self) -> bool:
        """Whether a side or a place is said."""
        return self.laterality != "none" or bool(self.locations)


def attributes(
    text: str, named: Sequence[tuple[str, Span]], others: Sequence[Span], lexicon: Lexicon
) -> list[Attributes]:
    """Return the attributes of every finding of a sentence in lower case.

    Of a finding in the lungs or the pleura that has no place of its own, the place is that of the one it is joined to:
    "left effusion with adjacent atelectasis", "atelectasis and effusion at the left base".

    Parameters
    ----------
    named : sequence of (str, Span)
        Observation and where it is named, in order.
    others : sequence of Span
        Where something else is said; words beyond are not the finding's.
    """
    stops = sorted([*others, *(span for _, span in named)], key=lambda span: span.start)
    grammar = lexicon.grammar
    windows = [_windows(text, span, stops, grammar) for _, span in named]
    found = [
        _read(observation, span.of(text), before, after, lexicon)
        for (observation, span), (before, after) in zip(named, windows, strict=True)
    ]
    for i in range(1, len(found)):
        # "A left nodule or mass at the base": two words for one finding.
        if named[i - 1][0] == named[i][0] and re.fullmatch(
            grammar.only_joined, text[named[i - 1][1].end : named[i][1].start]
        ):
            found[i - 1], found[i] = _filled(found[i - 1], found[i]), _filled(found[i], found[i - 1])
    for i in range(1, len(found)):
        gap = text[named[i - 1][1].end : named[i][1].start]
        if not found[i].placed and _share(named, i) and _linked(gap, grammar):
            found[i] = _placed_as(found[i], found[i - 1])
    for i in reversed(range(len(found) - 1)):
        gap = text[named[i][1].end : named[i + 1][1].start]
        if not found[i].placed and _share(named, i + 1) and re.fullmatch(grammar.only_joined, gap):
            found[i] = _placed_as(found[i], found[i + 1])
    return found


def _linked(gap: str, grammar: Grammar) -> bool:
    joined = not gap.strip() or re.search(grammar.link, gap) is not None
    return joined and not re.search(grammar.denial, gap)


def _share(named: Sequence[tuple[str, Span]], i: int) -> bool:
    return all(
        SECTIONS.get(observation) in _SHARING or observation in _SHARING_OPEN for observation, _ in named[i - 1 : i + 1]
    )


def _filled(own: Attributes, other: Attributes) -> Attributes:
    """Return attributes with what they lack taken from others."""
    return Attributes(
        own.laterality if own.laterality != "none" else other.laterality,
        own.locations or other.locations,
        own.severity if own.severity != "none" else other.severity,
    )


def _placed_as(own: Attributes, other: Attributes) -> Attributes:
    return replace(own, laterality=other.laterality, locations=other.locations)


def _windows(text: str, span: Span, stops: Sequence[Span], grammar: Grammar) -> tuple[str, str]:
    """Return the words before and after a finding that may be said of it."""
    start = max((stop.end for stop in stops if stop.end <= span.start), default=0)
    end = min((stop.start for stop in stops if stop.start >= span.end), default=len(text))
    before = text[start : span.start]
    if cut := re.match(grammar.left_cut, before, re.DOTALL):
        before = before[cut.end() :]
    elif start and (joined := re.search(grammar.and_other, before)):
        # After another finding "and" begins a new one; before the first it joins adjectives: "patchy and linear".
        before = before[joined.end() :]
    after = text[span.end : end]
    # Before another finding "and the left ..." is that one's.
    joint = grammar.joint if end < len(text) else grammar.and_other
    cuts = [match.start() for pattern in (grammar.right_cut, joint) if (match := re.search(pattern, after))]
    return before, after[: min(cuts, default=len(after))]


def _read(observation: str, phrase: str, before: str, after: str, lexicon: Lexicon) -> Attributes:
    around = f"{before} {phrase} {after}"
    sides = {side for side, pattern in lexicon.side_words if pattern.search(around)}
    if "bilateral" in sides:
        sides = {"left", "right"}
    if observation == DEVICES:
        device = next((name for name, pattern in lexicon.device_words if pattern.fullmatch(phrase)), "")
        return Attributes(laterality_of(sides), (device,) if device else (), "none")
    severity = _severity(before, lexicon) or _severity(phrase, lexicon) or _severity(after, lexicon) or "none"
    places = tuple(sorted(name for name, pattern in lexicon.places if pattern.search(around)))
    return Attributes(laterality_of(sides), places, severity)


def words_said(text: str, lexicon: Lexicon) -> Attributes:
    """Return side, places and severity of a sentence in lower case that names no finding."""
    return _read("", "", "", text, lexicon)


def _severity(words: str, lexicon: Lexicon) -> Severity | None:
    """Return the severity that is said last, nearest to the finding that follows."""
    found: list[tuple[int, int, Severity]] = [
        (match.end(), match.end() - match.start(), name)
        for name, pattern in lexicon.severity_words
        for match in pattern.finditer(words)
    ]
    return max(found)[2] if found else None
