"""The panes in rows and columns."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from viewer.hanging.pane import Pane
from viewer.i18n import tr
from viewer.state.hanging import LAYOUTS
from viewer.theme.text import plain_label


class Panes(QWidget):
    """Shows as many panes as a layout has; those never needed are never made.

    Attributes
    ----------
    away : list of Pane
        Those in a window of their own: they keep their place in the layout, and the others share its room meanwhile.
    """

    made = Signal(object)
    """A `Pane` that is new."""
    returned = Signal(object)
    """A `Pane` that was away and has no place in the layout any more."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(0)
        self._empty = plain_label(
            tr("The images are in windows of their own; closing one brings it back."), parent=self
        )
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self._empty.hide()
        self.each: list[Pane] = [Pane(self)]
        self.away: list[Pane] = []
        self.layout_name = ""
        self.set_layout("1x1")

    @property
    def shown(self) -> list[Pane]:
        """The panes in sight, row by row, here or in windows of their own."""
        rows, columns = LAYOUTS[self.layout_name]
        return self.each[: rows * columns]

    def set_layout(self, name: str) -> None:
        """Show the panes of a layout; all of a row are equally wide, all rows equally high."""
        rows, columns = LAYOUTS[name]
        self._make(rows * columns)
        self.layout_name = name
        for pane in [pane for pane in self.away if pane not in self.shown]:
            self.away.remove(pane)
            self._take(pane)
            self.returned.emit(pane)
        self._arrange()

    def send_away(self, pane: Pane) -> None:
        """Leave a pane to another window."""
        self.away.append(pane)
        self._arrange()

    def bring_back(self, pane: Pane) -> None:
        """Take a pane back from another window, to its place."""
        self.away.remove(pane)
        self._take(pane)
        self._arrange()

    def hold_magnifiers(self, held: bool = True) -> None:
        """Show the lens, or no longer, on the image that the mouse is over."""
        for pane in self.each:
            pane.canvas.hold_magnifier(held)

    def swap(self, a: int, b: int) -> None:
        """Let two panes change places, with view, window and orientation."""
        self._make(max(a, b) + 1)
        self.each[a], self.each[b] = self.each[b], self.each[a]

    def _arrange(self) -> None:
        rows, columns = LAYOUTS[self.layout_name]
        for widget in (*self.each, self._empty):
            self._grid.removeWidget(widget)
        here = [pane for pane in self.each if pane not in self.away]
        for pane in here:
            pane.setVisible(pane in self.shown)
        places = {pane: divmod(n, columns) for n, pane in enumerate(self.shown) if pane in here}
        for pane, (row, column) in places.items():
            self._grid.addWidget(pane, row, column)
        for line in range(2):
            # A row or column whose panes are all away gives its room to the others.
            self._grid.setRowStretch(line, int(line < rows and any(row == line for row, _ in places.values())))
            self._grid.setColumnStretch(line, int(line < columns and any(c == line for _, c in places.values())))
        self._empty.setVisible(not places)
        if not places:
            self._grid.addWidget(self._empty, 0, 0, 2, 2)

    def _take(self, pane: Pane) -> None:
        pane.hide()
        pane.setParent(self)

    def _make(self, count: int) -> None:
        while len(self.each) < count:
            pane = Pane(self)
            pane.hide()
            self.each.append(pane)
            self.made.emit(pane)
