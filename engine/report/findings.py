"""A claim about the image, with the features it stands on (design §3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.pack.manifest import Laterality, Polarity, Section, Severity
from engine.report.vocabulary import NO_FINDING

Basis = Literal["", "features", "calibrated_absence"]


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
    basis : str
        What a denial, or a normal image, stands on besides its probability: features that say so ("features"), or the
        probability itself with features that speak of more than this observation ("calibrated_absence"). Empty for what
        is present, and in earlier drafts.
    """

    observation: str
    polarity: Polarity
    laterality: Laterality
    location: str
    severity: Severity
    section: Section
    probability: float
    evidence: tuple[int, ...]
    basis: Basis = ""

    def __post_init__(self) -> None:
        if not self.evidence:
            raise ValueError("a finding without evidence cannot be built")

    @property
    def has_place(self) -> bool:
        """Whether a heat map shows it: what is absent has no place, and a normal image none either."""
        return self.polarity == "present" and self.observation != NO_FINDING
