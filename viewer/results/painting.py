"""What result objects draw over the image of a canvas: lines, points, texts and covers."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPen, QPolygonF, QTransform

from engine.readback.drawing import Drawing, DrawnLayer, PlacedText, Stroke
from engine.readback.presentation import Shutter
from viewer.image.decoration import halo_text
from viewer.image.strip import STRIP_HEIGHT
from viewer.state.shown_results import ShownResults

if TYPE_CHECKING:
    from viewer.image.canvas import Canvas

LINE, HALO, MARK, TEXT_PX, PAD = 1.6, 3.6, 5.0, 12, 4.0
FILL = 50
"""Opacity, of 255, of what is filled: the image stays in sight beneath."""


class ResultPainter:
    """Paints on one canvas what is on over the image that it shows, by that image's own UID."""

    def __init__(self, canvas: Canvas, shown: ShownResults) -> None:
        self._canvas, self._shown = canvas, shown
        self._paths: WeakKeyDictionary[Stroke, QPainterPath] = WeakKeyDictionary()

    def paint(self, painter: QPainter) -> None:
        """Draw what is on, the lowest layer first."""
        image = self._canvas.radiograph
        if image is None:
            return
        uid = image.identity.sop_instance_uid
        on = self._shown.on(uid)
        if not on:
            return
        place = self._place()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for result in self._shown.of_image(uid):
            name = result.provenance.sop_instance_uid
            for key, layer in self._shown.layers(name, uid).items():
                if key not in on:
                    continue
                if layer is None:
                    drawing = self._shown.drawing(name, uid)
                    if isinstance(drawing, Drawing):
                        self._cover(painter, place, drawing.shutters, (image.rows, image.columns))
                else:
                    self._layer(painter, place, layer, QColor(self._shown.colour(key, layer)))
        painter.restore()

    def _place(self) -> QTransform:
        """From (column, row) of the image to the widget."""
        at = self._canvas.widget_point
        o, x, y = at((0.0, 0.0)), at((1.0, 0.0)), at((0.0, 1.0))
        return QTransform(x.x() - o.x(), x.y() - o.y(), y.x() - o.x(), y.y() - o.y(), o.x(), o.y())

    def _cover(
        self, painter: QPainter, place: QTransform, shutters: tuple[Shutter, ...], size: tuple[int, int]
    ) -> None:
        rows, columns = size
        painter.setPen(Qt.PenStyle.NoPen)
        for shutter in shutters:
            whole, inside = QPainterPath(), QPainterPath()
            whole.addRect(QRectF(0, 0, columns, rows))
            inside.addPolygon(QPolygonF([QPointF(x, y) for x, y in shutter.outline]))
            inside.closeSubpath()
            gray = round(255 * shutter.gray)
            painter.setBrush(QColor(gray, gray, gray))
            painter.drawPath(place.map(whole.subtracted(inside)))

    def _layer(self, painter: QPainter, place: QTransform, layer: DrawnLayer, colour: QColor) -> None:
        for stroke in layer.strokes:
            self._stroke(painter, place, stroke, QColor(stroke.colour) if stroke.colour else colour)
        for text in layer.texts:
            self._text(painter, place, text, colour)

    def _stroke(self, painter: QPainter, place: QTransform, stroke: Stroke, colour: QColor) -> None:
        path = place.map(self._path(stroke)) if not stroke.marks else _crosses(place, stroke)
        fill = QColor(colour)
        fill.setAlpha(FILL)
        for pen, brush in (
            (QPen(QColor(0, 0, 0, 150), HALO), Qt.BrushStyle.NoBrush),
            (QPen(colour, LINE), fill if stroke.filled else Qt.BrushStyle.NoBrush),
        ):
            painter.setPen(pen)
            painter.setBrush(brush)
            painter.drawPath(path)

    def _path(self, stroke: Stroke) -> QPainterPath:
        if stroke not in self._paths:
            made = QPainterPath()
            made.addPolygon(QPolygonF([QPointF(x, y) for x, y in stroke.points.tolist()]))
            self._paths[stroke] = made
        return self._paths[stroke]

    def _text(self, painter: QPainter, place: QTransform, text: PlacedText, colour: QColor) -> None:
        font = painter.font()
        font.setPixelSize(TEXT_PX)
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        width = max(metrics.horizontalAdvance(line) for line in text.lines) + 2 * PAD
        height = metrics.height() * len(text.lines) + PAD
        plate = self._plate(place, text, width, height)
        if plate is None:
            return
        if text.anchor is not None and text.anchor_visible:
            anchor = place.map(QPointF(*text.anchor))
            near = QPointF(
                min(max(anchor.x(), plate.left()), plate.right()), min(max(anchor.y(), plate.top()), plate.bottom())
            )
            painter.setPen(QPen(colour, 1))
            painter.drawLine(near, anchor)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, 150))
        painter.drawRoundedRect(plate, 3, 3)
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextDontClip
        for number, line in enumerate(text.lines):
            top = plate.top() + PAD / 2 + number * metrics.height()
            halo_text(painter, QRectF(plate.left() + PAD, top, width, metrics.height()), flags, line, colour.name())

    def _plate(self, place: QTransform, text: PlacedText, width: float, height: float) -> QRectF | None:
        """Where a text stands: in its box, else beside its anchor; None where that is out of sight."""
        room = QRectF(self._canvas.rect()).adjusted(4, 4, -4, -STRIP_HEIGHT - 4)
        if text.box is not None:
            first, last = (place.map(QPointF(*corner)) for corner in text.box)
            box = QRectF(first, last).normalized()
            free = box.width() - width
            left = box.left() + {"CENTER": free / 2, "RIGHT": free}.get(text.justification, 0.0)
            wanted = QRectF(left, box.top(), width, height)
        else:
            anchor = place.map(QPointF(*(text.anchor or (0.0, 0.0))))
            wanted = QRectF(anchor.x() + 10, anchor.y() - height / 2, width, height)
        if not wanted.intersects(room):
            return None
        wanted.moveLeft(max(room.left(), min(wanted.left(), room.right() - width)))
        wanted.moveTop(max(room.top(), min(wanted.top(), room.bottom() - height)))
        return wanted


def _crosses(place: QTransform, stroke: Stroke) -> QPainterPath:
    """Small crosses that keep their size on the screen."""
    path = QPainterPath()
    for x, y in stroke.points.tolist():
        at = place.map(QPointF(x, y))
        for across, down in ((MARK, 0.0), (0.0, MARK)):
            path.moveTo(at - QPointF(across, down))
            path.lineTo(at + QPointF(across, down))
    return path
