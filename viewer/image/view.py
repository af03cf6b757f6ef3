"""Where the image lies on the screen: scale and offset, and the moves that change them (no widget here)."""

from __future__ import annotations

from dataclasses import dataclass, replace

MIN_SCALE, MAX_SCALE = 0.02, 32.0


@dataclass(frozen=True)
class View:
    """Screen = offset + scale * image, in physical screen pixels; (0, 0) is the image's top left corner.

    Attributes
    ----------
    scale : float
        Screen pixels an image pixel.
    fitted : bool
        Whether the image follows the size of the window.
    """

    scale: float = 1.0
    x: float = 0.0
    y: float = 0.0
    fitted: bool = True

    def to_screen(self, column: float, row: float) -> tuple[float, float]:
        """Screen position of a point of the image."""
        return self.x + self.scale * column, self.y + self.scale * row

    def to_image(self, x: float, y: float) -> tuple[float, float]:
        """(column, row) under a screen position; pixel (i, j) covers [i, i+1) by [j, j+1)."""
        return (x - self.x) / self.scale, (y - self.y) / self.scale

    def pan(self, dx: float, dy: float) -> View:
        """Move the image by screen pixels."""
        return replace(self, x=self.x + dx, y=self.y + dy, fitted=False)

    def zoom(self, factor: float, x: float, y: float) -> View:
        """Scale around a screen position, which keeps showing the same place of the image."""
        scale = min(MAX_SCALE, max(MIN_SCALE, self.scale * factor))
        column, row = self.to_image(x, y)
        return View(scale, x - scale * column, y - scale * row, fitted=False)

    def on_pixels(self) -> View:
        """Move the image by less than a pixel, so that at 1:1 each of its pixels is one of the screen's."""
        return replace(self, x=float(round(self.x)), y=float(round(self.y)))


def fit(rows: int, columns: int, width: float, height: float) -> View:
    """Return the view that shows the whole image, centred, in a window of `width` by `height`."""
    scale = min(width / columns, height / rows)
    scale = min(MAX_SCALE, max(MIN_SCALE, scale))
    return View(scale, (width - scale * columns) / 2.0, (height - scale * rows) / 2.0, fitted=True)
