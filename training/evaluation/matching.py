"""Compare the findings of a draft with the truth of a phantom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from engine.report.findings import Finding
from engine.report.vocabulary import MIDLINE, NO_FINDING, implies
from engine.text.findings import TextFinding
from training.data.phantom.types import PhantomFinding
from training.encoder.truth import open_observations
from training.labelling.cases import DEVICES

Key = tuple[str, str]
"""Observation and, for devices, the device's name."""


@dataclass(frozen=True)
class Stated:
    """A finding that is stated as present, or true: what and on which sides.

    ``sided`` says whether a side belongs to it at all.
    """

    key: Key
    sides: frozenset[str]

    @property
    def name(self) -> str:
        """Name for tables."""
        return self.key[1] or self.key[0]


@dataclass
class Counts:
    """True positives, false positives, false negatives."""

    hits: int = 0
    extra: int = 0
    missed: int = 0

    def add(self, other: Counts) -> None:
        """Add the counts of another image."""
        self.hits += other.hits
        self.extra += other.extra
        self.missed += other.missed

    @property
    def precision(self) -> float:
        """Share of stated findings that are true; NaN without any."""
        total = self.hits + self.extra
        return self.hits / total if total else float("nan")

    @property
    def recall(self) -> float:
        """Share of true findings that are stated; NaN without any."""
        total = self.hits + self.missed
        return self.hits / total if total else float("nan")

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; NaN without any finding."""
        total = 2 * self.hits + self.extra + self.missed
        return 2 * self.hits / total if total else float("nan")


@dataclass
class Comparison:
    """Counts over images, in all and by finding, without and with the side."""

    presence: Counts = field(default_factory=Counts)
    with_side: Counts = field(default_factory=Counts)
    by_name: dict[str, Counts] = field(default_factory=dict)

    def add(self, stated: Sequence[Stated], truth: Sequence[Stated]) -> None:
        """Compare one image.

        A stated finding that a true one implies (an opacity where a consolidation is), or whose truth the true ones
        leave open (a pneumonia behind it), is neither right nor wrong. With
        the side, a finding on other sides than the true ones is both an extra and a missed one.
        """
        true = {item.key: item for item in truth}
        left_open = open_observations({key[0] for key in true})
        given = {item.key: item for item in stated if item.key[0] not in left_open}
        for key, item in given.items():
            if key in true:
                right = not true[key].sides or true[key].sides == item.sides
                self._count(item.name, Counts(hits=1), Counts(hits=1) if right else Counts(extra=1, missed=1))
            elif not any(implies(other[0], key[0]) for other in true if not key[1]):
                self._count(item.name, Counts(extra=1), Counts(extra=1))
        for key, item in true.items():
            if key not in given:
                self._count(item.name, Counts(missed=1), Counts(missed=1))

    def _count(self, name: str, presence: Counts, with_side: Counts) -> None:
        self.presence.add(presence)
        self.with_side.add(with_side)
        self.by_name.setdefault(name, Counts()).add(presence)


def truth_of(findings: Iterable[PhantomFinding]) -> list[Stated]:
    """Return the truth of a phantom, several findings of one kind as one with all their sides."""
    sides: dict[Key, frozenset[str]] = {}
    for finding in findings:
        key = (finding.observation, finding.device)
        # A device is named by what it is; which side its tip lies on is not asked for.
        own = frozenset() if finding.device or finding.observation in MIDLINE else frozenset(finding.sides)
        sides[key] = sides.get(key, frozenset()) | own
    return [Stated(key, value) for key, value in sides.items()]


def stated_by(findings: Iterable[Finding]) -> list[Stated]:
    """Return what a draft states as present; "No Finding" is not counted."""
    sides: dict[Key, frozenset[str]] = {}
    for finding in findings:
        if finding.polarity != "present" or finding.observation == NO_FINDING:
            continue
        key = (finding.observation, finding.location if finding.observation == DEVICES else "")
        sides[key] = sides.get(key, frozenset()) | sides_of(finding.laterality)
    return [Stated(key, value) for key, value in sides.items()]


def stated_in(findings: Iterable[TextFinding]) -> list[Stated]:
    """Return what a text states as present or suspects; "No Finding" is not counted."""
    sides: dict[Key, frozenset[str]] = {}
    for finding in findings:
        if finding.polarity == "absent" or finding.observation == NO_FINDING:
            continue
        key = key_of(finding)
        own = frozenset() if key[1] or key[0] in MIDLINE else sides_of(finding.laterality)
        sides[key] = sides.get(key, frozenset()) | own
    return [Stated(key, value) for key, value in sides.items()]


def key_of(finding: TextFinding) -> Key:
    """Return what a finding of a text is of: a device's name is its place there."""
    return finding.observation, finding.locations[0] if finding.observation == DEVICES and finding.locations else ""


def sides_of(laterality: str) -> frozenset[str]:
    """Return the sides that a laterality names."""
    return {
        "left": frozenset({"left"}),
        "right": frozenset({"right"}),
        "bilateral": frozenset({"left", "right"}),
    }.get(laterality, frozenset())
