"""Stored values to a gray picture of the screen's size."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter

from viewer.image.pyramid import Pyramid, Stored
from viewer.image.view import View

Table = npt.NDArray[np.uint8]

SQUARES_FROM = 4.0
"""Scale from which single pixels are shown as squares unless a person wants it otherwise: invented values would hide
what was recorded."""


def direct_table(first: int, table: Table, dtype: np.dtype[np.integer]) -> Table:
    """Return a table that the bit patterns of an 8 or 16 bit integer type index directly, signed or not."""
    size = 1 << (8 * dtype.itemsize)
    direct = np.zeros(size, dtype=np.uint8)
    direct[(np.arange(first, first + table.size) & (size - 1))] = table
    return direct


def channel(picture: QImage, kind: QImage.Format) -> npt.NDArray[np.uint8]:
    """Return a picture as one byte a pixel: its gray levels (Grayscale8) or its opacity (Alpha8)."""
    converted = picture.convertToFormat(kind)
    flat = np.frombuffer(converted.constBits(), dtype=np.uint8).reshape(converted.height(), converted.bytesPerLine())
    return flat[:, : converted.width()].copy()


def gray_levels(stored: Stored, first: int, table: Table) -> Table:
    """Apply a window/level table to stored values."""
    if stored.dtype.itemsize <= 2:
        return np.take(direct_table(first, table, stored.dtype), _patterns(stored))
    return np.take(table, stored.astype(np.int64) - first, mode="clip")


def _patterns(stored: Stored) -> npt.NDArray[np.unsignedinteger]:
    """Return the bit patterns of 8 or 16 bit integers."""
    pattern = np.dtype(np.uint8 if stored.dtype.itemsize == 1 else np.uint16)
    unsigned: npt.NDArray[np.unsignedinteger] = np.ascontiguousarray(stored).view(pattern)
    return unsigned


@dataclass(frozen=True, eq=False)
class Sampled:
    """Stored values at the pixels of the screen, so that a new window costs one table look-up and no scaling.

    Attributes
    ----------
    values : ndarray of int, shape (height, width)
        The part of the window that the image covers.
    places : ndarray of intp, shape (height, width), or None
        Where each value stands in `direct_table`, found once: looking up costs less than turning indices into the
        processor's own integers for every frame. None for integers of more than 16 bits.
    x, y : int
        Its top left corner in the window, physical pixels.
    """

    values: Stored
    x: int
    y: int
    places: npt.NDArray[np.intp] | None = None


def sample(pyramid: Pyramid, view: View, size: QSize, *, squares_from: float = SQUARES_FROM) -> Sampled | None:
    """Interpolate stored values at the centres of the window's pixels; None when the image is out of the window."""
    rows, columns = pyramid.levels[0].shape
    number = pyramid.level_for(view.scale)
    level, step = pyramid.levels[number], float(1 << number)
    right, bottom = view.to_screen(columns, rows)
    x0, x1 = max(0, round(view.x)), min(size.width(), round(right))
    y0, y1 = max(0, round(view.y)), min(size.height(), round(bottom))
    if x1 <= x0 or y1 <= y0:
        return None
    across = (np.arange(x0, x1) + 0.5 - view.x) / (view.scale * step) - 0.5
    down = (np.arange(y0, y1) + 0.5 - view.y) / (view.scale * step) - 0.5
    if view.scale >= squares_from:
        across, down = np.rint(across), np.rint(down)
    left, right_share = _neighbours(across, level.shape[1])
    above, below_share = _neighbours(down, level.shape[0])
    part = level[int(above[0]) : int(above[-1]) + 2, int(left[0]) : int(left[-1]) + 2].astype(np.float32)
    above, left = above - above[0], left - left[0]
    below = np.minimum(above + 1, part.shape[0] - 1)
    lines = part[above] * (1 - below_share)[:, None] + part[below] * below_share[:, None]
    beside = np.minimum(left + 1, part.shape[1] - 1)
    values = lines[:, left] * (1 - right_share) + lines[:, beside] * right_share
    rounded: Stored = np.rint(values).astype(level.dtype)
    places = _patterns(rounded).astype(np.intp) if rounded.dtype.itemsize <= 2 else None
    return Sampled(rounded, x0, y0, places)


def _neighbours(places: npt.NDArray[np.floating], count: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float32]]:
    """Lower neighbour of each place and the share of the upper one; places beyond the ends take the end."""
    clipped = np.clip(places, 0.0, count - 1.0)
    lower = np.floor(clipped).astype(np.intp)
    return lower, (clipped - lower).astype(np.float32)


def render_sampled(sampled: Sampled | None, table: tuple[int, Table], size: QSize) -> QImage:
    """Draw sampled values with a window: what happens for every frame while the window is dragged."""
    picture = QImage(size, QImage.Format.Format_RGB32)
    if sampled is None or sampled.values.shape != (size.height(), size.width()):
        picture.fill(Qt.GlobalColor.black)
    if sampled is not None:
        height, width = sampled.values.shape
        bits = np.frombuffer(picture.bits(), dtype=np.uint32).reshape(size.height(), picture.bytesPerLine() // 4)
        part = bits[sampled.y : sampled.y + height, sampled.x : sampled.x + width]
        if sampled.places is not None:
            np.take(_opaque(direct_table(*table, sampled.values.dtype)), sampled.places, out=part, mode="clip")
        else:
            part[:] = _opaque(gray_levels(sampled.values, *table))
    return picture


def _opaque(gray: Table) -> npt.NDArray[np.uint32]:
    """Gray levels as pixels of Format_RGB32."""
    return gray.astype(np.uint32) * np.uint32(0x010101) | np.uint32(0xFF000000)


def _as_image(gray: Table) -> QImage:
    """Wrap gray levels without copying; the array must live as long as the picture is used."""
    return QImage(gray.data, gray.shape[1], gray.shape[0], gray.shape[1], QImage.Format.Format_Grayscale8)


def render(
    pyramid: Pyramid,
    view: View,
    table: tuple[int, Table],
    size: QSize,
    *,
    fast: bool = False,
    squares_from: float = SQUARES_FROM,
) -> QImage:
    """Draw what a window of `size` physical pixels shows of the image.

    Parameters
    ----------
    table : tuple of int and ndarray of uint8
        As from ``Grayscale.table``: gray level = table[1][stored - table[0]].
    fast : bool
        While dragging: from a coarser level.
    squares_from : float
        Scale from which single pixels are squares.

    Returns
    -------
    QImage
        Format_RGB32, black outside the image.
    """
    width, height = size.width(), size.height()
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
    gray = np.ascontiguousarray(gray_levels(level[y0:y1, x0:x1], *table))
    source = _as_image(gray)
    sx, sy = view.to_screen(x0 * step, y0 * step)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, view.scale < squares_from)
    edge_x, edge_y = view.to_screen(columns, rows)
    painter.setClipRect(QRectF(0, 0, min(edge_x, width), min(edge_y, height)))
    painter.drawImage(QRectF(sx, sy, gray.shape[1] * step * view.scale, gray.shape[0] * step * view.scale), source)
    painter.end()
    return picture
