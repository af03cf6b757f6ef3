"""Measurements drawn over the image, in pixels of the widget, so that lines and letters are sharp at any zoom."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen, QPolygonF

from engine.measure.geometry import Scale, foot
from engine.measure.shapes import BOXES, LINES, Kind, Measurement, Point
from viewer.image.decoration import halo_text
from viewer.image.strip import STRIP_HEIGHT
from viewer.measure.hits import outline
from viewer.theme import palette

if TYPE_CHECKING:
    from viewer.image.canvas import Canvas

Place = Callable[[Point], QPointF]
LINE, HALO, HANDLE, HEAD, TEXT_PX, GAP = 1.6, 3.6, 4.5, 12.0, 12, 12.0


def draw_measurement(
    painter: QPainter, canvas: Canvas, item: Measurement, lines: tuple[str, ...], scale: Scale, *, selected: bool
) -> QRectF | None:
    """Draw a measurement with its text on a canvas; returns where the text stands, None without one."""
    draw_shape(painter, item, canvas.widget_point, scale, selected=selected)
    if not lines:
        return None
    room = QRectF(canvas.rect()).adjusted(4, 4, -4, -STRIP_HEIGHT - 4)
    plate = beside(plate_of(painter, item, canvas.widget_point, lines, room), canvas.painting.letter_boxes(), room)
    draw_text(painter, plate, lines, selected=selected)
    return plate


def draw_shape(painter: QPainter, item: Measurement, place: Place, scale: Scale, *, selected: bool) -> None:
    """Draw the lines of a measurement, each over a dark one, and, of the selected one, its handles."""
    colour = QColor(palette.MEASURE_SELECTED if selected else palette.MEASURE)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in (QPen(QColor(0, 0, 0, 150), HALO), QPen(colour, LINE)):
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        _lines(painter, item, place, scale)
    if selected:
        painter.setPen(QPen(QColor(0, 0, 0, 200), 1))
        painter.setBrush(colour)
        for point in item.handles:
            painter.drawEllipse(place(point), HANDLE, HANDLE)


def _lines(painter: QPainter, item: Measurement, place: Place, scale: Scale) -> None:
    if item.kind in BOXES:
        painter.drawPolygon(QPolygonF([place(point) for point in outline(item)]))
    elif item.kind is Kind.CARDIOTHORACIC:
        _cardiothoracic(painter, item, place, scale)
    else:
        for i, j in LINES.get(item.kind, ()):
            painter.drawLine(place(item.points[i]), place(item.points[j]))
    if item.kind is Kind.ARROW:
        _head(painter, place(item.points[0]), place(item.points[1]))
    elif item.kind is Kind.COBB:
        pen = painter.pen()
        painter.setPen(_dashed(pen))
        a, b = (_middle(place(item.points[i]), place(item.points[i + 1])) for i in (0, 2))
        painter.drawLine(a, b)
        painter.setPen(pen)


def _cardiothoracic(painter: QPainter, item: Measurement, place: Place, scale: Scale) -> None:
    """Midline, and from each end of the two strokes a line at right angles to it: what is added up is what is seen."""
    midline = (item.points[4], item.points[5])
    for point in item.points[:4]:
        painter.drawLine(place(point), place(foot(point, midline, scale)))
    pen = painter.pen()
    painter.setPen(_dashed(pen))
    painter.drawLine(place(midline[0]), place(midline[1]))
    painter.setPen(pen)


def _dashed(pen: QPen) -> QPen:
    dashed = QPen(pen)
    dashed.setCapStyle(Qt.PenCapStyle.FlatCap)
    dashed.setDashPattern([4.0 * LINE / pen.widthF(), 4.0 * LINE / pen.widthF()])
    return dashed


def _head(painter: QPainter, start: QPointF, tip: QPointF) -> None:
    turn = math.atan2(tip.y() - start.y(), tip.x() - start.x())
    for side in (-0.45, 0.45):
        end = QPointF(tip.x() - HEAD * math.cos(turn + side), tip.y() - HEAD * math.sin(turn + side))
        painter.drawLine(tip, end)


def _middle(a: QPointF, b: QPointF) -> QPointF:
    return (a + b) / 2.0


def plate_of(painter: QPainter, item: Measurement, place: Place, lines: tuple[str, ...], room: QRectF) -> QRectF:
    """Return where the text of a measurement stands: beside its rightmost point, within the window."""
    font = painter.font()
    font.setPixelSize(TEXT_PX)
    metrics = QFontMetrics(font)
    width = max(metrics.horizontalAdvance(line) for line in lines) + 8.0
    height = metrics.height() * len(lines) + 4.0
    anchor = _anchor(item, place)
    x, y = anchor.x() + GAP, anchor.y() - height / 2.0
    if x + width > room.right():
        # Beside it there is no room: below it the text does not lie on the line.
        y = anchor.y() + GAP
    return QRectF(
        max(room.left(), min(x, room.right() - width)), max(room.top(), min(y, room.bottom() - height)), width, height
    )


def beside(plate: QRectF, letters: Sequence[QRectF], room: QRectF) -> QRectF:
    """Return the plate, moved below or above a side letter that it would cover: both are to be read."""
    moved = QRectF(plate)
    for letter in letters:
        if moved.intersects(letter):
            moved.moveTop(letter.bottom() + 2.0)
            if moved.bottom() > room.bottom():
                moved.moveBottom(letter.top() - 2.0)
    return moved


def _anchor(item: Measurement, place: Place) -> QPointF:
    """The place that the text stands beside: an arrow's tail, else what lies furthest right on the screen."""
    if item.kind in BOXES:
        ends = [place(point) for point in outline(item)]
    elif item.kind in (Kind.ARROW, Kind.TEXT):
        ends = [place(item.points[0])]
    else:
        ends = [place(point) for point in (item.points[2:4] if item.kind is Kind.CARDIOTHORACIC else item.points)]
    return max(ends, key=lambda end: (end.x(), end.y()))


def draw_text(painter: QPainter, plate: QRectF, lines: tuple[str, ...], *, selected: bool) -> None:
    """Write the lines on their plate."""
    font = painter.font()
    font.setPixelSize(TEXT_PX)
    painter.setFont(font)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0, 125))
    painter.drawRoundedRect(plate, 3, 3)
    height = (plate.height() - 4.0) / len(lines)
    for number, line in enumerate(lines):
        rect = QRectF(plate.left() + 4.0, plate.top() + 2.0 + number * height, plate.width(), height)
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextDontClip
        halo_text(painter, rect, flags, line, palette.MEASURE_SELECTED if selected else palette.MEASURE)
