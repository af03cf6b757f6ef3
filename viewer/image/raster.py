"""Stored values to a gray picture of the screen's size."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter

from viewer.image.pyramid import Pyramid, Stored
from viewer.image.view import View

Table = npt.NDArray[np.uint8]


def direct_table(first: int, table: Table, dtype: np.dtype[np.integer]) -> Table:
    """Return a table that the bit patterns of an 8 or 16 bit integer type index directly, signed or not."""
    size = 1 << (8 * dtype.itemsize)
    direct = np.zeros(size, dtype=np.uint8)
    direct[(np.arange(first, first + table.size) & (size - 1))] = table
    return direct


def gray_levels(stored: Stored, first: int, table: Table) -> Table:
    """Apply a window/level table to stored values."""
    if stored.dtype.itemsize <= 2:
        unsigned = np.ascontiguousarray(stored).view(np.uint8 if stored.dtype.itemsize == 1 else np.uint16)
        return direct_table(first, table, stored.dtype)[unsigned]
    return table[np.clip(stored.astype(np.int64) - first, 0, table.size - 1)]


def render(pyramid: Pyramid, view: View, first: int, table: Table, width: int, height: int, fast: bool) -> QImage:
    """Draw what a window of `width` by `height` physical pixels shows of the image.

    Parameters
    ----------
    fast : bool
        While dragging: from a coarser level.

    Returns
    -------
    QImage
        Format_RGB32, black outside the image.
    """
    picture = QImage(width, height, QImage.Format.Format_RGB32)
    picture.fill(Qt.GlobalColor.black)
    rows, columns = pyramid.levels[0].shape
    left, top = view.to_image(0, 0)
    right, bottom = view.to_image(width, height)
    left, top, right, bottom = max(left, 0.0), max(top, 0.0), min(right, float(columns)), min(bottom, float(rows))
    if right <= left or bottom <= top:
        return picture
    number = pyramid.level_for(view.scale, fast)
    level = pyramid.levels[number]
    step = 1 << number
    # One more pixel on each side, so that smoothing at the edge of the window sees its neighbours.
    x0, y0 = max(0, math.floor(left / step) - 1), max(0, math.floor(top / step) - 1)
    x1, y1 = min(level.shape[1], math.ceil(right / step) + 1), min(level.shape[0], math.ceil(bottom / step) + 1)
    gray = np.ascontiguousarray(gray_levels(level[y0:y1, x0:x1], first, table))
    source = QImage(gray.data, gray.shape[1], gray.shape[0], gray.shape[1], QImage.Format.Format_Grayscale8)
    sx, sy = view.to_screen(x0 * step, y0 * step)
    painter = QPainter(picture)
    # Single pixels are shown as squares from fourfold size on: invented values would hide what was recorded.
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, view.scale < 4.0)
    edge_x, edge_y = view.to_screen(columns, rows)
    painter.setClipRect(QRectF(0, 0, min(edge_x, width), min(edge_y, height)))
    painter.drawImage(QRectF(sx, sy, gray.shape[1] * step * view.scale, gray.shape[0] * step * view.scale), source)
    painter.end()
    return picture
