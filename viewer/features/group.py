"""A group of features that say the same thing, with its members below it when they are asked for."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent
from PySide6.QtWidgets import QColorDialog, QVBoxLayout, QWidget

from engine.inference.analysis import Analysis
from viewer import vocabulary
from viewer.features.row import FeatureLine, LineText, MemberLine
from viewer.features.swatch import Swatch
from viewer.features.switch import Disclosure
from viewer.i18n import tr
from viewer.state.groups import FeatureGroup
from viewer.state.overlay import OverlaySettings
from viewer.theme import palette

TOP = 5
"""Where the controls of a line stand."""


class GroupLine(FeatureLine):
    """Description, number of members, one colour, strength of the strongest; the arrow lists the members."""

    opened = Signal(bool)

    def __init__(self, group: FeatureGroup, mapped: tuple[int, ...], parent: QWidget | None = None) -> None:
        said = group.description or tr("feature {id} (not described)", id=group.first.id)
        count = len(group.members)
        name = (
            tr("{count} features: {text}", count=count, text=said)
            if count > 1
            else tr("Feature {id}: {text}", id=group.first.id, text=said)
        )
        text = LineText(name, _detail(group), left=72, title=said, count=f"×{count}" if count > 1 else "")
        super().__init__(group.members, mapped, text, parent)
        self.arrow: Disclosure | None = None
        if count > 1:
            self.arrow = Disclosure(self)
            self.arrow.move(6, TOP)
            self.arrow.setAccessibleName(tr("List the features of: {text}", text=said))
            self.arrow.setToolTip(tr("List its features"))
            self.arrow.toggled.connect(self.opened)
        self.switch.move(26, TOP)
        self.swatch = Swatch(self)
        self.swatch.move(50, TOP)
        self.swatch.setAccessibleName(tr("Colour of: {text}", text=said))
        self.swatch.setToolTip(tr("Choose the colour of its map"))

    def set_colour(self, colour: str) -> None:
        """Show this colour in the swatch and the bar; empty is none yet."""
        super().set_colour(colour)
        self.swatch.set_colour(colour)

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
    menu_wanted = Signal(tuple, QPoint)

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
            line.set_muted(overlay.mutes(self.group))

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
        line.menu_wanted.connect(self.menu_wanted)
        self._column.addWidget(line)

    def _choose_colour(self) -> None:
        now = self._overlay.colour(self.group)
        colour = QColorDialog.getColor(QColor(now or palette.NEUTRAL), self, tr("Colour of the map"))
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
        vocabulary.observation(f.observation),
        vocabulary.polarity(f.polarity) if f.polarity != "present" else "",
        vocabulary.side(f.laterality),
    ]
    return "  ".join(part for part in parts if part)
