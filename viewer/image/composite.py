"""All heat maps and the lines around them as one picture of the window's size."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QTransform

from viewer.image.layers import Layer, Layers
from viewer.image.orientation import UPRIGHT, Orientation
from viewer.image.placement import Box

LINE, INNER_LINE, DASH = 2.0, 1.0, 4.0
"""Widths of an outline and of a contour within it in pixels of the widget, and length of a dash in widths."""

DOT, GAP = 0.1, 2.5
"""Length of a dot before its round ends, and from one to the next, in widths."""


def compose(layers: Layers, picture: Box, size: QSize, ratio: float, orientation: Orientation = UPRIGHT) -> QImage:
    """Draw all maps into one picture of the window's size, so that opacity alone costs one blend.

    Each of several maps has a line around it in its own colour. The first line is drawn through, the n-th leaves n - 1
    of n parts free: where lines coincide, every colour has its share. Those of another pack are dotted.

    Parameters
    ----------
    picture : Box
        Where the whole image, as it is turned, lies in the widget.
    size : QSize
        Of the widget, in physical pixels; `ratio` of them are one of the widget's.
    """
    composite = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
    composite.fill(Qt.GlobalColor.transparent)
    composite.setDevicePixelRatio(ratio)
    if layers.picture is None and not layers.each:
        return composite
    painter = QPainter(composite)
    painter.setRenderHints(QPainter.RenderHint.SmoothPixmapTransform | QPainter.RenderHint.Antialiasing)
    place = _turn(orientation) * QTransform(picture.width, 0, 0, picture.height, picture.x, picture.y)
    if layers.picture is not None:
        painter.setTransform(place, combine=True)
        painter.drawImage(QRectF(0, 0, 1, 1), layers.picture)
        painter.resetTransform()
    for number, layer in enumerate(layers.each):
        pen = _pen(layer, number)
        painter.setPen(pen)
        for line in layer.outline:
            painter.drawPolyline(place.map(line))
        pen.setWidthF(INNER_LINE)
        pen.setStyle(Qt.PenStyle.SolidLine)
        painter.setPen(pen)
        for line in layer.contours:
            painter.drawPolyline(place.map(line))
    painter.end()
    return composite


def _pen(layer: Layer, number: int) -> QPen:
    """Return the pen of the line around the n-th map."""
    colour = QColor(layer.colour)
    colour.setAlphaF(layer.opacity)
    pen = QPen(colour, LINE, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap)
    if layer.beside:
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setDashPattern([DOT, GAP])
    elif number:
        pen.setDashPattern([DASH, DASH * number])
    return pen


def _turn(orientation: Orientation) -> QTransform:
    """Turn and mirror the unit square onto itself."""
    (x0, y0), (x1, y1), (x2, y2) = (orientation.to_shown(p, 1.0, 1.0) for p in ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0)))
    return QTransform(x1 - x0, y1 - y0, x2 - x0, y2 - y0, x0, y0)
