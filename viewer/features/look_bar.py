"""How the map of the chosen features is drawn: opacity, threshold, heat or contour lines; muting."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from viewer.features.sliders import share_slider
from viewer.i18n import tr
from viewer.state.groups import FeatureGroup
from viewer.state.look import LEAST_OPACITY, MOST_THRESHOLD, PLAIN, MapLook
from viewer.state.overlay import OverlaySettings
from viewer.theme.elided import ElidedLabel
from viewer.theme.text import plain_label


class LookBar(QWidget):
    """Controls of one group of features; hidden while none is chosen."""

    look_wanted = Signal(str, object, str)
    """Key of the group, its `MapLook`, and which of the controls was used."""
    mute_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.group: FeatureGroup | None = None
        self._look = PLAIN
        self.name = ElidedLabel(role="muted")
        self.mute = _button("")
        self.plain = _button(tr("As all maps"))
        self.plain.setToolTip(tr("Draw this map as all maps are drawn"))
        self.opacity, self.threshold = share_slider(""), share_slider("")
        self.opacity.setMinimum(round(100 * LEAST_OPACITY))
        self.threshold.setMaximum(round(100 * MOST_THRESHOLD))
        self.contour = QCheckBox(tr("Contours"))
        self.contour.setToolTip(tr("Draw contour lines in place of heat"))
        self._call(tr("the chosen features"))
        self._connect()
        top, low = QHBoxLayout(), QHBoxLayout()
        for widget, stretch in ((self.name, 1), (self.mute, 0), (self.plain, 0)):
            top.addWidget(widget, stretch)
        for text, slider in ((tr("Opacity"), self.opacity), (tr("Threshold"), self.threshold)):
            label = plain_label(text, role="muted")
            label.setBuddy(slider)
            low.addWidget(label)
            low.addWidget(slider, 1)
        low.addWidget(self.contour)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 8, 2)
        layout.setSpacing(4)
        layout.addLayout(top)
        layout.addLayout(low)
        self.hide()

    def _connect(self) -> None:
        self.opacity.valueChanged.connect(lambda value: self._want(self._look.with_opacity(value / 100), "opacity"))
        self.threshold.valueChanged.connect(
            lambda value: self._want(self._look.with_threshold(value / 100), "threshold")
        )
        self.contour.clicked.connect(
            lambda on: self._want(MapLook(self._look.opacity, self._look.threshold, contour=on), "contour")
        )
        self.plain.clicked.connect(lambda: self._want(PLAIN, "plain"))
        self.mute.clicked.connect(lambda: self.mute_wanted.emit(self.group))

    def show_group(self, group: FeatureGroup | None, overlay: OverlaySettings, *, has_map: bool) -> None:
        """Show how the map of a group is drawn, telling no one; None hides the bar."""
        self.group = group
        self.setVisible(group is not None)
        if group is None:
            return
        self._look, muted = overlay.look(group), overlay.mutes(group)
        if self.name.full != group.label(group.ids):
            self._call(group.label(group.ids))
        self.mute.setText(tr("Unmute") if muted else tr("Mute"))
        self.mute.setToolTip(
            tr("Back into its section; its map comes by its switch")
            if muted
            else tr("Into the Muted group, its map off; the draft stays as it is")
        )
        for control in (self.opacity, self.threshold, self.contour):
            control.setEnabled(has_map and not muted)
        self.plain.setEnabled(has_map and not muted and self._look != PLAIN)
        threshold = overlay.threshold if self._look.threshold is None else self._look.threshold
        for slider, share in ((self.opacity, self._look.opacity), (self.threshold, threshold)):
            slider.blockSignals(True)
            slider.setValue(round(100 * share))
            slider.blockSignals(False)
        self.contour.setChecked(self._look.contour)

    def _call(self, label: str) -> None:
        """Name the controls after the features that they are for."""
        self.name.set_full(label)
        self.setAccessibleName(tr("How it is drawn: {text}", text=label))
        for widget, name in (
            (self.mute, tr("Mute or unmute: {text}", text=label)),
            (self.plain, tr("As all maps: {text}", text=label)),
            (self.opacity, tr("Opacity of: {text}", text=label)),
            (self.threshold, tr("Threshold of: {text}", text=label)),
            (self.contour, tr("Contour lines of: {text}", text=label)),
        ):
            widget.setAccessibleName(name)

    def _want(self, look: MapLook, control: str) -> None:
        if self.group is not None:
            self.look_wanted.emit(self.group.key, look, control)


def _button(text: str) -> QPushButton:
    button = QPushButton(text)
    button.setProperty("role", "small")
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return button
