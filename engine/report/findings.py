"""A claim about the image, with the features it stands on (design §3)."""

from __future__ import annotations

from dataclasses import dataclass

from engine.pack.manifest import Laterality, Polarity, Section, Severity
from engine.report.vocabulary import NO_FINDING


@dataclass(frozen=True)
class Finding:
    """One claim.

    Attributes
    ----------
    observation : str
        One of the 14 CheXpert names or an open name.
    location : str
        Free anatomical location, for example "lower zone"; a device's name for Support Devices.
    probability : float
        Calibrated probability that the observation is present, 0..1.
    evidence : tuple of int
        Feature ids; never empty.
    """

    observation: str
    polarity: Polarity
    laterality: Laterality
    location: str
    severity: Severity
    section: Section
    probability: float
    evidence: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.evidence:
            raise ValueError("a finding without evidence cannot be built")

    @property
    def has_place(self) -> bool:
        """Whether a heat map shows it: what is absent has no place, and a normal image none either."""
        return self.polarity == "present" and self.observation != NO_FINDING
