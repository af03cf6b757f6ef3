"""How far the findings of one text agree with those of another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.report.vocabulary import SIDES
from engine.text.extract import extract_findings
from engine.text.findings import TextFinding
from engine.text.lexicon import Lexicon, load_lexicon

BASE = 0.4
"""Credit for the observation with its polarity alone; side, severity and place share the rest evenly."""

_ORDER = {"small": 0, "moderate": 1, "large": 2}


@dataclass(frozen=True)
class Agreement:
    """Graded precision, recall and F1 of the findings of a candidate; 1 where neither text states any.

    Attributes
    ----------
    credit : float
        Sum over the pairs of findings that agree, 0..1 each.
    candidate, reference : int
        Number of findings.
    """

    credit: float
    candidate: int
    reference: int

    @property
    def precision(self) -> float:
        """Credit as a share of the candidate's findings."""
        return self.credit / self.candidate if self.candidate else float(not self.reference)

    @property
    def recall(self) -> float:
        """Credit as a share of the reference's findings."""
        return self.credit / self.reference if self.reference else float(not self.candidate)

    @property
    def f1(self) -> float:
        """Credit as a share of the mean number of findings."""
        total = self.candidate + self.reference
        return 2 * self.credit / total if total else 1.0


def compare_texts(candidate: str, reference: str, lexicon: Lexicon | None = None) -> Agreement:
    """Compare the findings of two texts; see `compare_findings`."""
    words = lexicon or load_lexicon()
    return compare_findings(extract_findings(candidate, words), extract_findings(reference, words), words)


def compare_findings(
    candidate: Sequence[TextFinding], reference: Sequence[TextFinding], lexicon: Lexicon | None = None
) -> Agreement:
    """Pair the findings of two texts, the best pairs first, each finding once.

    Only findings of one observation and one polarity are paired. A pair counts `BASE`, and the rest by how far
    laterality, severity and place agree: in full where both say the same or neither anything, half where one says
    nothing, by common parts where they overlap.
    """
    words = lexicon or load_lexicon()
    first, second = _unique(candidate), _unique(reference)
    pairs = sorted(
        ((agreement(a, b, words), -i, -j) for i, a in enumerate(first) for j, b in enumerate(second)), reverse=True
    )
    credit, left, right = 0.0, set(range(len(first))), set(range(len(second)))
    for value, i, j in pairs:
        if value > 0 and -i in left and -j in right:
            credit += value
            left.remove(-i)
            right.remove(-j)
    return Agreement(credit, len(first), len(second))


def agreement(first: TextFinding, second: TextFinding, lexicon: Lexicon) -> float:
    """Return how far two findings agree, 0..1; 0 unless observation and polarity are the same."""
    if (first.observation, first.polarity) != (second.observation, second.polarity):
        return 0.0
    parts = (
        _overlap(SIDES[first.laterality], SIDES[second.laterality]),
        _severities(first.severity, second.severity),
        _overlap(_larger(first, lexicon), _larger(second, lexicon)),
    )
    return BASE + (1 - BASE) * sum(parts) / len(parts)


def _unique(findings: Sequence[TextFinding]) -> list[TextFinding]:
    """Return the findings without those that a report repeats, in its impression for example."""
    seen = {(f.observation, f.polarity, f.laterality, f.locations, f.severity): f for f in reversed(findings)}
    return list(reversed(seen.values()))


def _larger(finding: TextFinding, lexicon: Lexicon) -> frozenset[str]:
    return frozenset(lexicon.larger(place) for place in finding.locations)


def _overlap(first: frozenset[str], second: frozenset[str]) -> float:
    if first == second:
        return 1.0
    if not first or not second:
        return 0.5
    return len(first & second) / len(first | second)


def _severities(first: str, second: str) -> float:
    if first == second:
        return 1.0
    if "none" in (first, second):
        return 0.5
    return 0.25 if abs(_ORDER[first] - _ORDER[second]) == 1 else 0.0
