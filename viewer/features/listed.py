"""The lines of the features below their headings: made a few at a time, arranged, searched and marked."""

from __future__ import annotations

import time
from collections.abc import Collection

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.inference.analysis import Analysis
from viewer.features.group import GroupBox
from viewer.features.heading import PartHeading
from viewer.state.groups import FeatureGroup
from viewer.state.listing import ALL, MUTED, Listing, Part
from viewer.state.overlay import OverlaySettings
from viewer.theme.text import plain_label

FILL_S = 0.006
"""Time for rows before the window gets its turn; a row takes about half a millisecond, and more on busy cores."""

AT_ONCE = 4
"""Rows that are there at once whatever they take."""


class FeatureList(QWidget):
    """Lists groups of features; each row comes in the state that holds when it comes."""

    features_chosen = Signal(tuple)
    switched = Signal(tuple, bool)
    recoloured = Signal(str, str)
    menu_wanted = Signal(tuple, QPoint)
    """Features of the line on which a menu is wanted, and where on the screen."""
    marked = Signal(QWidget)
    """A line that is marked now and should be seen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.parts: tuple[Part, ...] = ()
        self.headings: dict[str, PartHeading] = {}
        self._rows: dict[str, GroupBox] = {}
        self._groups: tuple[FeatureGroup, ...] = ()
        self._analysis: Analysis | None = None
        self._listing = Listing()
        self._cited: Collection[int] = frozenset()
        self._overlay = OverlaySettings()
        self._search = ""
        self._marks: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())
        self._placed: list[QWidget] = []
        self._next = QTimer(self)
        self._next.setSingleShot(True)
        self._next.timeout.connect(self._fill)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(1)
        self.column.setAlignment(Qt.AlignmentFlag.AlignTop)

    @property
    def groups(self) -> tuple[FeatureGroup, ...]:
        """All groups, in the order in which they stand."""
        return tuple(group for part in self.parts for group in part.groups)

    @property
    def rows(self) -> list[GroupBox]:
        """The lines that are there, in the order in which they stand."""
        return [self._rows[group.key] for group in self.groups if group.key in self._rows]

    # what is listed

    def list_groups(
        self, groups: tuple[FeatureGroup, ...], analysis: Analysis, cited: Collection[int], overlay: OverlaySettings
    ) -> None:
        """List the features of an analysis; the list was cleared before."""
        self._groups, self._analysis, self._cited, self._overlay = groups, analysis, cited, overlay
        self._part()
        self._fill()

    def say(self, text: str) -> None:
        """Write a text where no line is."""
        label = plain_label(text, role="muted")
        label.setWordWrap(True)
        label.setContentsMargins(8, 12, 8, 8)
        self.column.addWidget(label)

    def clear(self) -> None:
        """Take everything out."""
        self._next.stop()
        self._groups, self.parts, self._analysis, self._marks = (), (), None, ((), ())
        self._rows, self.headings, self._placed = {}, {}, []
        while (item := self.column.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()

    # how it is listed

    def arrange(self, listing: Listing) -> None:
        """List in another order, or with other headings."""
        self._listing = listing
        self._part()

    def show_cited(self, cited: Collection[int]) -> None:
        """Follow the draft."""
        if cited != self._cited:
            self._cited = cited
            self._part()

    def show_overlay(self, overlay: OverlaySettings) -> None:
        """Bring switches and colours up to date, and move what is muted or no longer."""
        before, self._overlay = self._overlay, overlay
        for row in self._rows.values():
            row.show_overlay(overlay)
        if overlay.muted != before.muted:
            self._part()

    def filter(self, search: str) -> None:
        """List only what fits a search."""
        self._search = search
        self._show()

    def mark(self, selected: tuple[int, ...], linked: tuple[int, ...]) -> None:
        """Mark the selected features, and those behind the selected sentence; a heading answers for hidden lines."""
        self._marks = (selected, linked)
        for row in self._rows.values():
            row.mark(selected, linked)
        muted = self.headings.get(MUTED)
        if muted is not None:
            ids = {i for part in self.parts if part.name == MUTED for group in part.groups for i in group.ids}
            muted.set_mark(False, not muted.is_open and bool(ids & {*selected, *linked}))
        first = next((row.head for row in self.rows if row.head.mark != "none" and not row.isHidden()), None)
        if first is not None:
            self.marked.emit(first)

    # lines and headings

    def _fill(self) -> None:
        """Add rows for a few milliseconds and let the window breathe before the next: rows cost more than all else."""
        end, analysis = time.perf_counter() + FILL_S, self._analysis
        waiting = [group for group in self.groups if group.key not in self._rows]
        while waiting and analysis is not None:
            group = waiting.pop(0)
            self._rows[group.key] = self._make(group, analysis)
            if time.perf_counter() > end and len(self._rows) >= AT_ONCE:
                break
        self._place()
        if waiting:
            self._next.start(0)
        elif self._marks != ((), ()):
            self.mark(*self._marks)

    def _make(self, group: FeatureGroup, analysis: Analysis) -> GroupBox:
        row = GroupBox(group, analysis)
        row.show_overlay(self._overlay)
        row.chosen.connect(self.features_chosen)
        row.switched.connect(self.switched)
        row.recoloured.connect(self.recoloured)
        row.menu_wanted.connect(self.menu_wanted)
        return row

    def _part(self) -> None:
        self.parts = self._listing.parts(self._groups, self._cited, self._overlay)
        self._place()
        self.mark(*self._marks)

    def _place(self) -> None:
        """Bring headings and the rows that are there into order; what stands right already is left alone."""
        wanted: list[QWidget] = []
        for part in self.parts:
            its = [self._rows[group.key] for group in part.groups if group.key in self._rows]
            if its and part.name != ALL:
                wanted.append(self._heading(part.name))
            wanted += its
        same = wanted[: len(self._placed)] == self._placed
        for widget in wanted[len(self._placed) if same else 0 :]:
            self.column.addWidget(widget)
        self._placed = wanted
        self._show()

    def _heading(self, name: str) -> PartHeading:
        if name not in self.headings:
            self.headings[name] = PartHeading(name)
            self.headings[name].opened.connect(self._open)
        return self.headings[name]

    def _open(self) -> None:
        self._show()
        self.mark(*self._marks)

    def _show(self) -> None:
        """Show the lines that fit the search, muted ones only where they are asked for, and the headings of those."""
        named = {part.name: part for part in self.parts}
        for name, heading in self.headings.items():
            if name in named:
                heading.show_part(named[name], self._cited, self._search)
            else:
                heading.hide()
        for part in self.parts:
            listed = part.name == ALL or part.name not in self.headings or self.headings[part.name].is_open
            for group in part.groups:
                if group.key in self._rows:
                    self._rows[group.key].setVisible(listed and group.fits(self._search))
