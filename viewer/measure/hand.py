"""The hand that draws, takes hold of, moves and removes measurements on the canvas."""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import QObject, QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter

from engine.dicom.radiograph import Radiograph
from engine.measure.geometry import scale_of
from engine.measure.shapes import Kind, Measurement, Point
from engine.measure.values import Reading
from viewer.i18n import tr
from viewer.image.canvas import Canvas
from viewer.image.mouse import DRAG_SLOP
from viewer.measure.drawing import draw_measurement
from viewer.measure.grip import Grip
from viewer.measure.stroke import Stroke, measurement_of
from viewer.measure.words import CALIBRATE, HINTS, NAMES, lines_of, spoken
from viewer.state.board import Board

ARROWS = {
    Qt.Key.Key_Left: (-1.0, 0.0),
    Qt.Key.Key_Right: (1.0, 0.0),
    Qt.Key.Key_Up: (0.0, -1.0),
    Qt.Key.Key_Down: (0.0, 1.0),
}
FAR = 10.0
"""Pixels of the image that an arrow key moves a measurement by with Shift; without, one."""


class MeasureHand(QObject):
    """A tool of the canvas; what it makes goes to the board.

    A point is set by a click or by the end of a drag, whichever a person prefers. After one measurement the left button
    windows again; Escape gives a tool up.
    """

    tool_changed = Signal(str)
    told = Signal(str)
    text_wanted = Signal(object)
    """Emits a function that takes the text of a new annotation."""
    length_wanted = Signal(object)
    """Emits the line of a calibration."""

    def __init__(self, canvas: Canvas, board: Board) -> None:
        super().__init__(canvas)
        self.tool = ""
        self._canvas, self._board = canvas, board
        self._stroke, self._grip = Stroke(), Grip(board)
        self._pressed: QPointF | None = None
        self._drawn_on: Radiograph | None = board.radiograph
        canvas.tool = self
        board.changed.connect(lambda _none: self._on_board())

    def work_on(self, canvas: Canvas) -> None:
        """Go on to another canvas, with the tool that is held; what was half drawn stays behind."""
        if canvas is not self._canvas:
            self._forget_drawing()
            self._canvas.unsetCursor()
            self._canvas = canvas
            canvas.setCursor(Qt.CursorShape.CrossCursor if self.tool else Qt.CursorShape.ArrowCursor)
        canvas.tool = self

    def _forget_drawing(self) -> None:
        self._pressed = None
        self._stroke.forget()
        self._grip.forget()
        self._grip.plates = {}

    def take(self, tool: str) -> None:
        """Take up a tool, or with an empty name none; the same one again is put down."""
        tool = "" if tool == self.tool else tool
        self.tool = tool
        self._stroke.forget()
        self._canvas.setCursor(Qt.CursorShape.CrossCursor if tool else Qt.CursorShape.ArrowCursor)
        if tool:
            self._board.select("")
            self._canvas.setFocus()
            self.told.emit(tr(HINTS[tool]))
        self._canvas.update()
        self.tool_changed.emit(tool)

    # what the canvas asks

    def press(self, event: QMouseEvent) -> bool:
        """Set a point, or take hold of what is there."""
        if event.button() is not Qt.MouseButton.LeftButton or self._board.radiograph is None:
            return False
        place = event.position()
        if self.tool:
            self._pressed = place
            self._add(self._canvas.image_point(place))
            return True
        found = self._grip.find(self._canvas, place)
        self._board.select(found.item.key if found is not None else "")
        if found is None:
            return False
        self._grip.take(found, self._canvas.image_point(place))
        self._pressed = place
        return True

    def move(self, event: QMouseEvent) -> bool:
        """Draw out a line, move what is held, or show what could be taken."""
        place = event.position()
        if self._grip.holds and self._pressed is not None:
            if self._grip.moving is not None or _far(place, self._pressed):
                self._grip.move(self._canvas.image_point(place))
                self._canvas.update()
            return True
        if self.tool and self._stroke.points:
            self._stroke.rubber = self._canvas.image_point(place)
            self._canvas.update()
            return True
        if self.tool:
            return self._pressed is not None
        if not event.buttons():
            over = self._board.radiograph is not None and self._grip.find(self._canvas, place) is not None
            self._canvas.setCursor(Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor)
        return False

    def release(self, event: QMouseEvent) -> bool:
        """End a line where the button is let go, or put down what is held."""
        if event.button() is not Qt.MouseButton.LeftButton or self._pressed is None:
            return False
        started, self._pressed = self._pressed, None
        if self._grip.holds:
            moved = self._grip.put_down()
            if moved is not None:
                self._board.put(tr("change measurement"), moved)
            self._canvas.update()
        elif self.tool and self._stroke.points and _far(event.position(), started):
            self._add(self._canvas.image_point(event.position()))
        return True

    def wants(self, event: QKeyEvent) -> bool:
        """Escape ends a tool or a selection; Delete and the arrows work on what is selected."""
        busy = bool(self.tool or self._board.selected)
        return (busy and event.key() == Qt.Key.Key_Escape) or (bool(self._board.selected) and event.key() in _KEYS)

    def key(self, event: QKeyEvent) -> bool:
        """Do what `wants` says."""
        if not self.wants(event):
            return False
        if event.key() == Qt.Key.Key_Escape:
            if self.tool:
                self.take(self.tool)
            else:
                self._board.select("")
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._board.remove_selected()
            # What the status bar said of it is gone with it.
            self.told.emit("")
        else:
            far = FAR if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1.0
            self._nudge(*(far * step for step in ARROWS[Qt.Key(event.key())]))
        return True

    def paint(self, painter: QPainter) -> None:
        """Draw everything that was measured on the image shown, and what is being drawn."""
        board = self._board
        if board.radiograph is None or board.radiograph is not self._canvas.radiograph:
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._grip.plates, moving = {}, self._grip.moving
        for item in sorted(board.items, key=lambda each: each.key == board.selected):
            shown = moving if moving is not None and moving.key == item.key else item
            reading = board.reading(shown, pixels=shown is item)
            self._draw(painter, shown, reading, selected=item.key == board.selected)
        drawing = self._stroke.drawing(self.tool)
        if drawing is not None:
            self._draw(painter, drawing, board.reading(drawing, pixels=False), selected=True)
        painter.restore()

    # drawing

    def _draw(self, painter: QPainter, item: Measurement, reading: Reading, *, selected: bool) -> None:
        sheet, radiograph = self._board.sheet, self._board.radiograph
        if sheet is None or radiograph is None:
            return
        scale = scale_of(sheet.spacing(radiograph.spacing))
        plate = draw_measurement(painter, self._canvas, item, lines_of(reading), scale, selected=selected)
        if plate is not None:
            self._grip.plates[item.key] = plate

    def _add(self, point: Point) -> None:
        radiograph = self._board.radiograph
        slop = DRAG_SLOP / self._canvas.view.scale
        if radiograph is None or not self._stroke.add(self.tool, point, radiograph, slop):
            return
        tool, points = self.tool, tuple(self._stroke.points)
        self.take(tool)
        if tool == CALIBRATE:
            self.length_wanted.emit((points[0], points[1]))
            return
        self._finish(tool, points, radiograph.rows)

    def _finish(self, tool: str, points: tuple[Point, ...], rows: int) -> None:
        sheet, radiograph = self._board.sheet, self._board.radiograph
        if sheet is None or radiograph is None:
            return
        scale = scale_of(sheet.spacing(radiograph.spacing))
        made = measurement_of(self._board.new_key(), tool, points, rows, scale)
        if tool in (Kind.TEXT, Kind.ARROW):
            self.text_wanted.emit(self._with_text(made))
        if tool != Kind.TEXT:
            self._keep(made)

    def _with_text(self, made: Measurement) -> Callable[[str], None]:
        """What becomes of the text of a new annotation; on another image nothing does."""
        radiograph = self._board.radiograph

        def keep(text: str) -> None:
            if text.strip() and self._board.radiograph is radiograph:
                self._keep(Measurement(made.key, made.kind, made.points, text.strip()))

        return keep

    def _keep(self, made: Measurement) -> None:
        self._board.put(tr("measure: {name}", name=tr(NAMES[made.kind])), made)

    def _nudge(self, columns: float, rows: float) -> None:
        image, sheet = self._board.radiograph, self._board.sheet
        item = sheet.find(self._board.selected) if sheet is not None else None
        if item is not None and image is not None:
            dx, dy = self._canvas.image_step(columns, rows)
            self._board.put(tr("nudge measurement"), item.moved(dx, dy).within(image.columns, image.rows))

    def _on_board(self) -> None:
        self._grip.forget()
        if self._board.radiograph is not self._drawn_on:
            # Half a line of one image is none of another.
            self._drawn_on = self._board.radiograph
            self._forget_drawing()
        if self._board.radiograph is None and self.tool:
            self.take(self.tool)
        item = self._board.sheet.find(self._board.selected) if self._board.sheet is not None else None
        if item is not None:
            self.told.emit(spoken(self._board.reading(item)))
        self._canvas.update()


_KEYS = frozenset({Qt.Key.Key_Delete, Qt.Key.Key_Backspace, *ARROWS})


def _far(a: QPointF, b: QPointF) -> bool:
    return math.hypot(a.x() - b.x(), a.y() - b.y()) >= DRAG_SLOP
