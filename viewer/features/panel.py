"""The panel of active features: search, order, groups, opacity and threshold of the overlay."""

from __future__ import annotations

import time

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.inference.analysis import Analysis
from engine.report.draft import Draft
from viewer.features.columns import ColumnHeader
from viewer.features.group import GroupBox
from viewer.features.probabilities import ProbabilityBox
from viewer.features.sliders import OverlaySliders
from viewer.i18n import tr
from viewer.state.groups import FeatureGroup, Order, cited_by, in_order
from viewer.state.images import OpenImage, Work
from viewer.state.overlay import OverlaySettings
from viewer.state.results import ResultSet
from viewer.theme.line import Line
from viewer.theme.text import plain_label

FILL_S = 0.006
"""Time for rows before the window gets its turn; a row takes about half a millisecond, and more on busy cores."""

AT_ONCE = 4
"""Rows that are there at once whatever they take."""


class FeaturePanel(QFrame):
    """Lists what fired on the image shown."""

    features_chosen = Signal(tuple)
    switched = Signal(tuple, bool)
    recoloured = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        self.rows: list[GroupBox] = []
        self.groups: tuple[FeatureGroup, ...] = ()
        self._shown: tuple[Analysis | None, str] | None = None
        self._waiting: list[FeatureGroup] = []
        self._cited: frozenset[int] = frozenset()
        self._overlay = OverlaySettings()
        self._marks: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())
        self._next = QTimer(self)
        self._next.setSingleShot(True)
        self._next.timeout.connect(self._fill)
        self.title = plain_label(tr("Features"), role="title")
        self.search = Line()
        self.search.setPlaceholderText(tr("Search features"))
        self.search.setAccessibleName(tr("Search features"))
        self.search.setClearButtonEnabled(True)
        for button in self.search.findChildren(QToolButton):
            button.setAccessibleName(tr("Clear the search"))
        self.search.textChanged.connect(self._filter)
        head = QHBoxLayout()
        head.addWidget(self.title)
        head.addWidget(self.search, 1)
        self.sliders = OverlaySliders()
        self.opacity, self.threshold = self.sliders.opacity, self.sliders.threshold
        self.columns = ColumnHeader()
        self.columns.order_changed.connect(self._sort)
        self.list = QWidget()
        self._rows_layout = QVBoxLayout(self.list)
        self._rows_layout.setContentsMargins(0, 0, 0, 0)
        self._rows_layout.setSpacing(1)
        self._rows_layout.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.area = QScrollArea()
        self.area.setAccessibleName(tr("Active features"))
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setWidget(self.list)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 4, 4)
        layout.addLayout(head)
        layout.addWidget(self.sliders)
        layout.addWidget(self.columns)
        layout.addWidget(self.area, 1)

    def show_image(self, image: OpenImage | None, overlay: OverlaySettings) -> None:
        """List the features of an image, or say why there are none; nothing is done when that is already shown."""
        analysis = image.analysis if image is not None else None
        shown = (analysis, _why_none(image))
        if self._shown is not None and shown[0] is self._shown[0] and shown[1] == self._shown[1]:
            self.show_overlay(overlay)
            return
        self._shown = shown
        self._clear()
        active = analysis is not None and analysis.gate.verdict != "refused"
        for control in (self.search, self.sliders, self.columns):
            control.setEnabled(active)
        self.sliders.show_overlay(overlay)
        if image is None or analysis is None or not active:
            self.title.setText(tr("Features"))
            self._say(_why_none(image))
            return
        self._cited = cited_by(image.history.current if image.history is not None else None)
        self._list(analysis, image.groups, overlay)

    def show_results(self, results: ResultSet, overlay: OverlaySettings) -> None:
        """List the features of an analysis by another pack than the draft's."""
        shown = (results.analysis, results.title)
        if self._shown is not None and shown[0] is self._shown[0]:
            self.show_overlay(overlay)
            return
        self._shown = shown
        self._clear()
        self._cited = frozenset()
        self._list(results.analysis, results.groups, overlay)
        self.title.setText(f"{results.title} ({len(results.analysis.features)})")

    def _list(self, analysis: Analysis, groups: tuple[FeatureGroup, ...], overlay: OverlaySettings) -> None:
        self.groups = in_order(groups, self.columns.order, self._cited)
        self.title.setText(_title(len(analysis.features), len(self.groups)))
        if analysis.observations:
            self._rows_layout.addWidget(ProbabilityBox(analysis.observations))
        self._overlay, self._waiting = overlay, list(self.groups)
        self._fill()
        if not self.rows:
            self._say(tr("No feature is active on this image."))

    def _fill(self) -> None:
        """Add rows for a few milliseconds and let the window breathe before the next: rows cost more than all else."""
        analysis = self._shown[0] if self._shown is not None else None
        end = time.perf_counter() + FILL_S
        while self._waiting and analysis is not None:
            row = GroupBox(self._waiting.pop(0), analysis)
            row.show_overlay(self._overlay)
            row.chosen.connect(self.features_chosen)
            row.switched.connect(self.switched)
            row.recoloured.connect(self.recoloured)
            self.rows.append(row)
            self._rows_layout.addWidget(row)
            row.setVisible(row.group.fits(self.search.text()))
            if time.perf_counter() > end and len(self.rows) >= AT_ONCE:
                break
        if self._waiting:
            self._next.start(0)
        else:
            self._arrange()
            if self._marks != ((), ()):
                self.mark(*self._marks)

    def _sort(self, order: Order) -> None:
        """Let other groups come first."""
        self.groups = in_order(self.groups, order, self._cited)
        self._arrange()
        self.area.verticalScrollBar().setValue(0)

    def show_cited(self, draft: Draft | None) -> None:
        """Follow the draft: what its sentences stand on now comes first, if that is the order; nothing scrolls."""
        cited = cited_by(draft)
        if cited != self._cited:
            self._cited = cited
            self.groups = in_order(self.groups, self.columns.order, cited)
            self._arrange()

    def _arrange(self) -> None:
        """Bring the rows that are there into the order of the groups; those that come later come behind them first."""
        place = {group.key: number for number, group in enumerate(self.groups)}
        wanted = sorted(self.rows, key=lambda row: place[row.group.key])
        self._waiting.sort(key=lambda group: place[group.key])
        if wanted != self.rows:
            self.rows = wanted
            for row in wanted:
                self._rows_layout.addWidget(row)

    def show_overlay(self, overlay: OverlaySettings) -> None:
        """Bring switches, colours and sliders up to date."""
        self._overlay = overlay
        self.sliders.show_overlay(overlay)
        for row in self.rows:
            row.show_overlay(overlay)

    def mark(self, selected: tuple[int, ...], linked: tuple[int, ...]) -> None:
        """Mark the selected features, and those behind the selected sentence."""
        self._marks = (selected, linked)
        for row in self.rows:
            row.mark(selected, linked)
        first = next((row.head for row in self.rows if row.head.mark != "none"), None)
        if first is not None:
            self.area.ensureWidgetVisible(first, 0, 20)
            self.area.horizontalScrollBar().setValue(0)

    def _filter(self, text: str) -> None:
        for row in self.rows:
            row.setVisible(row.group.fits(text))

    def _say(self, text: str) -> None:
        label = plain_label(text, role="muted")
        label.setWordWrap(True)
        label.setContentsMargins(8, 12, 8, 8)
        self._rows_layout.addWidget(label)

    def _clear(self) -> None:
        self.rows, self.groups, self._waiting, self._marks = [], (), [], ((), ())
        self._next.stop()
        while (item := self._rows_layout.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()


def _title(features: int, groups: int) -> str:
    if features == groups:
        return tr("Features ({count})", count=features)
    return tr("Features ({count} in {groups} groups)", count=features, groups=groups)


def _why_none(image: OpenImage | None) -> str:
    """Say why no features are listed."""
    if image is None:
        return tr("Open an image to see its features.")
    if image.analysis is not None:
        return tr("No features: the image was refused [{code}].", code=image.analysis.gate.code)
    if image.problem is not None:
        return tr("No features: the file was not opened [{code}].", code=image.problem.code)
    if image.work in (Work.FAILED, Work.CANCELLED) and image.analysis_problem is not None:
        return tr("No features: the image was not analysed [{code}].", code=image.analysis_problem.code)
    return tr("The image is being analysed…")
