"""A radiograph at full, half, quarter… size, so that a frame touches about as many pixels as the screen has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Stored = npt.NDArray[np.integer]

SMALLEST = 256


@dataclass(frozen=True, eq=False)
class Pyramid:
    """Stored values at halving sizes.

    Attributes
    ----------
    levels : tuple of ndarray of int
        ``levels[k]`` has shape (ceil(rows / 2**k), ceil(columns / 2**k)) and the integer type of the file.
    """

    levels: tuple[Stored, ...]

    def level_for(self, scale: float, fast: bool = False) -> int:
        """Return the level to draw from.

        Parameters
        ----------
        scale : float
            Screen pixels an image pixel.
        fast : bool
            While dragging: the coarser of the two nearest levels, which has fewer pixels than the screen.
        """
        if scale >= 1.0:
            return 0
        exact = np.log2(1.0 / scale)
        wanted = int(np.ceil(exact - 0.25)) if fast else int(np.floor(exact + 1e-9))
        return min(max(wanted, 0), len(self.levels) - 1)


def build_pyramid(stored: Stored) -> Pyramid:
    """Average 2 by 2 pixels again and again; odd edges are averaged with themselves.

    Stored values are averaged, which equals averaging modality values for every linear rescale.
    """
    levels = [stored]
    while max(levels[-1].shape) > 2 * SMALLEST:
        levels.append(_halve(levels[-1]))
    return Pyramid(tuple(levels))


def _halve(image: Stored) -> Stored:
    rows, columns = image.shape
    if rows % 2 or columns % 2:
        image = np.pad(image, ((0, rows % 2), (0, columns % 2)), mode="edge")
    wide = np.int32 if image.dtype.itemsize <= 2 else np.int64
    total = np.add(image[0::2, 0::2], image[1::2, 0::2], dtype=wide)
    total += image[0::2, 1::2]
    total += image[1::2, 1::2]
    # Half a step up, so that the shift rounds: the picture would grow darker from level to level.
    total += 2
    half: Stored = (total >> 2).astype(image.dtype)
    return half
