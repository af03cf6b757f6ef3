"""Drawing of corner texts and side letters over the image, and the places they take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter

from viewer.image.annotations import Corners, Edges
from viewer.image.strip import STRIP_HEIGHT
from viewer.theme.palette import IMAGE_TEXT

MARGIN, PLATE = 12, 5
TEXT_PX, LETTER_PX, LETTER_BOX = 12, 20, 28


@dataclass(frozen=True)
class Block:
    """Lines of a corner, as they fit, and the plate they stand on."""

    plate: QRectF
    lines: tuple[str, ...]
    flag: Qt.AlignmentFlag


def corner_blocks(font: QFont, area: QRect, texts: Corners) -> list[Block]:
    """Lay out the four blocks of corner text; a line never reaches beyond the middle of the window."""
    metrics = QFontMetrics(_sized(font, TEXT_PX))
    height, widest = metrics.height() + 1, area.width() // 2 - 2 * MARGIN
    blocks = []
    for lines, right, bottom in (
        (texts.top_left, False, False),
        (texts.top_right, True, False),
        (texts.bottom_left, False, True),
        (texts.bottom_right, True, True),
    ):
        if not lines:
            continue
        fitted = tuple(metrics.elidedText(line, Qt.TextElideMode.ElideRight, widest) for line in lines)
        width = max(metrics.horizontalAdvance(line) for line in fitted)
        x = area.width() - MARGIN - width if right else MARGIN
        # The lowest line stays clear of the strip.
        y = area.height() - STRIP_HEIGHT - 10.0 - height * len(lines) if bottom else float(MARGIN)
        plate = QRectF(x, y, width, height * len(lines)).adjusted(-PLATE, -2, PLATE, 2)
        blocks.append(Block(plate, fitted, Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft))
    return blocks


def draw_corners(painter: QPainter, blocks: Sequence[Block]) -> None:
    """Draw corner texts, each block on a plate through which the picture is still seen."""
    painter.save()
    painter.setFont(_sized(painter.font(), TEXT_PX))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    height = painter.fontMetrics().height() + 1
    for block in blocks:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, 105))
        painter.drawRoundedRect(block.plate, 4, 4)
        for number, line in enumerate(block.lines):
            inner = block.plate.adjusted(PLATE, 2, -PLATE, -2)
            rect = QRectF(inner.left(), inner.top() + number * height, inner.width(), height)
            halo_text(painter, rect, block.flag | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextDontClip, line)
    painter.restore()


def edge_boxes(area: QRect, left: float, right: float) -> tuple[QRectF, QRectF]:
    """Return the places of the orientation letters at the image's left and right edge, inside the window."""
    middle = area.height() / 2.0 - LETTER_BOX / 2
    x_left = max(left, 0.0) + 8
    x_right = min(right, float(area.width())) - 8 - LETTER_BOX
    return QRectF(x_left, middle, LETTER_BOX, LETTER_BOX), QRectF(x_right, middle, LETTER_BOX, LETTER_BOX)


def draw_edges(painter: QPainter, boxes: tuple[QRectF, QRectF], letters: Edges) -> None:
    """Draw the orientation letters."""
    painter.save()
    font = _sized(painter.font(), LETTER_PX)
    font.setBold(True)
    painter.setFont(font)
    for box, letter in zip(boxes, (letters.left, letters.right), strict=True):
        halo_text(painter, box, Qt.AlignmentFlag.AlignCenter, letter)
    painter.restore()


def halo_text(
    painter: QPainter, rect: QRectF, flags: Qt.AlignmentFlag | Qt.TextFlag, text: str, colour: str = IMAGE_TEXT
) -> None:
    """Text with a dark outline, readable on bone as on air."""
    painter.setPen(QColor(0, 0, 0, 200))
    for dx, dy in ((-1, 0), (1, 0), (0, -1), (0, 1), (1, 1)):
        painter.drawText(rect.translated(dx, dy), int(flags), text)
    painter.setPen(QColor(colour))
    painter.drawText(rect, int(flags), text)


def _sized(font: QFont, pixels: int) -> QFont:
    sized = QFont(font)
    sized.setPixelSize(pixels)
    sized.setBold(False)
    return sized
