"""The grayscale pipeline: stored → modality → VOI → presentation (PS3.3 C.11, PS3.4 N.2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from engine.dicom.lut import LookupTable
from engine.dicom.modality import Modality
from engine.dicom.voi import FloatArray, Voi, VoiLut, Window, WindowFunction

__all__ = ["Grayscale", "LookupTable", "Modality", "Voi", "VoiLut", "Window", "WindowFunction"]

FloatImage = npt.NDArray[np.float32]
Stored = npt.NDArray[np.integer]

# A table is quicker and more exact than arithmetic on every pixel, as long as it is much smaller than an image.
_TABLE_LIMIT = 1 << 17


@dataclass(frozen=True)
class Grayscale:
    """How the stored values of one image become grey levels.

    Attributes
    ----------
    modality : Modality
        Rescale or Modality LUT.
    voi : tuple of Window or VoiLut
        What the file offers, in its order: VOI LUTs first, then windows. May be empty.
    inverted : bool
        True when low values are shown white (MONOCHROME1 or Presentation LUT Shape INVERSE).
    stored_range : tuple of int
        Smallest and largest stored value that occur in the image.
    automatic : Window or None
        Window chosen from the image's own values, used where the file has none.
    presentation : LookupTable or None
        Presentation LUT over the VOI output; it fixes the polarity by itself.
    """

    modality: Modality = field(default_factory=Modality)
    voi: tuple[Voi, ...] = ()
    inverted: bool = False
    stored_range: tuple[int, int] = (0, 65535)
    automatic: Window | None = None
    presentation: LookupTable | None = None

    @property
    def default_voi(self) -> Voi:
        """What is shown first: the file's first LUT or window, else the automatic window, else the full range."""
        if self.voi:
            return self.voi[0]
        return self.automatic or self.full_range()

    @property
    def window_range(self) -> tuple[float, float]:
        """Smallest and largest modality value of the stored values from the smallest to the largest that occur."""
        low, high = self.stored_range
        if self.modality.lut is None:
            ends = self.modality.apply(np.array([low, high], dtype=np.float64))
        else:
            ends = self.modality.apply(np.arange(low, high + 1, dtype=np.float64))
        return float(ends.min()), float(ends.max())

    def full_range(self) -> Window:
        """Return the window from the smallest to the largest modality value."""
        low, high = self.window_range
        return Window.between(low, high, "full range")

    def modality_values(self, stored: Stored) -> FloatImage:
        """Return modality values: float32, the shape of `stored`."""
        return _map(stored, self.modality.apply)

    def apply(self, stored: Stored, voi: Voi | None = None, invert: bool = False) -> FloatImage:
        """Return what is displayed.

        Parameters
        ----------
        stored : ndarray of int
            Stored values of any shape.
        voi : Window or VoiLut, optional
            None takes `default_voi`.
        invert : bool
            Turn black and white round, on top of the file's own polarity.

        Returns
        -------
        ndarray of float32
            0 black to 1 white (P-values), the shape of `stored`.
        """
        chosen = self.default_voi if voi is None else voi
        return _map(stored, lambda values: self._shown(values, chosen, invert))

    def table(self, voi: Voi | None = None, invert: bool = False) -> tuple[int, npt.NDArray[np.uint8]]:
        """Return ``(first, table)`` such that the displayed grey level of a pixel is ``table[stored - first]``.

        The table covers the stored values that occur; it is what changes while a window is dragged.
        """
        low, high = self.stored_range
        values = np.arange(low, high + 1, dtype=np.float64)
        shown = self._shown(values, self.default_voi if voi is None else voi, invert)
        return low, np.rint(shown * 255.0).astype(np.uint8)

    def _shown(self, stored: FloatArray, voi: Voi, invert: bool) -> FloatArray:
        shown = voi.apply(self.modality.apply(stored))
        if self.presentation is not None:
            # Its input range is the whole output range of the VOI step (PS3.3 C.11.4).
            shown = self.presentation.lookup(shown * (self.presentation.table.size - 1)) / self.presentation.top
        return 1.0 - shown if self.inverted != invert else shown


def _map(stored: Stored, function: Callable[[FloatArray], FloatArray]) -> FloatImage:
    """Apply an element-wise function through a table of the values that the integer type can hold or that occur."""
    if stored.size == 0:
        return np.zeros(stored.shape, dtype=np.float32)
    if stored.dtype.itemsize <= 2:
        limits = np.iinfo(stored.dtype)
        low, high = int(limits.min), int(limits.max)
    else:
        low, high = int(stored.min()), int(stored.max())
        if high - low >= _TABLE_LIMIT:
            return function(stored.astype(np.float64)).astype(np.float32)
    table = function(np.arange(low, high + 1, dtype=np.float64)).astype(np.float32)
    if stored.dtype.kind == "u" and low == 0:
        return table[stored]
    return table[stored.astype(np.int64) - low]
