"""A row of a list that can be selected, or linked to what is selected elsewhere."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QWidget

from viewer.theme import palette

Mark = Literal["selected", "linked", "none"]
BACKGROUND: dict[Mark, str] = {"selected": "SELECTED", "linked": "MARKED", "none": "PANEL"}
"""Names in the palette."""


class MarkedRow(QFrame):
    """Paints its own background, frame and left edge: quick, so that rows can be marked while a person clicks."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.mark: Mark = "none"
        self._edge = ""

    def set_mark(self, selected: bool, linked: bool) -> None:
        """Show the row as selected, as linked, or plain."""
        mark: Mark = "selected" if selected else "linked" if linked else "none"
        if mark != self.mark:
            self.mark = mark
            self.update()

    def set_edge(self, colour: str) -> None:
        """Colour of the left edge, by its name in the palette; empty takes the mark's."""
        self._edge = colour
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw background, frame when marked or focused, and edge."""
        painter = QPainter(self)
        area = QRectF(self.rect())
        painter.fillRect(area, QColor(palette.named(BACKGROUND[self.mark])))
        if self.mark != "none" or self.hasFocus():
            painter.setPen(QPen(QColor(palette.ACCENT), 1))
            painter.drawRect(area.adjusted(0.5, 0.5, -0.5, -0.5))
        edge = self._edge or ("ACCENT" if self.mark != "none" else "")
        if edge:
            painter.fillRect(QRectF(0, 0, 3, self.height()), QColor(palette.named(edge)))
