"""The widget that shows one radiograph with its heat maps and annotations."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from engine.dicom.radiograph import Radiograph, Spacing
from viewer.i18n import tr
from viewer.image.annotations import Corners, corners, edges, turned_text
from viewer.image.decoration import Block, corner_blocks, draw_corners, draw_edges, draw_mark, edge_boxes, mark_box
from viewer.image.fidelity import lacking
from viewer.image.hand import Hand
from viewer.image.layers import Layer, Layers, compose
from viewer.image.legend import Legend, box_of
from viewer.image.magnifier import draw_lens, lens_picture
from viewer.image.orientation import UPRIGHT, Orientation
from viewer.image.placement import Box
from viewer.image.pyramid import Pyramid
from viewer.image.raster import SQUARES_FROM, Sampled, Table, render, render_sampled, sample
from viewer.image.strip import STRIP_HEIGHT
from viewer.image.tool import CanvasTool
from viewer.image.view import View, fit
from viewer.image.windowing import Preset, Windowing, describe, presets

DRAG_SLOP = 4
WIDEST_READOUT = "(0000, 0000)  stored 00000  value 00000"
"""Stands for the value under the mouse where room is kept for it."""
WINDOW_SPEED = 0.004
NOTCH = 120
"""Of a wheel, in eighths of a degree (Qt's angle delta)."""
ZOOM_SPEED = 1.006


class Canvas(QWidget):
    """Shows a radiograph; left drag windows, middle drag pans, right drag zooms, right click asks for the menu."""

    view_changed = Signal()
    menu_wanted = Signal(QPoint)
    tool: CanvasTool | None = None
    """Asked before the canvas does something with the left button or a key; a class attribute, because Qt sends events
    while the widget is made."""
    step_wanted = Signal(int)
    """Next (1) or previous (-1) image."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Image"))
        self.setAccessibleDescription(tr("Left drag: window and level. Middle drag: pan. Right drag or wheel: zoom."))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumSize(320, 320)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.radiograph: Radiograph | None = None
        self.view = View()
        self.orientation = UPRIGHT
        self.windowing = Windowing()
        self.presets: tuple[Preset, ...] = ()
        self.message = ""
        self.show_annotations = True
        self.squares_from = SQUARES_FROM
        self.magnifying = False
        self._by_hand: Spacing | None = None
        self.hand = Hand()
        self._turned = 0
        self._file_pyramid: Pyramid | None = None
        self._pyramid: Pyramid | None = None
        self._table: tuple[int, Table] | None = None
        self._base: QImage | None = None
        self._sampled: Sampled | None = None
        self._layers = Layers()
        self.legend = Legend(self)
        self._composite: QImage | None = None
        self._opacity, self._peek = 0.6, False
        self._pressed: tuple[Qt.MouseButton, QPointF] | None = None
        self._last = QPointF()
        self._dragged = False
        self._cursor: tuple[int, int] | None = None
        self._mouse: QPointF | None = None

    # what is shown

    def show_image(self, radiograph: Radiograph, pyramid: Pyramid) -> None:
        """Show a decoded image with its own window, fitted; its annotations replace the previous ones at once."""
        self.radiograph, self.orientation, self._file_pyramid = radiograph, UPRIGHT, pyramid
        self._pyramid = pyramid
        values = radiograph.grayscale.modality_values(pyramid.levels[-1])
        self.presets = presets(radiograph.grayscale, values)
        self.windowing = Windowing(name=self.presets[0].name)
        self.message = ""
        self._forget_layers()
        self._retable()
        self.fit()

    def clear(self, message: str) -> None:
        """Show no image, but a message: a picture never stands beside another image's name."""
        self.radiograph, self._file_pyramid, self._pyramid, self._base, self._table = None, None, None, None, None
        self._forget_layers()
        self.message = message
        self.update()

    def set_layers(self, layers: Layers, scale: str) -> None:
        """Replace the heat maps; `scale` stands in the legend."""
        if layers is not self._layers:
            self._layers, self._composite = layers, None
        self.legend.show_layers(layers.each, scale)
        self.legend.setVisible(bool(self.layers))
        self.update()

    def set_overlay(self, opacity: float, peek: bool) -> None:
        """Set the opacity of all maps, or hide them while a key is held."""
        self._opacity, self._peek = opacity, peek
        self.legend.setVisible(bool(self.layers))
        self.update()

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The heat maps that are drawn unless hidden by peeking."""
        return () if self._peek else self._layers.each

    # view and window

    def fit(self) -> None:
        """Show the whole image."""
        if self._pyramid is not None:
            size = self._physical()
            rows, columns = self._pyramid.levels[0].shape
            # Nothing of a fitted image lies under the strip.
            foot = STRIP_HEIGHT * self.devicePixelRatioF()
            self._set_view(fit(rows, columns, size.width(), max(1.0, size.height() - foot)))

    def one_to_one(self) -> None:
        """One screen pixel an image pixel, around the middle of the window."""
        self.zoom_by(1.0 / self.view.scale)

    def zoom_by(self, factor: float) -> None:
        """Zoom around the middle of the window."""
        size = self._physical()
        self._set_view(self.view.zoom(factor, size.width() / 2, size.height() / 2))

    def apply_preset(self, number: int) -> None:
        """Use a preset; a number without one changes nothing."""
        if number < len(self.presets):
            preset = self.presets[number]
            self._set_windowing(Windowing(preset.voi, self.windowing.invert, preset.name))

    def toggle_sigmoid(self) -> None:
        """Bend the window's straight line into a sigmoid, or back."""
        if self.radiograph is not None:
            self._set_windowing(self.windowing.with_sigmoid(self.radiograph.grayscale))

    def toggle_invert(self) -> None:
        """Turn black and white round."""
        self._set_windowing(Windowing(self.windowing.voi, not self.windowing.invert, self.windowing.name))

    def turn(self, quarters: int) -> None:
        """Turn the picture clockwise."""
        self._orient(self.orientation.turned(quarters))

    def flip(self, *, upside_down: bool = False) -> None:
        """Mirror the picture left to right, or top to bottom."""
        self._orient(self.orientation.flipped(upside_down=upside_down))

    def _orient(self, orientation: Orientation) -> None:
        """Show the picture in another orientation, whole; maps, letters and measurements follow."""
        if self._file_pyramid is not None:
            self.orientation, self._pyramid = orientation, orientation.pyramid(self._file_pyramid)
            self.fit()

    def reset(self) -> None:
        """Return to the file's own window and orientation, not inverted, fitted."""
        if self.radiograph is not None:
            self._orient(UPRIGHT)
            self._set_windowing(Windowing(name=self.presets[0].name))
            self.fit()

    def toggle_magnifier(self) -> None:
        """Show or put away the lens at the mouse."""
        self.magnifying = not self.magnifying
        self.update()

    def set_squares_from(self, scale: float) -> None:
        """Choose the scale from which single pixels are squares."""
        self.squares_from = scale
        self._base = self._sampled = None
        self.update()

    def toggle_annotations(self) -> None:
        """Show or hide the corner texts."""
        self.show_annotations = not self.show_annotations
        self.legend.to_place = True
        self.update()

    def set_spacing(self, by_hand: Spacing | None) -> None:
        """Say beside the image how large its pixels are by a person's calibration; None as its file says."""
        self._by_hand = by_hand
        self.update()

    def readout(self) -> str:
        """Stored and modality value under the mouse."""
        if self.radiograph is None or self._cursor is None:
            return ""
        column, row = self._cursor
        value = self.radiograph.stored[row : row + 1, column : column + 1]
        modality = float(self.radiograph.grayscale.modality_values(value)[0, 0])
        return f"({column}, {row})  {tr('stored')} {int(value[0, 0])}  {tr('value')} {modality:g}"

    def widget_point(self, point: tuple[float, float]) -> QPointF:
        """Where a (column, row) of the image lies in the widget."""
        x, y = self.view.to_screen(*self.orientation.to_shown(point, *self._image_size()))
        return QPointF(x, y) / self.devicePixelRatioF()

    def image_point(self, place: QPointF) -> tuple[float, float]:
        """The (column, row) of the image under a place of the widget."""
        ratio = self.devicePixelRatioF()
        shown = self.view.to_image(place.x() * ratio, place.y() * ratio)
        return self.orientation.to_image(shown, *self._image_size())

    def image_step(self, right: float, down: float) -> tuple[float, float]:
        """Columns and rows of the image that lead so many of its pixels right and down on the screen."""
        return self.orientation.direction_to_image(right, down)

    def _image_size(self) -> tuple[int, int]:
        return (self.radiograph.rows, self.radiograph.columns) if self.radiograph is not None else (0, 0)

    def _set_view(self, view: View) -> None:
        self.view, self._base, self._composite, self._sampled = view, None, None, None
        self.legend.to_place = self.legend.to_place or view.fitted
        self.update()
        self.view_changed.emit()

    def _set_windowing(self, windowing: Windowing) -> None:
        self.windowing = windowing
        self._retable()
        self.view_changed.emit()

    def _retable(self) -> None:
        if self.radiograph is not None:
            self._table = self.radiograph.grayscale.table(self.windowing.voi, self.windowing.invert)
            self._base = None
            self.update()

    def _physical(self) -> QSize:
        return self.size() * self.devicePixelRatioF()

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw image, maps, texts and legend; only what changed is computed anew."""
        painter = QPainter(self)
        if self.radiograph is None or self._pyramid is None or self._table is None:
            painter.fillRect(self.rect(), Qt.GlobalColor.black)
            painter.setPen(Qt.GlobalColor.lightGray)
            painter.drawText(
                QRectF(self.rect()).adjusted(40, 40, -40, -40),
                Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap,
                self.message,
            )
            return
        size = self._physical()
        if self._base is None:
            self._base = self._render(self._pyramid, self._table, size)
            self._base.setDevicePixelRatio(self.devicePixelRatioF())
        painter.drawImage(0, 0, self._base)
        if self.layers:
            if self._composite is None:
                ratio = self.devicePixelRatioF()
                self._composite = compose(self._layers, self._picture_box(), size, ratio, self.orientation)
            painter.setOpacity(self._opacity)
            painter.drawImage(0, 0, self._composite)
            painter.setOpacity(1.0)
        self._decorate(painter)
        if self.magnifying and self._mouse is not None:
            ratio = self.devicePixelRatioF()
            lens = lens_picture(
                self._pyramid, self.view, self._table, self._mouse, ratio, squares_from=self.squares_from
            )
            draw_lens(painter, lens, self._mouse)

    def _render(self, pyramid: Pyramid, table: tuple[int, Table], size: QSize) -> QImage:
        """Draw the image for the window; while window and level are dragged, from values sampled once."""
        if not (self._dragged and self._pressed is not None and self._pressed[0] is Qt.MouseButton.LeftButton):
            self._sampled = None
            return render(pyramid, self.view, table, size, fast=self._dragged, squares_from=self.squares_from)
        if self._sampled is None:
            self._sampled = sample(pyramid, self.view, size, squares_from=self.squares_from)
        return render_sampled(self._sampled, table, size)

    def _decorate(self, painter: QPainter) -> None:
        """Write corner texts and side letters, and find a place for the legend beside them."""
        if self.radiograph is None:
            return
        if self.tool is not None:
            self.tool.paint(painter)
        draw_corners(painter, self._corner_blocks(self.radiograph, self.readout()))
        picture = self._picture_box()
        letters = edge_boxes(self.rect(), QRectF(picture.x, picture.y, picture.width, picture.height))
        draw_edges(painter, letters, edges(self.radiograph, self.orientation))
        mark = turned_text(self.orientation)
        if mark:
            draw_mark(painter, mark_box(self.font(), self.rect(), mark), mark)
        if self.legend.to_place and self.layers and self._base is not None and self._composite is not None:
            blocks = self._corner_blocks(self.radiograph, WIDEST_READOUT)
            taken = [*(block.plate for block in blocks), *letters]
            self.legend.place(self._base, self._composite, picture, [box_of(rect) for rect in taken])

    def _corner_blocks(self, radiograph: Radiograph, readout: str) -> list[Block]:
        """Lay out the corner texts; what the picture lacks is said also where a person has hidden the others."""
        lacks = lacking(radiograph, self.windowing, self.view.scale)
        lines = (
            readout,
            describe(self.windowing, radiograph.grayscale),
            tr("Zoom {percent} %", percent=f"{100 * self.view.scale:.0f}"),
            *lacks,
        )
        texts = corners(radiograph, lines, self._by_hand) if self.show_annotations else Corners((), (), lacks, ())
        return corner_blocks(self.font(), self.rect(), texts)

    def _picture_box(self) -> Box:
        """Where the whole image lies, in pixels of the widget."""
        ratio, scale = self.devicePixelRatioF(), self.view.scale
        rows, columns = self._pyramid.levels[0].shape if self._pyramid is not None else (0, 0)
        return Box(self.view.x / ratio, self.view.y / ratio, columns * scale / ratio, rows * scale / ratio)

    def _forget_layers(self) -> None:
        self._layers, self._composite, self._cursor = Layers(), None, None
        self.legend.forget()

    # mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a click or a drag."""
        if self._pressed is None and self.tool is not None and self.tool.press(event):
            return
        if self._pressed is None and event.button() in (
            Qt.MouseButton.LeftButton,
            Qt.MouseButton.MiddleButton,
            Qt.MouseButton.RightButton,
        ):
            self._pressed = (event.button(), event.position())
            self._last, self._dragged = event.position(), False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Window, move or zoom while a button is held; else read the value."""
        position = event.position()
        if self._pressed is None:
            self._move_cursor(position)
            if self.tool is not None:
                self.tool.move(event)
            return
        button, start = self._pressed
        if not self._dragged and math.hypot(position.x() - start.x(), position.y() - start.y()) < DRAG_SLOP:
            return
        self._dragged = True
        delta, self._last = position - self._last, position
        ratio = self.devicePixelRatioF()
        if button is Qt.MouseButton.LeftButton and self.radiograph is not None:
            down = -delta.y() if self.hand.down_is_brighter else delta.y()
            speed = WINDOW_SPEED * self.hand.speed
            self._set_windowing(self.windowing.drag(self.radiograph.grayscale, delta.x(), down, speed))
        elif button is Qt.MouseButton.MiddleButton:
            self._set_view(self.view.pan(delta.x() * ratio, delta.y() * ratio))
        elif button is Qt.MouseButton.RightButton:
            self._set_view(self.view.zoom(ZOOM_SPEED ** (-delta.y()), start.x() * ratio, start.y() * ratio))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a drag in full quality, or ask for the menu after a right click."""
        if self._pressed is None and self.tool is not None and self.tool.release(event):
            return
        if self._pressed is None or event.button() is not self._pressed[0]:
            return
        clicked = not self._dragged
        self._pressed, self._dragged = None, False
        if clicked and event.button() is Qt.MouseButton.RightButton:
            self.menu_wanted.emit(event.globalPosition().toPoint())
        elif not clicked:
            self._base = None
            self.update()

    def event(self, event: QEvent) -> bool:
        """Let a tool have the keys it needs before they become shortcuts."""
        wanted = self.tool is not None and isinstance(event, QKeyEvent) and self.tool.wants(event)
        if wanted and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Offer a key to the tool."""
        if self.tool is None or not self.tool.key(event):
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the mouse; with Shift the next or previous image, one for each notch."""
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            # Some systems turn a wheel with Shift into a horizontal one.
            self._turned += event.angleDelta().y() or event.angleDelta().x()
            notches = int(self._turned / NOTCH)
            self._turned -= notches * NOTCH
            if notches:
                self.step_wanted.emit(-notches)
            return
        ratio = self.devicePixelRatioF()
        turned = event.angleDelta().y() if self.hand.wheel_up_enlarges else -event.angleDelta().y()
        factor = 1.0015**turned
        self._set_view(self.view.zoom(factor, event.position().x() * ratio, event.position().y() * ratio))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Middle: show the whole image; else as a press."""
        if event.button() is Qt.MouseButton.MiddleButton:
            self.fit()
        else:
            self.mousePressEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Forget the value under the mouse."""
        self._cursor = self._mouse = None
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep a fitted image fitted."""
        self._base = self._composite = self._sampled = None
        self.legend.refit()
        if self.view.fitted:
            self.fit()

    def _move_cursor(self, position: QPointF) -> None:
        if self.radiograph is None:
            return
        self._mouse = position
        column, row = (math.floor(v) for v in self.image_point(position))
        inside = 0 <= column < self.radiograph.columns and 0 <= row < self.radiograph.rows
        self._cursor = (column, row) if inside else None
        self.update()
