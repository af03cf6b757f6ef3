"""A bar that shows a share, with an optional mark."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from viewer.theme import palette


def paint_share(painter: QPainter, whole: QRectF, share: float, colour: str) -> None:
    """Draw a bar of which `share` (0..1) is filled."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(palette.BORDER))
    painter.drawRoundedRect(whole, 3, 3)
    painter.setBrush(QColor(colour))
    painter.drawRoundedRect(QRectF(whole.left(), whole.top(), whole.width() * share, whole.height()), 3, 3)


class ShareBar(QWidget):
    """Draws `share` (0..1) of its width filled; `mark` is a thin line at another share, such as a threshold.

    `colour` is a name of the palette.
    """

    def __init__(
        self, share: float, colour: str = "ACCENT", mark: float | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.share, self.colour, self.mark = min(1.0, max(0.0, share)), colour, mark
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Wide as there is room, eight pixels high."""
        return QSize(80, 8)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the bar."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        whole = QRectF(0, self.height() / 2 - 3, self.width(), 6)
        paint_share(painter, whole, self.share, palette.named(self.colour))
        if self.mark is not None:
            painter.setPen(QPen(QColor(palette.TEXT), 1.5))
            x = whole.width() * self.mark
            painter.drawLine(int(x), 0, int(x), self.height())
