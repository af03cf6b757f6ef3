"""What the actions of the measuring menu do, and the two questions that measuring asks."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QInputDialog, QWidget

from engine.errors import SaeRadError
from engine.measure.shapes import Kind, Point
from engine.measure.sheet import calibrate
from viewer.i18n import tr
from viewer.measure.hand import MeasureHand
from viewer.measure.words import CALIBRATE
from viewer.state.images import Problem

if TYPE_CHECKING:
    from viewer.image.canvas import Canvas
    from viewer.state.session import Session

TOOLS: dict[str, str] = {f"measure_{kind.value}": kind.value for kind in Kind} | {"measure_calibrate": CALIBRATE}
"""Action → tool."""


class MeasureCommands(QObject):
    """Connects the session's board with the canvas, and the actions with both."""

    tool_changed = Signal(str)
    told = Signal(str)
    changed = Signal()

    def __init__(self, window: QWidget, session: Session, canvas: Canvas) -> None:
        super().__init__(window)
        self._window, self._session, self._board, self._canvas = window, session, session.board, canvas
        self._hand = MeasureHand(canvas, session.board)
        self._hand.tool_changed.connect(self.tool_changed)
        self._hand.told.connect(self.told)
        self._hand.text_wanted.connect(self._ask_text)
        self._hand.length_wanted.connect(self._ask_length)
        self._board.changed.connect(lambda _none: self._on_board())

    def work_on(self, canvas: Canvas) -> None:
        """Measure on another canvas from now on: that of the active pane."""
        self._canvas = canvas
        self._hand.work_on(canvas)

    def handlers(self) -> dict[str, Callable[[], object]]:
        """Return a handler for each action id."""
        found: dict[str, Callable[[], object]] = {name: partial(self._hand.take, tool) for name, tool in TOOLS.items()}
        found["measure_next"] = self._next
        found["measure_delete"] = self._delete
        found["measure_clear"] = self._clear
        found["measure_uncalibrate"] = self._uncalibrate
        return found

    def _next(self) -> None:
        self._canvas.setFocus()
        self._board.step(1)

    def _delete(self) -> None:
        self._board.remove_selected()
        self.told.emit("")

    def _clear(self) -> None:
        sheet = self._board.sheet
        if sheet is not None:
            for item in sheet.items:
                sheet = sheet.without(item.key)
            self._board.change(tr("delete all measurements"), sheet)
            self.told.emit("")

    def _uncalibrate(self) -> None:
        if self._board.sheet is not None:
            self._board.change(tr("forget the calibration"), self._board.sheet.calibrated(None))

    def _on_board(self) -> None:
        sheet = self._board.sheet
        by_hand = sheet is not None and sheet.calibration is not None
        self._canvas.set_spacing(sheet.calibration.spacing if by_hand and sheet and sheet.calibration else None)
        self.changed.emit()

    # questions

    def _ask_text(self, keep: Callable[[str], None]) -> None:
        dialog = self._dialog(tr("Text"), tr("Text of the annotation"))
        dialog.setInputMode(QInputDialog.InputMode.TextInput)
        dialog.textValueSelected.connect(keep)
        dialog.open()

    def _ask_length(self, line: tuple[Point, Point]) -> None:
        radiograph = self._board.radiograph
        dialog = self._dialog(tr("Calibration by hand"), tr("Length of this line in millimetres"))
        dialog.setInputMode(QInputDialog.InputMode.DoubleInput)
        dialog.setDoubleRange(0.1, 9999.9)
        dialog.setDoubleDecimals(1)
        dialog.setDoubleValue(100.0)

        def keep(length: float) -> None:
            sheet = self._board.sheet
            if sheet is None or radiograph is None or self._board.radiograph is not radiograph:
                return
            try:
                found = calibrate(line, length, radiograph.spacing)
            except SaeRadError as error:
                self._board.noticed.emit(Problem.of(error))
            else:
                self._board.change(tr("calibrate by hand"), sheet.calibrated(found))

        dialog.doubleValueSelected.connect(keep)
        dialog.open()

    def _dialog(self, title: str, label: str) -> QInputDialog:
        dialog = QInputDialog(self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle(title)
        dialog.setLabelText(label)
        return dialog
