"""Stored values → modality values: Rescale Slope and Intercept, or a Modality LUT (PS3.3 C.11.1)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.dicom.lut import LookupTable


@dataclass(frozen=True)
class Modality:
    """The first step of the grayscale pipeline.

    Attributes
    ----------
    slope, intercept : float
        ``modality = stored * slope + intercept``; the slope may be negative, not zero.
    lut : LookupTable or None
        Modality LUT; where there is one, slope and intercept are not used.
    unit : str
        Rescale Type or Modality LUT Type, such as ``US`` (unspecified) or ``OD``.
    """

    slope: float = 1.0
    intercept: float = 0.0
    lut: LookupTable | None = None
    unit: str = ""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.slope) and math.isfinite(self.intercept)) or self.slope == 0.0:
            raise ValueError("rescale slope and intercept must be finite and the slope not zero")

    def apply(self, stored: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the modality values of stored values."""
        if self.lut is not None:
            return self.lut.lookup(stored)
        return stored * self.slope + self.intercept
