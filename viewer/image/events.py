"""Hands Qt's events of the canvas on to what answers them: mouse, tool, painting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from viewer.image.tool import CanvasTool

if TYPE_CHECKING:
    from viewer.image.mouse import CanvasMouse
    from viewer.image.painting import Painting


class CanvasEvents(QWidget):
    """A widget whose events go to its mouse, its tool and its painting."""

    tool: CanvasTool | None = None
    """Asked before the canvas does something with the left button or a key; a class attribute, because Qt sends events
    while the widget is made."""
    led = Signal(bool)
    """The mouse moved or zoomed the picture; True if against those that it is linked with."""
    mouse: CanvasMouse
    painting: Painting

    def fit(self) -> None:
        """Show the whole image."""
        raise NotImplementedError

    def refit(self) -> None:
        """The window has other pixels now."""
        raise NotImplementedError

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Follow the window."""
        self.refit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw what is shown."""
        painter = QPainter(self)
        self.painting.paint(painter)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a click or a drag."""
        self.mouse.press(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag, or read the value under the mouse."""
        self.mouse.move(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a click or a drag."""
        self.mouse.release(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom, or turn to another image."""
        self.mouse.wheel(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Middle: show the whole image; else as a press."""
        if event.button() is Qt.MouseButton.MiddleButton:
            self.fit()
            self.led.emit(False)
        else:
            self.mouse.press(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Forget the value under the mouse."""
        self.mouse.leave()

    def event(self, event: QEvent) -> bool:
        """Let a tool have the keys it needs before they become shortcuts."""
        wanted = self.tool is not None and isinstance(event, QKeyEvent) and self.tool.wants(event)
        if wanted and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            # On another screen a window of the same size has more or fewer pixels.
            self.refit()
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Offer a key to the tool."""
        if self.tool is None or not self.tool.key(event):
            super().keyPressEvent(event)
