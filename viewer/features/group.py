"""A group of features that say the same thing, with its members below it when they are asked for."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent
from PySide6.QtWidgets import QColorDialog, QHBoxLayout, QVBoxLayout, QWidget

from engine.inference.analysis import Analysis
from viewer.features.row import FeatureLine, MemberLine, reliability
from viewer.features.swatch import Swatch
from viewer.features.switch import Disclosure
from viewer.i18n import tr
from viewer.state.groups import FeatureGroup
from viewer.state.overlay import OverlaySettings
from viewer.theme.elided import ElidedLabel
from viewer.theme.palette import NEUTRAL
from viewer.theme.text import as_it_is, plain_label


class GroupLine(FeatureLine):
    """Description, number of members, one colour, strength of the strongest; the arrow lists the members."""

    opened = Signal(bool)

    def __init__(self, group: FeatureGroup, mapped: tuple[int, ...], parent: QWidget | None = None) -> None:
        text = group.description or tr("feature {id} (not described)", id=group.first.id)
        count = len(group.members)
        name = (
            tr("{count} features: {text}", count=count, text=text)
            if count > 1
            else tr("Feature {id}: {text}", id=group.first.id, text=text)
        )
        super().__init__(group.ids, mapped, name, (group.percentile, group.activation), parent)
        self.arrow: Disclosure | None = None
        self.swatch = Swatch()
        self.swatch.setAccessibleName(tr("Colour of: {text}", text=text))
        self.swatch.setToolTip(tr("Choose the colour of its map"))
        self.setToolTip(as_it_is(f"{text}\n{reliability(group.first)}"))
        self.text = ElidedLabel(text)
        title = QHBoxLayout()
        title.addWidget(self.text, 1)
        if count > 1:
            self.text.setMaximumWidth(self.text.fontMetrics().horizontalAdvance(text) + 4)
            title.addWidget(plain_label(f"×{count}", role="small"))
        low = QHBoxLayout()
        low.setSpacing(8)
        low.addWidget(ElidedLabel(_detail(group), role="small"), 1)
        low.addLayout(self.columns)
        body = QVBoxLayout()
        body.setSpacing(2)
        body.addLayout(title)
        body.addLayout(low)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(6, 5, 8, 5)
        layout.setSpacing(6)
        if count > 1:
            self.arrow = Disclosure()
            self.arrow.setAccessibleName(tr("List the features of: {text}", text=text))
            self.arrow.setToolTip(tr("List its features"))
            self.arrow.toggled.connect(self.opened)
            layout.addWidget(self.arrow, 0, Qt.AlignmentFlag.AlignTop)
        else:
            layout.addSpacing(20)
        layout.addWidget(self.switch, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self.swatch, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(body, 1)

    def set_colour(self, colour: str) -> None:
        """Show this colour in the swatch and the bar; empty is none yet."""
        self.swatch.set_colour(colour)
        self.bar.set_colour(colour or NEUTRAL)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Right lists the members, Left hides them; else as every line."""
        if self.arrow is not None and event.key() in (Qt.Key.Key_Right, Qt.Key.Key_Left):
            self.arrow.setChecked(event.key() == Qt.Key.Key_Right)
        else:
            super().keyPressEvent(event)


class GroupBox(QWidget):
    """The line of a group and, when it is open, those of its members."""

    chosen = Signal(tuple)
    switched = Signal(tuple, bool)
    recoloured = Signal(str, str)

    def __init__(self, group: FeatureGroup, analysis: Analysis, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.group, self.members = group, list[MemberLine]()
        self._analysis = analysis
        self._overlay = OverlaySettings()
        self._marks: tuple[Collection[int], Collection[int]] = ((), ())
        self.head = GroupLine(group, group.mapped(analysis))
        self.head.opened.connect(self._open)
        self.head.swatch.clicked.connect(self._choose_colour)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._add(self.head)

    def show_overlay(self, overlay: OverlaySettings) -> None:
        """Bring switches and colour up to date."""
        self._overlay = overlay
        self.head.set_colour(overlay.colour(self.group))
        for line in (self.head, *self.members):
            line.set_visible_maps(overlay.visible)

    def mark(self, selected: Collection[int], linked: Collection[int]) -> None:
        """Mark what is selected, and what stands behind the selected sentence; the group answers for hidden members."""
        self._marks = (selected, linked)
        whole = all(i in selected for i in self.group.ids)
        some = any(i in selected for i in self.group.ids)
        is_open = any(line.isVisibleTo(self) for line in self.members)
        chosen = whole or (some and not is_open)
        self.head.set_mark(chosen, some or any(i in linked for i in self.group.ids))
        for line in self.members:
            line.set_mark(line.feature.id in selected and not whole, line.feature.id in linked)

    def _open(self, on: bool) -> None:
        """List the members, whose lines are made when they are first asked for, or hide them."""
        if on and not self.members:
            self.members = [MemberLine(f, f.id in self._analysis.maps) for f in self.group.members]
            for line in self.members:
                self._add(line)
        for line in self.members:
            line.setVisible(on)
        self.show_overlay(self._overlay)
        self.mark(*self._marks)

    def _add(self, line: FeatureLine) -> None:
        line.chosen.connect(self.chosen)
        line.switched.connect(self.switched)
        self._column.addWidget(line)

    def _choose_colour(self) -> None:
        now = self._overlay.colour(self.group)
        colour = QColorDialog.getColor(QColor(now or NEUTRAL), self, tr("Colour of the map"))
        if colour.isValid():
            self.recoloured.emit(self.group.key, colour.name())


def _detail(group: FeatureGroup) -> str:
    """Number, use and reading of a group, in one small line."""
    f = group.first
    unsure = sum(not feature.reportable for feature in group.members)
    usable = ""
    if unsure:
        all_unsure = unsure == len(group.members)
        usable = tr("not for drafts") if all_unsure else tr("{count} not for drafts", count=unsure)
    parts = [
        f"#{f.id}" + (f" +{len(group.members) - 1}" if len(group.members) > 1 else ""),
        usable,
        f.observation,
        f.polarity if f.polarity != "present" else "",
        f.laterality if f.laterality != "none" else "",
    ]
    return "  ".join(part for part in parts if part)
