"""The image turned by quarters and mirrored, and where its points and letters are then (no widget here)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from viewer.image.pyramid import Pyramid

Point = tuple[float, float]


@dataclass(frozen=True)
class Orientation:
    """First turned clockwise by quarters, then mirrored left to right.

    Attributes
    ----------
    quarters : int
        0 to 3.
    mirrored : bool
        Whether left and right changed places after turning.
    """

    quarters: int = 0
    mirrored: bool = False

    @property
    def plain(self) -> bool:
        """Whether the image lies as its file has it."""
        return not self.quarters and not self.mirrored

    def turned(self, quarters: int) -> Orientation:
        """Return it turned further, clockwise as seen on the screen."""
        # A mirrored picture that turns clockwise was turned the other way before the mirror.
        return Orientation((self.quarters + (-quarters if self.mirrored else quarters)) % 4, self.mirrored)

    def flipped(self, *, upside_down: bool = False) -> Orientation:
        """Return it mirrored left to right as seen on the screen, or top to bottom."""
        mirrored = Orientation(self.quarters, not self.mirrored)
        # Upside down is left to right and half a turn.
        return mirrored.turned(2) if upside_down else mirrored

    def size(self, rows: int, columns: int) -> tuple[int, int]:
        """Rows and columns of the picture as it is shown."""
        return (columns, rows) if self.quarters % 2 else (rows, columns)

    def to_shown(self, point: Point, rows: float, columns: float) -> Point:
        """Where a (column, row) of an image of this size lies in the picture as shown."""
        x, y = point
        for _ in range(self.quarters):
            x, y, rows, columns = rows - y, x, columns, rows
        return (columns - x, y) if self.mirrored else (x, y)

    def to_image(self, point: Point, rows: float, columns: float) -> Point:
        """The (column, row) of an image of this size that is shown at a place of the picture."""
        x, y = point
        if self.quarters % 2:
            rows, columns = columns, rows
        if self.mirrored:
            x = columns - x
        for _ in range(self.quarters):
            x, y, rows, columns = y, columns - x, columns, rows
        return x, y

    def direction_to_image(self, right: float, down: float) -> Point:
        """Columns and rows of the image that lead so far right and down in the picture as shown."""
        start, end = self.to_image((0.0, 0.0), 0.0, 0.0), self.to_image((right, down), 0.0, 0.0)
        return end[0] - start[0], end[1] - start[1]

    def array(self, values: npt.NDArray[np.integer]) -> npt.NDArray[np.integer]:
        """Return an image's values as they are shown, without copying."""
        turned = np.rot90(values, -self.quarters)
        return turned[:, ::-1] if self.mirrored else turned

    def pyramid(self, pyramid: Pyramid) -> Pyramid:
        """Return a pyramid of the picture as shown, without copying."""
        return pyramid if self.plain else Pyramid(tuple(self.array(level) for level in pyramid.levels))

    def edges(self, letters: tuple[str, str, str, str]) -> tuple[str, str, str, str]:
        """Return what stands at the left, top, right and bottom edge, of what does in the file's own picture."""
        turn = self.quarters
        left, top, right, bottom = (letters[(place - turn) % 4] for place in range(4))
        return (right, top, left, bottom) if self.mirrored else (left, top, right, bottom)


UPRIGHT = Orientation()
"""As the file has it."""
