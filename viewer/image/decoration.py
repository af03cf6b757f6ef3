"""Drawing of text, letters and legend over the image."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QLinearGradient, QPainter

from viewer.image.annotations import Corners, Edges
from viewer.theme.palette import IMAGE_TEXT, MUTED

MARGIN = 12
LEGEND_WIDTH = 260
RAMP_WIDTH = 56


def halo_text(painter: QPainter, rect: QRectF, flags: Qt.AlignmentFlag, text: str, colour: str = IMAGE_TEXT) -> None:
    """Text with a dark outline, readable on bone as on air."""
    painter.setPen(QColor(0, 0, 0, 200))
    for dx, dy in ((-1, 0), (1, 0), (0, -1), (0, 1), (1, 1)):
        painter.drawText(rect.translated(dx, dy), flags, text)
    painter.setPen(QColor(colour))
    painter.drawText(rect, flags, text)


def draw_corners(painter: QPainter, area: QRect, texts: Corners) -> None:
    """Draw the four blocks of corner text."""
    font = QFont(painter.font())
    font.setPixelSize(12)
    painter.setFont(font)
    height = painter.fontMetrics().height() + 1
    left, right = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
    for lines, flag, bottom in (
        (texts.top_left, left, False),
        (texts.top_right, right, False),
        (texts.bottom_left, left, True),
        (texts.bottom_right, right, True),
    ):
        # The lowest line stays clear of the strip.
        y = area.height() - 34.0 - height * len(lines) if bottom else float(MARGIN)
        for number, line in enumerate(lines):
            rect = QRectF(MARGIN, y + number * height, area.width() - 2 * MARGIN, height)
            halo_text(painter, rect, flag | Qt.AlignmentFlag.AlignVCenter, line)


def draw_edges(painter: QPainter, area: QRect, letters: Edges, left: float, right: float) -> None:
    """Draw the orientation letters at the left and right edge of the image, inside the window."""
    font = QFont(painter.font())
    font.setPixelSize(20)
    font.setBold(True)
    painter.setFont(font)
    middle = area.height() / 2.0 - 14
    x_left, x_right = max(left, 0.0) + 8, min(right, float(area.width())) - 36
    halo_text(painter, QRectF(x_left, middle, 28, 28), Qt.AlignmentFlag.AlignCenter, letters.left)
    halo_text(painter, QRectF(x_right, middle, 28, 28), Qt.AlignmentFlag.AlignCenter, letters.right)


def draw_legend(painter: QPainter, area: QRect, rows: Sequence[tuple[str, str]], method: str, scale: str) -> None:
    """Draw the legend below the study's text: a ramp and a name for each map, the scale, the method."""
    font = QFont(painter.font())
    font.setPixelSize(11)
    font.setBold(False)
    painter.setFont(font)
    metrics = painter.fontMetrics()
    line = metrics.height() + 3
    box = QRectF(area.width() - LEGEND_WIDTH - MARGIN, 92.0, LEGEND_WIDTH, line * (len(rows) + 2) + 12)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(12, 14, 18, 190))
    painter.drawRoundedRect(box, 4, 4)
    inner = box.adjusted(8, 6, -8, -6)
    y = inner.top()
    for colour, label in rows:
        ramp = QLinearGradient(QPointF(inner.left(), 0), QPointF(inner.left() + RAMP_WIDTH, 0))
        for step in range(9):
            shade = QColor(colour)
            shade.setAlphaF((step / 8) ** 0.5)
            ramp.setColorAt(step / 8, shade)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QBrush(ramp))
        painter.drawRect(QRectF(inner.left(), y + 2, RAMP_WIDTH, line - 6))
        room = inner.width() - RAMP_WIDTH - 8
        text = metrics.elidedText(label, Qt.TextElideMode.ElideRight, int(room))
        painter.setPen(QColor(IMAGE_TEXT))
        painter.drawText(QRectF(inner.right() - room, y, room, line), Qt.AlignmentFlag.AlignLeft, text)
        y += line
    painter.setPen(QColor(MUTED))
    for text in (scale, method):
        fitted = metrics.elidedText(text, Qt.TextElideMode.ElideRight, int(inner.width()))
        painter.drawText(QRectF(inner.left(), y, inner.width(), line), Qt.AlignmentFlag.AlignLeft, fitted)
        y += line
