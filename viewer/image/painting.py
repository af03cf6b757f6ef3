"""What the canvas paints: image, heat maps, texts, lens; only what changed is computed anew."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter

from engine.dicom.radiograph import Radiograph
from viewer.i18n import tr
from viewer.image.annotations import Corners, corners, edges, turned_text
from viewer.image.composite import compose
from viewer.image.decoration import Block, CornerTexts, corner_blocks, draw_edges, draw_mark, edge_boxes, mark_box
from viewer.image.fidelity import lacking
from viewer.image.legend import box_of
from viewer.image.magnifier import draw_lens, lens_picture
from viewer.image.placement import Box
from viewer.image.pyramid import Pyramid
from viewer.image.raster import Sampled, Table, render, render_sampled, sample
from viewer.image.windowing import describe

if TYPE_CHECKING:
    from viewer.image.canvas import Canvas

WIDEST_READOUT = "(0000, 0000)  stored 00000  value 00000"
"""Stands for the value under the mouse where room is kept for it."""


class Painting:
    """Paints a canvas and keeps what it computed for that until the canvas says that it holds no longer."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self._base: QImage | None = None
        self._sampled: Sampled | None = None
        self._composite: QImage | None = None
        self._corners = CornerTexts()

    def forget_all(self) -> None:
        """The picture lies elsewhere."""
        self._base = self._composite = self._sampled = None

    def forget_picture(self) -> None:
        """The pixels lie elsewhere or are drawn otherwise; the maps stay."""
        self._base = self._sampled = None

    def forget_gray(self) -> None:
        """The gray levels are others."""
        self._base = None

    def forget_maps(self) -> None:
        """The heat maps are others."""
        self._composite = None

    def paint(self, painter: QPainter) -> None:
        """Draw image, maps, texts and legend."""
        canvas = self._canvas
        if canvas.radiograph is None or canvas.pyramid is None or canvas.table is None:
            self._say(painter)
            return
        size, ratio = canvas.physical_size(), canvas.devicePixelRatioF()
        if self._base is None:
            self._base = self._render(canvas.pyramid, canvas.table, size)
            self._base.setDevicePixelRatio(ratio)
        painter.drawImage(0, 0, self._base)
        if canvas.layers:
            if self._composite is None:
                self._composite = compose(canvas.all_layers, self.picture_box(), size, ratio, canvas.orientation)
            painter.setOpacity(canvas.opacity)
            painter.drawImage(0, 0, self._composite)
            painter.setOpacity(1.0)
        self._decorate(painter, canvas.radiograph)
        place = canvas.mouse.place
        if (canvas.magnifying or canvas.lens_held) and place is not None:
            squares = canvas.squares_from
            lens = lens_picture(canvas.pyramid, canvas.view, canvas.table, place, ratio, squares_from=squares)
            draw_lens(painter, lens, place)

    def _say(self, painter: QPainter) -> None:
        """Write why there is no image."""
        rect = self._canvas.rect()
        painter.fillRect(rect, Qt.GlobalColor.black)
        painter.setPen(Qt.GlobalColor.lightGray)
        painter.drawText(
            QRectF(rect).adjusted(40, 40, -40, -40),
            Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap,
            self._canvas.message,
        )

    def _render(self, pyramid: Pyramid, table: tuple[int, Table], size: QSize) -> QImage:
        """Draw the image for the window; while window and level are dragged, from values sampled once."""
        view, squares = self._canvas.view, self._canvas.squares_from
        if not self._canvas.mouse.windowing:
            self._sampled = None
            return render(pyramid, view, table, size, fast=self._canvas.mouse.busy, squares_from=squares)
        if self._sampled is None:
            self._sampled = sample(pyramid, view, size, squares_from=squares)
        return render_sampled(self._sampled, table, size)

    def _decorate(self, painter: QPainter, radiograph: Radiograph) -> None:
        """Write corner texts and side letters, and find a place for the legend beside them."""
        canvas = self._canvas
        if canvas.results is not None and not canvas.peeking:
            canvas.results.paint(painter)
        if canvas.tool is not None:
            canvas.tool.paint(painter)
        blocks = self.corner_blocks(radiograph, canvas.readout())
        self._corners.draw(painter, blocks, canvas.devicePixelRatioF())
        picture, letters = self.picture_box(), self.letter_boxes()
        draw_edges(painter, letters, edges(radiograph, canvas.orientation))
        mark = turned_text(canvas.orientation)
        if mark:
            draw_mark(painter, mark_box(canvas.font(), canvas.rect(), mark), mark)
        if canvas.legend.to_place and canvas.layers and self._base is not None and self._composite is not None:
            blocks = self.corner_blocks(radiograph, WIDEST_READOUT)
            taken = [*(block.plate for block in blocks), *letters]
            canvas.legend.place(self._base, self._composite, picture, [box_of(rect) for rect in taken])

    def letter_boxes(self) -> tuple[QRectF, QRectF, QRectF, QRectF]:
        """Where the side letters stand in the widget: left, right, top, bottom."""
        picture = self.picture_box()
        return edge_boxes(self._canvas.rect(), QRectF(picture.x, picture.y, picture.width, picture.height))

    def corner_blocks(self, radiograph: Radiograph, readout: str) -> list[Block]:
        """Lay out the corner texts; what the picture lacks is said also where a person has hidden the others."""
        canvas = self._canvas
        as_shown = radiograph if canvas.gray is None else replace(radiograph, grayscale=canvas.gray)
        lacks = lacking(as_shown, canvas.windowing, canvas.view.scale, canvas.squares_from)
        lines = (
            readout,
            describe(canvas.windowing, canvas.grayscale(radiograph)),
            tr("Zoom {percent} %", percent=f"{100 * canvas.view.scale:.0f}"),
            *lacks,
        )
        texts = corners(radiograph, lines, canvas.by_hand) if canvas.show_annotations else Corners((), (), lacks, ())
        return corner_blocks(canvas.font(), canvas.rect(), texts)

    def picture_box(self) -> Box:
        """Where the whole image lies, in pixels of the widget."""
        ratio, view, pyramid = self._canvas.devicePixelRatioF(), self._canvas.view, self._canvas.pyramid
        rows, columns = pyramid.levels[0].shape if pyramid is not None else (0, 0)
        return Box(view.x / ratio, view.y / ratio, columns * view.scale / ratio, rows * view.scale / ratio)
