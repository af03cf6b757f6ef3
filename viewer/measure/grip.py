"""Taking hold of a measurement by a handle, a line or its text, and moving it."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF

from engine.measure.shapes import Measurement, Point
from viewer.image.canvas import Canvas
from viewer.measure.hits import Hit, hit
from viewer.state.board import Board


class Grip:
    """What of a measurement is held with the button down.

    Attributes
    ----------
    moving : Measurement or None
        As it lies while it is moved; the board has it as it was until it is put down.
    plates : dict
        Where the texts stand, by the key of their measurement.
    """

    def __init__(self, board: Board) -> None:
        self.moving: Measurement | None = None
        self.plates: dict[str, QRectF] = {}
        self._board = board
        self._held: tuple[Hit, Point] | None = None

    @property
    def holds(self) -> bool:
        """Whether something is held."""
        return self._held is not None

    def forget(self) -> None:
        """Let go of everything, as it was."""
        self._held = self.moving = None

    def find(self, canvas: Canvas, place: QPointF) -> Hit | None:
        """Return what lies under a place of a canvas."""

        def to_screen(point: Point) -> Point:
            shown = canvas.widget_point(point)
            return shown.x(), shown.y()

        items = self._board.items
        found = hit(items, (place.x(), place.y()), to_screen, self._board.selected)
        if found is not None:
            return found
        plates = self.plates
        return next((Hit(i, None) for i in items if i.key in plates and plates[i.key].contains(place)), None)

    def take(self, found: Hit, start: Point) -> None:
        """Take hold of something at a point of the image."""
        self._held = found, start

    def move(self, point: Point) -> None:
        """Move what is held to a point of the image."""
        image = self._board.radiograph
        if self._held is None or image is None:
            return
        found, start = self._held
        if found.handle is not None:
            moved = found.item.with_handle(found.handle, point)
        else:
            moved = found.item.moved(point[0] - start[0], point[1] - start[1])
        self.moving = moved.within(image.columns, image.rows)

    def put_down(self) -> Measurement | None:
        """Let go; returns what was moved, as it lies now."""
        moved = self.moving
        self.forget()
        return moved
