"""One active feature in the panel."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QCheckBox, QColorDialog, QHBoxLayout, QVBoxLayout, QWidget

from engine.inference.analysis import ActiveFeature
from viewer.features.bar import ShareBar
from viewer.features.swatch import Swatch
from viewer.i18n import tr
from viewer.theme.elided import ElidedLabel
from viewer.theme.marked import MarkedRow
from viewer.theme.text import plain_label


class FeatureRow(MarkedRow):
    """Switch and colour of its map, description, strength; a click selects it."""

    chosen = Signal(int)
    switched = Signal(int, bool)
    recoloured = Signal(int, str)

    def __init__(self, feature: ActiveFeature, colour: str, has_map: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.feature = feature
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(tr("Feature {id}: {text}", id=feature.id, text=feature.description))
        self.setAccessibleDescription(tr("percentile {p}", p=f"{feature.percentile:.0f}"))
        self.switch = QCheckBox()
        self.switch.setAccessibleName(tr("Show the map of: {text}", text=feature.description))
        self.switch.setToolTip(tr("Show its heat map") if has_map else tr("This feature has no map"))
        self.switch.setEnabled(has_map)
        self.switch.toggled.connect(lambda on: self.switched.emit(feature.id, on))
        self.swatch = Swatch()
        self.swatch.setAccessibleName(tr("Colour of: {text}", text=feature.description))
        self.swatch.setToolTip(tr("Choose the colour of its map"))
        self.swatch.clicked.connect(self._choose_colour)
        self.text = plain_label(feature.description or tr("feature {id} (not described)", id=feature.id))
        self.text.setWordWrap(True)
        self.setToolTip(self._reliability())
        self.bar = ShareBar(feature.percentile / 100.0, colour)
        self.bar.setAccessibleName(tr("percentile {p}", p=f"{feature.percentile:.0f}"))
        numbers = plain_label(f"P{feature.percentile:.0f}   {feature.activation:.2f}")
        numbers.setProperty("role", "small")
        numbers.setToolTip(tr("P: percentile among the images on which this feature is active; then its activation"))
        detail = ElidedLabel(self._detail(), role="small")
        low = QHBoxLayout()
        self.bar.setFixedWidth(110)
        numbers.setFixedWidth(80)
        low.addWidget(detail, 1)
        low.addWidget(self.bar)
        low.addWidget(numbers)
        body = QVBoxLayout()
        body.setSpacing(2)
        body.addWidget(self.text)
        body.addLayout(low)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 5, 8, 5)
        layout.addWidget(self.switch, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self.swatch, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(body, 1)
        self.set_colour(colour)

    def _detail(self) -> str:
        f = self.feature
        parts = [
            f"#{f.id}",
            "" if f.reportable else tr("not for drafts"),
            f.observation,
            f.polarity if f.polarity != "present" else "",
            f.laterality if f.laterality != "none" else "",
        ]
        return "  ".join(p for p in parts if p)

    def _reliability(self) -> str:
        """How far the description can be relied on."""
        share = f"{100 * self.feature.label_score:.0f}"
        score = tr("Description right in {share} % of held-out reports (50 % is chance).", share=share)
        return score if self.feature.reportable else score + " " + tr("Too unsure for a draft.")

    def set_colour(self, colour: str) -> None:
        """Show this colour in the swatch and the bar."""
        self.swatch.set_colour(colour)
        self.bar.set_colour(colour)

    def set_on(self, on: bool) -> None:
        """Show the switch as on or off without telling anyone."""
        self.switch.blockSignals(True)
        self.switch.setChecked(on)
        self.switch.blockSignals(False)

    def _choose_colour(self) -> None:
        colour = QColorDialog.getColor(QColor(self.bar.colour), self, tr("Colour of the map"))
        if colour.isValid():
            self.recoloured.emit(self.feature.id, colour.name())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Select the feature."""
        self.chosen.emit(self.feature.id)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Switch its map."""
        self.switch.toggle()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter selects, M switches the map."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.chosen.emit(self.feature.id)
        elif event.key() == Qt.Key.Key_M and self.switch.isEnabled():
            self.switch.toggle()
        else:
            super().keyPressEvent(event)
