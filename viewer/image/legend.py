"""The legend of the heat maps: lies where it hides least, can be moved and folded."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QFontMetricsF,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QAbstractButton, QWidget

from viewer.i18n import tr
from viewer.image.layers import Layer
from viewer.image.placement import FINE, Box, best_place, cost_of_hiding
from viewer.image.ramp import draw_ramp, look_text
from viewer.image.raster import channel
from viewer.image.strip import STRIP_HEIGHT
from viewer.theme import palette
from viewer.theme.text import as_it_is

RAMP_WIDTH, PADDING, BUTTON, MARGIN = 56, 8, 16, 8

WIDEST, SHARE = 300, 3
"""It is as wide as its texts, up to this many pixels, or to this part of the window where that is more."""


def box_of(rect: QRectF) -> Box:
    """Return Qt's rectangle as a box."""
    return Box(rect.x(), rect.y(), rect.width(), rect.height())


class _Fold(QAbstractButton):
    """Folds the legend to its title, and unfolds it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setCheckable(True)
        self.setFixedSize(BUTTON, BUTTON)
        self.setAccessibleName(tr("Fold the legend"))
        self.setToolTip(tr("Fold or unfold the legend; drag it to move it"))
        self.setCursor(Qt.CursorShape.ArrowCursor)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw a minus, or a plus while it is folded."""
        painter = QPainter(self)
        painter.setPen(QColor(palette.IMAGE_ACCENT if self.hasFocus() or self.underMouse() else palette.IMAGE_TEXT))
        middle = BUTTON // 2
        painter.drawLine(middle - 4, middle, middle + 4, middle)
        if self.isChecked():
            painter.drawLine(middle, middle - 4, middle, middle + 4)


class Legend(QWidget):
    """A ramp and a name for each map, the scale, the method.

    Attributes
    ----------
    to_place : bool
        Whether it shows other maps, or the picture lies elsewhere, since it was placed. While only colours, opacity or
        threshold change it stays where the eye expects it.
    moved : bool
        Whether a person has put it somewhere; it stays there until another image is shown.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.moved, self.to_place = False, False
        self._canvas = parent
        self._layers: tuple[Layer, ...] = ()
        self._scale = ""
        self._held: QPointF | None = None
        font = self.font()
        font.setPixelSize(11)
        self.setFont(font)
        self.setCursor(Qt.CursorShape.SizeAllCursor)
        self.fold = _Fold(self)
        self.fold.toggled.connect(self._fit)
        self.hide()

    def show_layers(self, layers: Sequence[Layer], scale: str) -> None:
        """Show the lines of these maps."""
        before, size = [layer.feature_ids for layer in self._layers], self.size()
        self._layers, self._scale = tuple(layers), scale
        told = self._told()
        self.setAccessibleName(tr("Legend: {names}", names=", ".join(told)))
        self.setToolTip(as_it_is("\n".join((*told, *self._small()))))
        self._fit()
        if self.size() != size or [layer.feature_ids for layer in layers] != before:
            self.to_place = True

    def refit(self) -> None:
        """Take the width that its texts may have now that the window has another size."""
        if self.size() != self.sizeHint():
            self._fit()
            self.to_place = True

    def shown_label(self, layer: Layer) -> str:
        """The name of a map as there is room for it."""
        return self._fitted(layer.label, PADDING + RAMP_WIDTH + 8)

    def forget(self) -> None:
        """Another image is shown: where it lay means nothing there."""
        self.moved = False
        self.hide()

    def place(self, base: QImage, composite: QImage, picture: Box, taken: Sequence[Box]) -> None:
        """Lie where it hides least; where a person has put it, it only stays in sight.

        Parameters
        ----------
        base, composite : QImage
            The window's picture and its heat maps.
        picture : Box
            Where the whole image lies.
        taken : sequence of Box
            Where other texts are.
        """
        self.to_place = False
        if self.moved:
            self._put(self.pos())
            return
        width, height = self._canvas.width(), self._canvas.height()
        small = (max(1, width // FINE), max(1, height // FINE))
        gray = channel(base.scaled(*small), QImage.Format.Format_Grayscale8)
        heat = channel(composite.scaled(*small), QImage.Format.Format_Alpha8).astype(np.float32) / np.float32(255)
        area = Box(0, 0, width, height - STRIP_HEIGHT)
        cost = cost_of_hiding(gray, heat, picture)
        x, y = best_place(cost, area, (self.width(), self.height()), taken, MARGIN)
        self.move(round(x), round(y))

    def sizeHint(self) -> QSize:
        """As wide as its longest line, within reason."""
        metrics = QFontMetricsF(self.font())
        lines = [self._title()]
        if not self.fold.isChecked():
            lines += [layer.label for layer in self._layers] + list(self._small())
        width = max(metrics.horizontalAdvance(line) for line in lines) + 2 * PADDING + RAMP_WIDTH + 8
        if self.fold.isChecked():
            width = metrics.horizontalAdvance(self._title()) + 2 * PADDING + BUTTON + 8
        widest = max(WIDEST, self._canvas.width() // SHARE)
        # A text in a room of its rounded width ends with "…": the fraction of a pixel is what is lacking.
        return QSize(min(widest, math.ceil(width) + 1), len(lines) * self._line() + 8)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw plate and lines."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(12, 14, 18, 190))
        painter.drawRoundedRect(QRectF(self.rect()), 4, 4)
        self._write(painter, self._title(), 4, PADDING, palette.IMAGE_MUTED)
        if self.fold.isChecked():
            return
        y = 4 + self._line()
        for layer in self._layers:
            draw_ramp(painter, QRectF(PADDING, y + 2, RAMP_WIDTH, self._line() - 6), layer)
            self._write(painter, layer.label, y, PADDING + RAMP_WIDTH + 8, palette.IMAGE_TEXT)
            y += self._line()
        for text in self._small():
            self._write(painter, text, y, PADDING, palette.IMAGE_MUTED)
            y += self._line()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of it."""
        self._held = event.position() if event.button() is Qt.MouseButton.LeftButton else None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move it, within the window."""
        if self._held is not None:
            self.moved = True
            self._put((self.mapToParent(event.position()) - self._held).toPoint())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go of it."""
        self._held = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Fold or unfold it."""
        self.fold.toggle()

    def _put(self, place: QPoint) -> None:
        room = self._canvas.size() - self.size()
        x = min(max(0, place.x()), max(0, room.width()))
        self.move(x, min(max(0, place.y()), max(0, room.height())))

    def _fit(self) -> None:
        right = self.x() + self.width()
        self.resize(self.sizeHint())
        self.fold.move(self.width() - BUTTON - 4, 3)
        if self.moved or self.fold.isChecked():
            self._put(QPoint(right - self.width(), self.y()))
        self.update()

    def _title(self) -> str:
        return tr("Heat maps ({count})", count=len(self._layers))

    def _told(self) -> list[str]:
        """Name of each map, and how it is drawn where that is not how the others are."""
        differ = len({layer.threshold for layer in self._layers}) > 1
        looks = [look_text(layer, threshold=differ) for layer in self._layers]
        return [
            f"{layer.label} ({look})" if look else layer.label for layer, look in zip(self._layers, looks, strict=True)
        ]

    def _small(self) -> tuple[str, ...]:
        return (self._scale, *self._methods()) if self._layers else ()

    def _methods(self) -> list[str]:
        """How the maps were made; of the other pack's maps only where they were made otherwise."""
        own = [tr(layer.method) for layer in self._layers if not layer.beside]
        other = [tr(layer.method) for layer in self._layers if layer.beside]
        differ = [method for method in other if own and method not in own]
        return list(dict.fromkeys(own or other)) + [
            tr("other pack: {method}", method=method) for method in dict.fromkeys(differ)
        ]

    def _line(self) -> int:
        return QFontMetrics(self.font()).height() + 3

    def _write(self, painter: QPainter, text: str, y: float, x: float, colour: str) -> None:
        painter.setPen(QColor(colour))
        place = QRectF(x, y, self.width() - x - PADDING, self._line())
        painter.drawText(place, Qt.AlignmentFlag.AlignLeft, self._fitted(text, x))

    def _fitted(self, text: str, x: float) -> str:
        return QFontMetricsF(self.font()).elidedText(text, Qt.TextElideMode.ElideRight, self.width() - x - PADDING)
