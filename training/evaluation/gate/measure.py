"""Files through the engine, as `saerad analyse` does it, and what the input gate said of each."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scipy import stats

from engine.dicom.files import read_radiograph
from engine.errors import ReadError
from engine.inference.analyzer import Analyzer
from training.evaluation.gate.specimen import CHEST, Specimen

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Outcome:
    """What became of one file; `verdict` is ``unreadable``, with the reader's code, where no gate was asked."""

    specimen: Specimen
    verdict: str
    code: str


@dataclass
class Tally:
    """Outcomes of files of one kind.

    Attributes
    ----------
    passed, warned : int
        Analysed without and with a warning.
    refused : Counter
        By code, files that could not be opened among them.
    """

    passed: int = 0
    warned: int = 0
    refused: Counter[str] = field(default_factory=Counter)

    @property
    def n(self) -> int:
        """Number of files."""
        return self.passed + self.warned + self.refused.total()

    def add(self, outcome: Outcome) -> None:
        """Count one more."""
        if outcome.verdict == "suitable":
            self.passed += 1
        elif outcome.verdict == "warning":
            self.warned += 1
        else:
            self.refused[outcome.code] += 1

    def right(self, kind: str) -> int:
        """Number that went as it ought to: a chest analysed, with a warning or without; anything else refused."""
        return self.passed + self.warned if kind == CHEST else self.refused.total()


def wilson(count: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson 1927)."""
    found = stats.binomtest(count, n).proportion_ci(0.95, method="wilson")
    return float(found.low), float(found.high)


def measure(analyzer: Analyzer, specimens: Iterable[Specimen], progress: Progress) -> list[Outcome]:
    """Write each file where it is to be written, open and analyse it; nothing is left behind."""
    outcomes = []
    with tempfile.TemporaryDirectory() as scratch:
        for number, specimen in enumerate(specimens):
            progress(f"{number} {specimen.kind}")
            path = Path(scratch) / f"{number:06d}"
            file = specimen.file(path)
            outcomes.append(judge(analyzer, specimen, file))
            if file.parent == path.parent:
                file.unlink()
    return outcomes


def judge(analyzer: Analyzer, specimen: Specimen, file: Path) -> Outcome:
    """Open and analyse one file."""
    try:
        gate = analyzer.analyse(read_radiograph(file)).gate
    except ReadError as error:
        return Outcome(specimen, "unreadable", error.code)
    return Outcome(specimen, gate.verdict, gate.code)


def tallies(outcomes: Sequence[Outcome], *, by_origin: bool = False) -> dict[tuple[str, ...], Tally]:
    """Return counts by (kind, header, copies), and by origin too where wanted; kinds in the order they come in."""
    order = {kind: place for place, kind in enumerate(dict.fromkeys(o.specimen.kind for o in outcomes))}
    found: dict[tuple[str, ...], Tally] = {}
    for outcome in sorted(outcomes, key=lambda o: (order[o.specimen.kind], o.specimen.altered, not o.specimen.told)):
        s = outcome.specimen
        key = (s.kind, "told" if s.told else "silent", "altered" if s.altered else "as it is")
        found.setdefault((*key, s.origin) if by_origin else key, Tally()).add(outcome)
    return found
