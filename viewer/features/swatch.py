"""The small button that shows a map's colour."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QWidget

from viewer.theme import palette


class Swatch(QAbstractButton):
    """A square of the map's colour; a click asks for another one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._colour = ""
        self.setFixedSize(self.sizeHint())

    def sizeHint(self) -> QSize:
        """As large as the switch beside it."""
        return QSize(16, 16)

    def set_colour(self, colour: str) -> None:
        """Show another colour (``#rrggbb``); empty is none yet."""
        self._colour = colour
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the square, framed while it has the keyboard."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(
            QPen(QColor(palette.ACCENT if self.hasFocus() else palette.BORDER if self._colour else palette.WEAK), 1.5)
        )
        painter.setBrush(QColor(self._colour) if self._colour else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 3, 3)
