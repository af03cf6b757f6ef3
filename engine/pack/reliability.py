"""How far the probabilities of a readout could be trusted on validation images: bins of stated against observed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

RELIABILITY_PLOT = "reliability.png"
"""The plot of these bins in a pack's folder, for people; the program reads the bins in ``pack.json``."""

Share = Annotated[float, Field(ge=0.0, le=1.0)]


class ReliabilityBin(BaseModel):
    """The validation images whose probability fell into one interval.

    Attributes
    ----------
    low, high : float
        The interval of probabilities, ``low <= p < high``; the last one includes 1.
    images, positives : int
        How many there are, and how many of them have the finding, each counted once.
    stated, observed : float
        Mean probability, and share with the finding. Both weigh an image as the calibration did.
    observed_low, observed_high : float
        95 % interval of `observed` (Wilson 1927, with Kish's effective number of the weighted images).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    low: Share
    high: Share
    images: Annotated[int, Field(ge=1)]
    positives: Annotated[int, Field(ge=0)]
    stated: Share
    observed: Share
    observed_low: Share
    observed_high: Share

    @model_validator(mode="after")
    def _ordered(self) -> ReliabilityBin:
        if not (self.low < self.high and self.positives <= self.images):
            raise ValueError("a bin's interval is empty, or it has more positives than images")
        if not self.observed_low <= self.observed <= self.observed_high:
            raise ValueError("the observed share lies outside its interval")
        return self


def outside(bins: Sequence[ReliabilityBin]) -> int:
    """Return in how many bins the mean probability lies outside the interval of what was observed."""
    return sum(not one.observed_low <= one.stated <= one.observed_high for one in bins)
