"""A window carried from one image to another by the share of pixels that are darker than its ends."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from engine.dicom.grayscale import Window
from viewer.image.canvas import Canvas

EVERY = 2
"""Every so many rows and columns of the smallest copy of an image are counted."""
NARROWEST = 1e-3
"""Smallest width, as a share of the range of an image."""


@dataclass(frozen=True, eq=False)
class Ranks:
    """Which share of an image's pixels is darker than a value.

    Attributes
    ----------
    values : ndarray of float64, shape (n,)
        Brightness, rising: modality values, negated where high ones are shown dark.
    shares : ndarray of float64, shape (n,)
        From 0 at the darkest to 1 at the brightest.
    inverted : bool
        Whether values are negated.
    """

    values: npt.NDArray[np.float64]
    shares: npt.NDArray[np.float64]
    inverted: bool

    @classmethod
    def of(cls, values: npt.NDArray[np.floating], *, inverted: bool) -> Ranks:
        """Count the values of an image, of any shape."""
        found, counts = np.unique(-values if inverted else values, return_counts=True)
        span = np.ptp(found) or 1.0
        # Of equal pixels those at the dark end count as not darker, those at the bright end as darker: the ends are 0
        # and 1 whatever part of an image is black or white.
        shares = (np.cumsum(counts) - counts * (found[-1] - found) / span) / counts.sum()
        shares[0] = 0.0
        return cls(found.astype(np.float64), shares.astype(np.float64), inverted)

    @property
    def span(self) -> float:
        """From the darkest to the brightest."""
        return float(np.ptp(self.values)) or 1.0

    def share(self, value: float) -> float:
        """Return the share of darker pixels; beyond the ends it goes on by the share of the range."""
        bright = -value if self.inverted else value
        beyond = bright - min(max(bright, self.values[0]), self.values[-1])
        return float(np.interp(bright, self.values, self.shares) + beyond / self.span)

    def value(self, share: float) -> float:
        """Return the value than which this share of pixels is darker; the inverse of `share`."""
        beyond = share - min(max(share, 0.0), 1.0)
        bright = float(np.interp(share, self.shares, self.values) + beyond * self.span)
        return -bright if self.inverted else bright


def carried(window: Window, ranks: Ranks, to: Ranks) -> Window:
    """Return the window of another image between the same percentiles, with the same curve."""
    low, high = window.center - window.width / 2, window.center + window.width / 2
    a, b = sorted(to.value(ranks.share(end)) for end in (low, high))
    width = max(b - a, NARROWEST * to.span)
    return replace(window, center=(a + b) / 2, width=width, name="")


class RanksOfCanvases:
    """Counts the image of a canvas once."""

    def __init__(self) -> None:
        self._known: dict[Canvas, tuple[str, Ranks]] = {}

    def of(self, canvas: Canvas) -> Ranks | None:
        """Return the ranks of the image that a canvas shows; None without one."""
        radiograph, pyramid = canvas.radiograph, canvas.pyramid
        if radiograph is None or pyramid is None:
            return None
        known = self._known.get(canvas)
        if known is None or known[0] != radiograph.pixel_sha256:
            small = radiograph.grayscale.modality_values(pyramid.levels[-1][::EVERY, ::EVERY])
            known = radiograph.pixel_sha256, Ranks.of(small, inverted=radiograph.grayscale.inverted)
            self._known[canvas] = known
        return known[1]


def differ_in_depth(a: Canvas, b: Canvas) -> bool:
    """Whether two images have grey values of different depth (Bits Stored)."""
    if a.radiograph is None or b.radiograph is None:
        return False
    return a.radiograph.acquisition.bits_stored != b.radiograph.acquisition.bits_stored
