"""How the pictures of several panes lie to each other, and the view that shows the same place of another (no widget).

A picture's own coordinates have their origin in its middle and its height as unit, as it is turned on the screen. A
pane's coordinates are those shared by all panes times `scale` plus `(dx, dy)`.
"""

from __future__ import annotations

from dataclasses import dataclass

from viewer.image.view import MAX_SCALE, MIN_SCALE, View

Size = tuple[float, float]
"""Rows and columns of a picture, or height and width of a window in physical pixels."""


@dataclass(frozen=True)
class Alignment:
    """How a picture lies in the shared coordinates."""

    scale: float = 1.0
    dx: float = 0.0
    dy: float = 0.0


@dataclass(frozen=True)
class Shared:
    """What a pane shows: the place in its middle in shared coordinates, and screen pixels to one unit of them."""

    x: float
    y: float
    magnification: float


def _middle(view: View, picture: Size, window: Size) -> tuple[float, float]:
    """The picture's own coordinates of the place in the middle of the window."""
    column, row = view.to_image(window[1] / 2.0, window[0] / 2.0)
    return (column - picture[1] / 2.0) / picture[0], (row - picture[0] / 2.0) / picture[0]


def shared(view: View, picture: Size, window: Size, alignment: Alignment) -> Shared:
    """Return what a pane shows."""
    x, y = _middle(view, picture, window)
    return Shared(
        (x - alignment.dx) / alignment.scale,
        (y - alignment.dy) / alignment.scale,
        view.scale * picture[0] * alignment.scale,
    )


def view_of(seen: Shared, picture: Size, window: Size, alignment: Alignment) -> View:
    """Return the view by which another picture shows the same."""
    scale = min(MAX_SCALE, max(MIN_SCALE, seen.magnification / (picture[0] * alignment.scale)))
    column = picture[1] / 2.0 + picture[0] * (alignment.scale * seen.x + alignment.dx)
    row = picture[0] / 2.0 + picture[0] * (alignment.scale * seen.y + alignment.dy)
    return View(scale, window[1] / 2.0 - scale * column, window[0] / 2.0 - scale * row, fitted=False)


def aligned(view: View, picture: Size, window: Size, seen: Shared) -> Alignment:
    """Return how a picture lies if its view shows the same as what is seen elsewhere."""
    scale = seen.magnification / (view.scale * picture[0])
    x, y = _middle(view, picture, window)
    return Alignment(scale, x - scale * seen.x, y - scale * seen.y)
