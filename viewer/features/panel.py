"""The panel of active features: search, switches, colours, opacity and threshold of the overlay."""

from __future__ import annotations

import time

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.inference.analysis import ActiveFeature, Analysis
from viewer.features.probabilities import ProbabilityBox
from viewer.features.row import FeatureRow
from viewer.i18n import tr
from viewer.state.images import OpenImage, Work
from viewer.state.overlay import OverlaySettings
from viewer.theme.line import Line
from viewer.theme.text import plain_label

FILL_S = 0.008
"""Time for rows before the window gets its turn; a row takes about a third of a millisecond, and more on busy cores."""

AT_ONCE = 4
"""Rows that are there at once whatever they take."""


class FeaturePanel(QFrame):
    """Lists what fired on the image shown."""

    feature_chosen = Signal(int)
    switched = Signal(int, bool)
    recoloured = Signal(int, str)
    opacity_changed = Signal(float)
    threshold_changed = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        self.rows: list[FeatureRow] = []
        self._shown: tuple[Analysis | None, str] | None = None
        self._waiting: list[ActiveFeature] = []
        self._overlay = OverlaySettings()
        self._marks: tuple[int | None, tuple[int, ...]] = (None, ())
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
        self.opacity = _slider(tr("Opacity of the heat maps"))
        self.threshold = _slider(tr("Threshold of the heat maps"))
        self.threshold.setMaximum(95)
        self.opacity.valueChanged.connect(lambda value: self.opacity_changed.emit(value / 100.0))
        self.threshold.valueChanged.connect(lambda value: self.threshold_changed.emit(value / 100.0))
        sliders = QHBoxLayout()
        for text, slider in ((tr("Opacity"), self.opacity), (tr("Threshold"), self.threshold)):
            label = plain_label(text, role="muted")
            label.setBuddy(slider)
            sliders.addWidget(label)
            sliders.addWidget(slider, 1)
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
        layout.addLayout(sliders)
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
        for control in (self.search, self.opacity, self.threshold):
            control.setEnabled(active)
        self._set_sliders(overlay)
        if analysis is None or not active:
            self.title.setText(tr("Features"))
            self._say(_why_none(image))
            return
        self.title.setText(tr("Features ({count})", count=len(analysis.features)))
        if analysis.observations:
            self._rows_layout.addWidget(ProbabilityBox(analysis.observations))
        self._overlay, self._waiting = overlay, list(analysis.features)
        self._fill()
        if not self.rows:
            self._say(tr("No feature is active on this image."))

    def _fill(self) -> None:
        """Add rows for a few milliseconds and let the window breathe before the next: rows cost more than all else."""
        analysis = self._shown[0] if self._shown is not None else None
        end = time.perf_counter() + FILL_S
        while self._waiting and analysis is not None:
            feature, rank = self._waiting.pop(0), len(self.rows)
            row = FeatureRow(feature, self._overlay.colour(feature.id, rank), feature.id in analysis.maps)
            row.set_on(feature.id in self._overlay.visible)
            row.chosen.connect(self.feature_chosen)
            row.switched.connect(self.switched)
            row.recoloured.connect(self.recoloured)
            self.rows.append(row)
            self._rows_layout.addWidget(row)
            row.setVisible(_fits(feature, self.search.text()))
            if time.perf_counter() > end and len(self.rows) >= AT_ONCE:
                break
        if self._waiting:
            self._next.start(0)
        elif self._marks != (None, ()):
            self.mark(*self._marks)

    def show_overlay(self, overlay: OverlaySettings) -> None:
        """Bring switches, colours and sliders up to date."""
        self._overlay = overlay
        self._set_sliders(overlay)
        for rank, row in enumerate(self.rows):
            row.set_on(row.feature.id in overlay.visible)
            row.set_colour(overlay.colour(row.feature.id, rank))

    def mark(self, selected: int | None, linked: tuple[int, ...]) -> None:
        """Mark the selected feature, and those behind the selected sentence."""
        self._marks = (selected, linked)
        for row in self.rows:
            row.set_mark(row.feature.id == selected, row.feature.id in linked)
        first = next((row for row in self.rows if row.feature.id in linked or row.feature.id == selected), None)
        if first is not None:
            self.area.ensureWidgetVisible(first, 0, 20)
            self.area.horizontalScrollBar().setValue(0)

    def _set_sliders(self, overlay: OverlaySettings) -> None:
        for slider, value in ((self.opacity, overlay.opacity), (self.threshold, overlay.threshold)):
            slider.blockSignals(True)
            slider.setValue(round(100 * value))
            slider.blockSignals(False)

    def _filter(self, text: str) -> None:
        for row in self.rows:
            row.setVisible(_fits(row.feature, text))

    def _say(self, text: str) -> None:
        label = plain_label(text, role="muted")
        label.setWordWrap(True)
        label.setContentsMargins(8, 12, 8, 8)
        self._rows_layout.addWidget(label)

    def _clear(self) -> None:
        self.rows, self._waiting, self._marks = [], [], (None, ())
        self._next.stop()
        while (item := self._rows_layout.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()


def _fits(feature: ActiveFeature, search: str) -> bool:
    """Whether a feature's line holds every word of the search."""
    f = feature
    content = f"{f.id} {f.description} {f.observation} {f.location} {f.laterality}".casefold()
    return all(word in content for word in search.casefold().split())


def _slider(name: str) -> QSlider:
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setRange(0, 100)
    slider.setAccessibleName(name)
    slider.setToolTip(name)
    return slider


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
