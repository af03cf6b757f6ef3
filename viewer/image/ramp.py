"""The ramp of a map in the legend: the fixed scale as this map is drawn, in heat or in contour lines."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QLinearGradient, QPainter, QPen

from engine.inference.heat_scale import FULL_SCALE, SOFT_EDGE, strength
from viewer.i18n import tr
from viewer.image.composite import INNER_LINE, LINE
from viewer.image.layers import LEVELS, Layer

STOPS = 33
"""So many that the soft edge behind the threshold, 6 % of the scale, is not skipped."""


def draw_ramp(painter: QPainter, place: QRectF, layer: Layer) -> None:
    """Draw the scale from 0 at the left to its full end at the right."""
    if layer.contour:
        _contours(painter, place, layer)
    else:
        shares = np.linspace(0.0, 1.0, STOPS, dtype=np.float32)
        ramp = QLinearGradient(place.topLeft(), place.topRight())
        for share, opaque in zip(shares, strength(shares * np.float32(FULL_SCALE), layer.threshold), strict=True):
            shade = QColor(layer.colour)
            shade.setAlphaF(float(opaque) * layer.opacity)
            ramp.setColorAt(float(share), shade)
        painter.fillRect(place, QBrush(ramp))
    if layer.beside:
        painter.setPen(QPen(QColor(layer.colour), 2, Qt.PenStyle.DotLine))
        foot = place.bottom() + 3
        painter.drawLine(QPointF(place.left(), foot), QPointF(place.right(), foot))


def _contours(painter: QPainter, place: QRectF, layer: Layer) -> None:
    colour = QColor(layer.colour)
    begin = layer.threshold + SOFT_EDGE / 2
    foot = QColor(layer.colour)
    foot.setAlphaF(0.35)
    painter.setPen(QPen(foot, 1))
    painter.drawLine(place.bottomLeft(), place.bottomRight())
    for share, width in ((begin, LINE), *((level, INNER_LINE) for level in LEVELS if level > begin)):
        painter.setPen(QPen(colour, width))
        x = place.left() + share * place.width()
        painter.drawLine(QPointF(x, place.top()), QPointF(x, place.bottom()))


def look_text(layer: Layer, *, threshold: bool) -> str:
    """Say how a map is drawn, as far as it is not as maps are drawn; its threshold where that is asked for."""
    parts = (
        tr("contour lines") if layer.contour else "",
        tr("from {share} % of the scale on", share=f"{100 * layer.threshold:.0f}") if threshold else "",
        tr("opacity {share} %", share=f"{100 * layer.opacity:.0f}") if layer.opacity < 1.0 else "",
    )
    return ", ".join(part for part in parts if part)
