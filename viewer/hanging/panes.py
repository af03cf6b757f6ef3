"""The panes in rows and columns."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from viewer.hanging.pane import Pane
from viewer.state.hanging import LAYOUTS


class Panes(QWidget):
    """Shows as many panes as a layout has; those never needed are never made."""

    made = Signal(object)
    """A `Pane` that is new."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(0)
        self.each: list[Pane] = [Pane(self)]
        self.layout_name = ""
        self.set_layout("1x1")

    @property
    def shown(self) -> list[Pane]:
        """The panes in sight, row by row."""
        rows, columns = LAYOUTS[self.layout_name]
        return self.each[: rows * columns]

    def set_layout(self, name: str) -> None:
        """Show the panes of a layout; all of a row are equally wide, all rows equally high."""
        rows, columns = LAYOUTS[name]
        self._make(rows * columns)
        self.layout_name = name
        for pane in self.each:
            self._grid.removeWidget(pane)
        for number, pane in enumerate(self.each):
            pane.setVisible(number < rows * columns)
            if number < rows * columns:
                self._grid.addWidget(pane, number // columns, number % columns)
        for line in range(2):
            self._grid.setRowStretch(line, int(line < rows))
            self._grid.setColumnStretch(line, int(line < columns))

    def swap(self, a: int, b: int) -> None:
        """Let two panes change places, with view, window and orientation."""
        self._make(max(a, b) + 1)
        self.each[a], self.each[b] = self.each[b], self.each[a]

    def _make(self, count: int) -> None:
        while len(self.each) < count:
            pane = Pane(self)
            pane.hide()
            self.each.append(pane)
            self.made.emit(pane)
