"""Opacity and threshold of the heat maps."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSlider, QWidget

from viewer.i18n import tr
from viewer.state.look import MOST_THRESHOLD
from viewer.state.overlay import OverlaySettings
from viewer.theme.text import plain_label


class OverlaySliders(QWidget):
    """Two sliders; values are shares, 0..1."""

    opacity_changed = Signal(float)
    threshold_changed = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.opacity = share_slider(tr("Opacity of the heat maps"))
        self.threshold = share_slider(tr("Threshold of the heat maps"))
        self.threshold.setMaximum(round(100 * MOST_THRESHOLD))
        self.opacity.valueChanged.connect(lambda value: self.opacity_changed.emit(value / 100.0))
        self.threshold.valueChanged.connect(lambda value: self.threshold_changed.emit(value / 100.0))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 8, 0)
        for text, slider in ((tr("Opacity"), self.opacity), (tr("Threshold"), self.threshold)):
            label = plain_label(text, role="muted")
            label.setBuddy(slider)
            layout.addWidget(label)
            layout.addWidget(slider, 1)

    def show_overlay(self, overlay: OverlaySettings) -> None:
        """Show other values without telling anyone."""
        for slider, value in ((self.opacity, overlay.opacity), (self.threshold, overlay.threshold)):
            slider.blockSignals(True)
            slider.setValue(round(100 * value))
            slider.blockSignals(False)


def share_slider(name: str) -> QSlider:
    """Return a slider of a share in percent."""
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setRange(0, 100)
    slider.setAccessibleName(name)
    slider.setToolTip(name)
    return slider
