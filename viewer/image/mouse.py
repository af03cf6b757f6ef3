"""What the mouse does on the canvas: window and level, pan, zoom, menu, next image."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent

from viewer.image.hand import Hand

if TYPE_CHECKING:
    from viewer.image.canvas import Canvas

DRAG_SLOP = 4
"""Pixels of the widget up to which a moved button is a click."""
WINDOW_SPEED = 0.004
NOTCH = 120
"""Of a wheel, in eighths of a degree (Qt's angle delta)."""
ZOOM_SPEED = 1.006
BUTTONS = (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton)


class CanvasMouse:
    """Follows the mouse over one canvas.

    Attributes
    ----------
    place : QPointF or None
        Where it is, in pixels of the widget; None outside, and while a button is held where it was before.
    cursor : tuple of int or None
        (column, row) of the image under it.
    dragged : bool
        Whether a button is held and was moved.
    beside : str
        What is being dragged on a canvas that this one follows: "window", "view" or nothing.
    """

    def __init__(self, canvas: Canvas) -> None:
        self.hand = Hand()
        self.place: QPointF | None = None
        self.cursor: tuple[int, int] | None = None
        self.dragged = False
        self.beside = ""
        self._canvas = canvas
        self._pressed: tuple[Qt.MouseButton, QPointF] | None = None
        self._last = QPointF()
        self._alone = False
        self._turned = 0

    @property
    def windowing(self) -> bool:
        """Whether window and level are being dragged."""
        own = self.dragged and self._pressed is not None and self._pressed[0] is Qt.MouseButton.LeftButton
        return (own and not self._alone) or self.beside == "window"

    @property
    def busy(self) -> bool:
        """Whether the picture changes with every movement, here or on a canvas that this one follows."""
        return self.dragged or bool(self.beside)

    def press(self, event: QMouseEvent) -> None:
        """Begin a click or a drag."""
        tool = self._canvas.tool
        if self._pressed is None and tool is not None and tool.press(event):
            return
        if self._pressed is None and event.button() in BUTTONS:
            self._pressed = (event.button(), event.position())
            self._alone = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._last, self.dragged = event.position(), False

    def move(self, event: QMouseEvent) -> None:
        """Window, move or zoom while a button is held; else read the value."""
        position, canvas = event.position(), self._canvas
        if self._pressed is None:
            self._move_cursor(position)
            if canvas.tool is not None:
                canvas.tool.move(event)
            return
        button, start = self._pressed
        if not self.dragged and math.hypot(position.x() - start.x(), position.y() - start.y()) < DRAG_SLOP:
            return
        self.dragged = True
        delta, self._last = position - self._last, position
        ratio = canvas.devicePixelRatioF()
        if button is Qt.MouseButton.LeftButton and not self._alone:
            down = -delta.y() if self.hand.down_is_brighter else delta.y()
            canvas.drag_window(delta.x(), down)
            canvas.windowed.emit(delta.x(), down)
        elif button is Qt.MouseButton.RightButton:
            canvas.set_view(canvas.view.zoom(ZOOM_SPEED ** (-delta.y()), start.x() * ratio, start.y() * ratio))
            canvas.led.emit(self._alone)
        else:
            canvas.set_view(canvas.view.pan(delta.x() * ratio, delta.y() * ratio))
            canvas.led.emit(self._alone)

    def release(self, event: QMouseEvent) -> None:
        """End a drag in full quality, or ask for the menu after a right click."""
        canvas = self._canvas
        if self._pressed is None and canvas.tool is not None and canvas.tool.release(event):
            return
        if self._pressed is None or event.button() is not self._pressed[0]:
            return
        clicked = not self.dragged
        self._pressed, self.dragged = None, False
        if clicked and event.button() is Qt.MouseButton.RightButton:
            canvas.menu_wanted.emit(event.globalPosition().toPoint())
        elif not clicked:
            canvas.painting.forget_gray()
            canvas.update()
            canvas.drag_ended.emit()

    def wheel(self, event: QWheelEvent) -> None:
        """Zoom at the mouse; with Shift the next or previous image, one for each notch."""
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            # Some systems turn a wheel with Shift into a horizontal one.
            self._turned += event.angleDelta().y() or event.angleDelta().x()
            notches = int(self._turned / NOTCH)
            self._turned -= notches * NOTCH
            if notches:
                self._canvas.step_wanted.emit(-notches)
            return
        ratio = self._canvas.devicePixelRatioF()
        turned = event.angleDelta().y() if self.hand.wheel_up_enlarges else -event.angleDelta().y()
        x, y = event.position().x() * ratio, event.position().y() * ratio
        self._canvas.set_view(self._canvas.view.zoom(1.0015**turned, x, y))
        self._canvas.led.emit(False)

    def leave(self) -> None:
        """Forget the value under the mouse."""
        self.cursor = self.place = None
        self._canvas.update()

    def forget(self) -> None:
        """Another image is shown: what was under the mouse means nothing there."""
        self.cursor = None

    def _move_cursor(self, position: QPointF) -> None:
        radiograph = self._canvas.radiograph
        if radiograph is None:
            return
        self.place = position
        column, row = (math.floor(v) for v in self._canvas.image_point(position))
        inside = 0 <= column < radiograph.columns and 0 <= row < radiograph.rows
        self.cursor = (column, row) if inside else None
        self._canvas.update()
