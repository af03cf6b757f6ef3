"""Does a rewritten sentence say what the original says, no more and no less?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from engine.text.extract import extract_findings
from engine.text.findings import TextFinding
from engine.text.lexicon import Lexicon, any_word, load_lexicon
from engine.text.repetition import cues_more_often, named_more_often

_WORD = re.compile(r"\w+(?:[.'’-]\w+)*")
# What may stand between words without a meaning of its own; "?" is a doubt, "+" and arrows are findings.
_MARK = re.compile(r"[^\w\s.,;:()'’–-]")

Statement = tuple[str, str, str, str, tuple[str, ...]]


@dataclass(frozen=True)
class Faithfulness:
    """What a rewriting changes.

    Attributes
    ----------
    lost, added : tuple of Statement
        Findings of the original that are gone, findings that are new: observation, polarity, laterality, severity,
        places. A finding whose side changed is in both.
    strange : tuple of str
        Words that neither the original has nor the lexicon knows: they may state what no rule finds. Also the words of
        an observation that is named once more, of one more denial or doubt, of a comparison with earlier images, and
        marks such as "?".
    """

    lost: tuple[Statement, ...]
    added: tuple[Statement, ...]
    strange: tuple[str, ...]

    @property
    def kept(self) -> bool:
        """Whether nothing changed."""
        return not (self.lost or self.added or self.strange)


def compare_rewriting(original: str, rewritten: str, lexicon: Lexicon | None = None) -> Faithfulness:
    """Compare a rewritten sentence with its original.

    The check would rather refuse a harmless sentence than let an unsupported one through: every word of the rewritten
    sentence must be one of the original's, one of a finding, a side, a severity, a place or a cue, whose meaning is
    compared, or one of the lexicon's empty words ("there", "seen"); and no observation is named more often.
    """
    words = lexicon or load_lexicon()
    before, after = (
        {_statement(finding) for finding in extract_findings(text, words)} for text in (original, rewritten)
    )
    return Faithfulness(
        tuple(sorted(before - after)), tuple(sorted(after - before)), tuple(_strange(original, rewritten, words))
    )


def _statement(finding: TextFinding) -> Statement:
    return (finding.observation, finding.polarity, finding.laterality, finding.severity, finding.locations)


def _strange(original: str, rewritten: str, lexicon: Lexicon) -> Iterator[str]:
    """Yield the words of a rewritten sentence for which nothing answers."""
    before, text = original.lower(), rewritten.lower()
    own = set(_WORD.findall(before))
    empty = any_word(lexicon.rewriting.empty)
    covered = [match.span() for pattern in lexicon.understood for match in pattern.finditer(text)]
    yield from named_more_often(before, text, lexicon)
    yield from cues_more_often(before, text, lexicon)
    yield from (mark for mark in _MARK.findall(text) if mark not in original)
    change = any_word(lexicon.rewriting.change)
    yield from (match.group() for match in change.finditer(text) if not change.search(before))
    for match in _WORD.finditer(text):
        answered = any(start <= match.start() and match.end() <= end for start, end in covered)
        if match.group() not in own and not answered and not empty.fullmatch(match.group()):
            yield match.group()
