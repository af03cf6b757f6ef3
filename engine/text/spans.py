"""Stretches of a sentence: where a finding is named, and where a clause begins and ends."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass

from engine.text.lexicon import Lexicon, any_word

# The full stops of "v. a." and "ggf." end nothing.
_STOP = re.compile(r";(?=\s|$)|(?<!\b[a-z])(?<!\bggf)(?<!\bevtl)(?<!\bbzw)\.(?=\s|$)| - |\(|\)")


@dataclass(frozen=True)
class Span:
    """Characters ``start`` to ``end`` (exclusive) of a sentence in lower case."""

    start: int
    end: int

    def within(self, other: Span) -> bool:
        """Whether it lies in another."""
        return other.start <= self.start and self.end <= other.end

    def of(self, text: str) -> str:
        """Return the text it covers."""
        return text[self.start : self.end]


@dataclass(frozen=True)
class Mention:
    """An observation named in a sentence."""

    observation: str
    span: Span


def find_mentions(text: str, lexicon: Lexicon) -> list[Mention]:
    """Return the observations named in a sentence in lower case, in order; "" for phrases that only look like one.

    Of phrases that overlap the longest counts, of equally long ones the first of the lexicon.
    """
    found = [
        (name, Span(*match.span()))
        for name, pattern in lexicon.mentions
        for match in pattern.finditer(text)
        if match.end() > match.start()
    ]
    found.sort(key=lambda item: item[1].start - item[1].end)
    kept: list[tuple[str, Span]] = []
    for name, span in found:
        if all(span.end <= other.start or span.start >= other.end for _, other in kept):
            kept.append((name, span))
    return [Mention(name, span) for name, span in sorted(kept, key=lambda item: item[1].start)]


def clauses(text: str, lexicon: Lexicon) -> list[Span]:
    """Return the clauses of a sentence: cues of denial and doubt reach no further than one."""
    ends = any_word(lexicon.scope.ends)
    cuts = sorted({0, len(text), *(m.start() for m in ends.finditer(text)), *(m.end() for m in _STOP.finditer(text))})
    return [Span(start, end) for start, end in itertools.pairwise(cuts)]


def clause_of(span: Span, parts: Iterable[Span]) -> Span:
    """Return the clause in which a stretch begins."""
    return next(part for part in parts if part.start <= span.start < part.end)
