"""Modality values → values of interest between 0 and 1: windows and VOI LUTs (PS3.3 C.11.2)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from engine.dicom.lut import LookupTable

WindowFunction = Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"]
WINDOW_FUNCTIONS: tuple[WindowFunction, ...] = ("LINEAR", "LINEAR_EXACT", "SIGMOID")

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Window:
    """A window in modality values.

    Attributes
    ----------
    center, width : float
        Window Center and Window Width; the width is above zero.
    function : {"LINEAR", "LINEAR_EXACT", "SIGMOID"}
        VOI LUT Function.
    name : str
        Window Center & Width Explanation, empty when absent.

    Raises
    ------
    ValueError
        If the width is not above zero, a number is not finite or the function is unknown.
    """

    center: float
    width: float
    function: WindowFunction = "LINEAR"
    name: str = ""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.center) and math.isfinite(self.width)) or self.width <= 0.0:
            raise ValueError("a window needs a finite centre and a finite width above zero")
        if self.function not in WINDOW_FUNCTIONS:
            raise ValueError(f"unknown VOI LUT function {self.function!r}")

    @classmethod
    def between(cls, low: float, high: float, name: str = "") -> Window:
        """Return the window that shows ``low`` black and ``high`` white (LINEAR_EXACT)."""
        width = high - low
        # A constant image has no contrast to show: any width will do.
        return cls((low + high) / 2.0, width if width > 0.0 else 1.0, "LINEAR_EXACT", name)

    def apply(self, values: FloatArray) -> FloatArray:
        """Return values between 0 and 1.

        LINEAR is equation C.11-1 of PS3.3 C.11.2.1.2, LINEAR_EXACT C.11.2.1.3.2, SIGMOID C.11.2.1.3.1.
        A LINEAR width below 1, which the standard forbids but files hold (modality values that are small
        fractions), is read as LINEAR_EXACT; a LINEAR width of 1 is a threshold, as its equation says.
        """
        if self.function == "SIGMOID":
            # exp() saturates long before 500; the clip only keeps it from overflowing.
            return 1.0 / (1.0 + np.exp(np.clip(-4.0 * (values - self.center) / self.width, -500.0, 500.0)))
        if self.function == "LINEAR" and self.width >= 1.0:
            if self.width == 1.0:
                return (values > self.center - 0.5).astype(np.float64)
            return np.clip((values - (self.center - 0.5)) / (self.width - 1.0) + 0.5, 0.0, 1.0)
        return np.clip((values - self.center) / self.width + 0.5, 0.0, 1.0)


@dataclass(frozen=True, eq=False)
class VoiLut(LookupTable):
    """One item of the VOI LUT Sequence: its inputs are modality values, its outputs are scaled to 0..1 by its bits."""

    def apply(self, values: FloatArray) -> FloatArray:
        """Return values between 0 and 1."""
        return self.lookup(values) / self.top

    def as_window(self) -> Window:
        """Return the window over the inputs between which this table rises, to go on from by hand."""
        lowest, highest = int(self.table.min()), int(self.table.max())
        inside = np.flatnonzero((self.table > lowest) & (self.table < highest))
        if inside.size < 2:
            return Window.between(self.first, self.first + self.table.size - 1, self.name)
        return Window.between(self.first + int(inside[0]), self.first + int(inside[-1]), self.name)


Voi = Window | VoiLut
