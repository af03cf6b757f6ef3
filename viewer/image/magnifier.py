"""A lens at the mouse: the image alone, enlarged from its full resolution."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen

from viewer.image.pyramid import Pyramid
from viewer.image.raster import SQUARES_FROM, Table, render
from viewer.image.view import View
from viewer.theme import palette

SIDE = 280
"""Of the lens, in pixels of the widget."""

FACTOR = 3.0
"""How much larger than around it; never less than one screen pixel an image pixel."""


def lens_picture(
    pyramid: Pyramid,
    view: View,
    table: tuple[int, Table],
    mouse: QPointF,
    ratio: float,
    *,
    squares_from: float = SQUARES_FROM,
) -> QImage:
    """Return what the lens shows; its middle is the place of the image that lies under the mouse.

    Parameters
    ----------
    mouse : QPointF
        In pixels of the widget, of which one is `ratio` physical ones.
    """
    x, y, side = mouse.x() * ratio, mouse.y() * ratio, round(SIDE * ratio)
    enlarged = view.zoom(max(FACTOR, 1.0 / view.scale), x, y).pan(side / 2 - x, side / 2 - y)
    picture = render(pyramid, enlarged, table, QSize(side, side), squares_from=squares_from)
    picture.setDevicePixelRatio(ratio)
    return picture


def draw_lens(painter: QPainter, picture: QImage, mouse: QPointF) -> None:
    """Draw the lens as a disc around the mouse."""
    disc = QRectF(mouse.x() - SIDE / 2, mouse.y() - SIDE / 2, SIDE, SIDE)
    path = QPainterPath()
    path.addEllipse(disc)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setClipPath(path)
    painter.drawImage(disc.topLeft(), picture)
    painter.setClipping(False)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(palette.IMAGE_ACCENT), 2))
    painter.drawEllipse(disc)
    painter.restore()
