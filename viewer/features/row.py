"""One line of the list of features: a group of features, or a single one of a group."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from engine.inference.analysis import ActiveFeature
from viewer.features.bar import ShareBar
from viewer.features.columns import ACTIVATION_WIDTH, BAR_WIDTH, GAP, PERCENTILE_WIDTH
from viewer.features.switch import MapSwitch
from viewer.i18n import tr
from viewer.theme.marked import MarkedRow
from viewer.theme.palette import NEUTRAL
from viewer.theme.text import plain_label


class FeatureLine(MarkedRow):
    """Switch of the map and strength of one feature or of several; a click selects them.

    Parameters
    ----------
    ids, mapped : sequence of int
        Its features, and those of them that have a map.
    name : str
        For those who cannot see it.
    numbers : tuple of float
        Percentile and activation.
    """

    chosen = Signal(tuple)
    switched = Signal(tuple, bool)

    def __init__(
        self,
        ids: Sequence[int],
        mapped: Sequence[int],
        name: str,
        numbers: tuple[float, float],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.ids, self.mapped = tuple(ids), tuple(mapped)
        percentile, activation = numbers
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        strength = tr("percentile {p}, activation {a}", p=f"{percentile:.0f}", a=f"{activation:.2f}")
        self.setAccessibleName(name)
        self.setAccessibleDescription(strength)
        self.switch = MapSwitch()
        self.switch.setAccessibleName(tr("Show the map of: {text}", text=name))
        self.switch.setToolTip(tr("Show its heat map") if mapped else tr("This feature has no map"))
        self.switch.setEnabled(bool(mapped))
        self.switch.clicked.connect(self._tell_switch)
        self.bar = ShareBar(percentile / 100.0, NEUTRAL)
        self.bar.setAccessibleName(strength)
        self.bar.setFixedWidth(BAR_WIDTH)
        self.columns = QHBoxLayout()
        self.columns.setSpacing(GAP)
        self.columns.addWidget(self.bar)
        for text, width in ((f"{percentile:.0f}", PERCENTILE_WIDTH), (f"{activation:.2f}", ACTIVATION_WIDTH)):
            label = plain_label(text, role="small")
            label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            label.setFixedWidth(width)
            self.columns.addWidget(label)

    def set_visible_maps(self, visible: Collection[int]) -> None:
        """Show which of its maps are on, without telling anyone."""
        self.switch.show_state(self.mapped, visible)

    def flip(self) -> None:
        """Switch its map as a click does."""
        if self.switch.isEnabled():
            self.switch.click()

    def _tell_switch(self) -> None:
        self.switched.emit(self.mapped, self.switch.on)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Select what the line stands for."""
        self.chosen.emit(self.ids)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Switch its map."""
        self.flip()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter selects, M switches the map."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.chosen.emit(self.ids)
        elif event.key() == Qt.Key.Key_M:
            self.flip()
        else:
            super().keyPressEvent(event)


class MemberLine(FeatureLine):
    """One feature of a group that is listed."""

    def __init__(self, feature: ActiveFeature, has_map: bool, parent: QWidget | None = None) -> None:
        name = tr("Feature {id}: {text}", id=feature.id, text=feature.description)
        mapped = (feature.id,) if has_map else ()
        super().__init__((feature.id,), mapped, name, (feature.percentile, feature.activation), parent)
        self.feature = feature
        self.setToolTip(reliability(feature))
        text = f"#{feature.id}" + ("" if feature.reportable else "  " + tr("not for drafts"))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(44, 2, 8, 2)
        layout.addWidget(self.switch)
        layout.addWidget(plain_label(text, role="small"), 1)
        layout.addLayout(self.columns)


def reliability(feature: ActiveFeature) -> str:
    """How far a feature's description can be relied on."""
    share = f"{100 * feature.label_score:.0f}"
    score = tr("Description right in {share} % of held-out reports (50 % is chance).", share=share)
    return score if feature.reportable else score + " " + tr("Too unsure for a draft.")
