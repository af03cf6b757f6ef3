"""The measurements of an image that hangs beside the one worked on: seen, and not changed there."""

from __future__ import annotations

from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter

from engine.measure.geometry import scale_of
from engine.measure.shapes import Measurement
from engine.measure.values import Reading, read
from viewer.image.canvas import Canvas
from viewer.measure.drawing import draw_measurement
from viewer.measure.words import lines_of
from viewer.state.board import Board


class ShownMeasures:
    """A tool of a canvas that only paints."""

    def __init__(self, canvas: Canvas, board: Board) -> None:
        self._canvas, self._board = canvas, board
        self._read: dict[Measurement, Reading] = {}
        self._of: object = None

    def press(self, event: QMouseEvent) -> bool:
        """Take nothing."""
        return False

    def move(self, event: QMouseEvent) -> bool:
        """Take nothing."""
        return False

    def release(self, event: QMouseEvent) -> bool:
        """Take nothing."""
        return False

    def wants(self, event: QKeyEvent) -> bool:
        """Need no key."""
        return False

    def key(self, event: QKeyEvent) -> bool:
        """Do nothing."""
        return False

    def paint(self, painter: QPainter) -> None:
        """Draw what was measured on the image of this canvas."""
        radiograph = self._canvas.radiograph
        if radiograph is None:
            return
        sheet = self._board.sheet_of(radiograph)
        of = (radiograph.pixel_sha256, sheet.calibration)
        if of != self._of:
            self._of, self._read = of, {}
        spacing = sheet.spacing(radiograph.spacing)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for item in sheet.items:
            if item not in self._read:
                self._read[item] = read(item, radiograph, spacing)
            draw_measurement(painter, self._canvas, item, lines_of(self._read[item]), scale_of(spacing), selected=False)
        painter.restore()
