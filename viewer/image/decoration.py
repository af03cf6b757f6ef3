"""Drawing of corner texts and side letters over the image, and the places they take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QPainter

from viewer.image.annotations import Corners, Edges
from viewer.image.strip import STRIP_HEIGHT
from viewer.theme import palette
from viewer.theme.wrap import wrapped

MARGIN, PLATE, EDGE = 12, 5, 2
MOST_LINES = 3
"""That a text of a corner takes; what has no room then is cut, and ends with a mark of it."""
TEXT_PX, LETTER_PX, LETTER_BOX, MARK_PX = 12, 20, 28, 14


@dataclass(frozen=True)
class Block:
    """Lines of a corner, as they fit, and the plate they stand on."""

    plate: QRectF
    lines: tuple[str, ...]
    flag: Qt.AlignmentFlag


def corner_blocks(font: QFont, area: QRect, texts: Corners) -> list[Block]:
    """Lay out the four blocks of corner text; what would reach beyond the middle of the window goes on below."""
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
        fitted = tuple(part for line in lines for part in _fitted(line, metrics, widest))
        width = max(metrics.horizontalAdvance(line) for line in fitted)
        x = area.width() - MARGIN - width if right else MARGIN
        # The lowest line stays clear of the strip.
        y = area.height() - STRIP_HEIGHT - 10.0 - height * len(fitted) if bottom else float(MARGIN)
        plate = QRectF(x, y, width, height * len(fitted)).adjusted(-PLATE, -2, PLATE, 2)
        blocks.append(Block(plate, fitted, Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft))
    return blocks


def _fitted(line: str, metrics: QFontMetrics, width: int) -> Sequence[str]:
    return (line,) if metrics.horizontalAdvance(line) <= width else wrapped(line, metrics, width, MOST_LINES)


class CornerTexts:
    """Draws corner texts; a block whose text is as before is not written again: that would cost more than the image."""

    def __init__(self) -> None:
        self._drawn: dict[tuple[object, ...], QImage] = {}

    def draw(self, painter: QPainter, blocks: Sequence[Block], ratio: float) -> None:
        """Draw each block on a plate through which the picture is still seen; `ratio` physical pixels are one."""
        before, self._drawn = self._drawn, {}
        font = _sized(painter.font(), TEXT_PX)
        for block in blocks:
            key = (block.lines, block.flag, block.plate.width(), block.plate.height(), font.key(), ratio)
            picture = before.get(key)
            self._drawn[key] = _block(block, font, ratio) if picture is None else picture
            painter.drawImage(block.plate.topLeft() - QPointF(EDGE, EDGE), self._drawn[key])


def _block(block: Block, font: QFont, ratio: float) -> QImage:
    """Draw one block with its plate; letters may reach beyond it by `EDGE`."""
    size = block.plate.size() + QSizeF(2 * EDGE, 2 * EDGE)
    picture = QImage((size * ratio).toSize(), QImage.Format.Format_ARGB32_Premultiplied)
    picture.fill(Qt.GlobalColor.transparent)
    picture.setDevicePixelRatio(ratio)
    painter = QPainter(picture)
    painter.setFont(font)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0, 105))
    plate = block.plate.translated(QPointF(EDGE, EDGE) - block.plate.topLeft())
    painter.drawRoundedRect(plate, 4, 4)
    height, inner = painter.fontMetrics().height() + 1, plate.adjusted(PLATE, 2, -PLATE, -2)
    for number, line in enumerate(block.lines):
        rect = QRectF(inner.left(), inner.top() + number * height, inner.width(), height)
        halo_text(painter, rect, block.flag | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextDontClip, line)
    painter.end()
    return picture


def edge_boxes(area: QRect, picture: QRectF) -> tuple[QRectF, QRectF, QRectF, QRectF]:
    """Return the places of the letters at the picture's left, right, top and bottom edge, inside the window."""
    half = LETTER_BOX / 2
    middle = area.height() / 2.0 - half
    x_left = max(picture.left(), 0.0) + 8
    x_right = min(picture.right(), float(area.width())) - 8 - LETTER_BOX
    centre = min(max(picture.center().x(), LETTER_BOX), area.width() - LETTER_BOX) - half
    y_top = max(picture.top(), 0.0) + 8
    y_bottom = min(picture.bottom(), float(area.height() - STRIP_HEIGHT)) - 8 - LETTER_BOX
    places = ((x_left, middle), (x_right, middle), (centre, y_top), (centre, y_bottom))
    left, right, top, bottom = (QRectF(x, y, LETTER_BOX, LETTER_BOX) for x, y in places)
    return left, right, top, bottom


def draw_edges(painter: QPainter, boxes: Sequence[QRectF], letters: Edges) -> None:
    """Draw the orientation letters."""
    painter.save()
    font = _sized(painter.font(), LETTER_PX)
    font.setBold(True)
    painter.setFont(font)
    for box, letter in zip(boxes, (letters.left, letters.right, letters.top, letters.bottom), strict=True):
        if letter:
            halo_text(painter, box, Qt.AlignmentFlag.AlignCenter, letter)
    painter.restore()


def mark_box(font: QFont, area: QRect, text: str) -> QRectF:
    """Return the place of the mark of a picture that is turned or mirrored: at the top, in the middle."""
    width = QFontMetrics(_sized(font, MARK_PX)).horizontalAdvance(text) * 1.15 + 24
    return QRectF((area.width() - width) / 2, MARGIN + LETTER_BOX, width, MARK_PX + 12)


def draw_mark(painter: QPainter, box: QRectF, text: str) -> None:
    """Draw the mark of a picture that does not lie as its file has it."""
    painter.save()
    font = _sized(painter.font(), MARK_PX)
    font.setBold(True)
    painter.setFont(font)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0, 150))
    painter.drawRoundedRect(box, 4, 4)
    halo_text(painter, box, Qt.AlignmentFlag.AlignCenter, text, palette.STRIP)
    painter.restore()


def halo_text(
    painter: QPainter, rect: QRectF, flags: Qt.AlignmentFlag | Qt.TextFlag, text: str, colour: str = palette.IMAGE_TEXT
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
