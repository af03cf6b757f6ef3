"""Does a rewritten sentence say what the original says, no more and no less?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from engine.text.extract import extract_findings
from engine.text.findings import TextFinding
from engine.text.lexicon import Lexicon, any_word, load_lexicon
from engine.text.spans import find_mentions

_WORD = re.compile(r"[a-z0-9_]+(?:[.'’-][a-z0-9]+)*")

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
        an observation that is named once more.
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
    text = rewritten.lower()
    own = set(_WORD.findall(original.lower()))
    empty = any_word(lexicon.rewriting.empty)
    covered = [match.span() for pattern in lexicon.understood for match in pattern.finditer(text)]
    before = Counter(mention.observation for mention in find_mentions(original.lower(), lexicon))
    so_far = Counter[str]()
    for mention in find_mentions(text, lexicon):
        so_far[mention.observation] += 1
        if mention.observation and so_far[mention.observation] > max(before[mention.observation], 1):
            yield mention.span.of(text)
    for match in _WORD.finditer(text):
        answered = any(start <= match.start() and match.end() <= end for start, end in covered)
        if match.group() not in own and not answered and not empty.fullmatch(match.group()):
            yield match.group()
