"""What stands above a part of the list of features: the section's name and counts; the muted ones can be listed."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from viewer.features.switch import Disclosure
from viewer.i18n import tr
from viewer.state.listing import MUTED, TITLES, Part
from viewer.theme.marked import MarkedRow
from viewer.theme.text import plain_label


class PartHeading(MarkedRow):
    """Name of a part, how many findings stand below it, how many of them are in the draft and fit the search.

    Lines of features that are muted are listed only when they are asked for; the heading is there in any case.
    """

    opened = Signal(bool)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = name
        self.title = plain_label(tr(TITLES[name]).upper(), role="section")
        self.count = plain_label(role="small")
        self.arrow: Disclosure | None = None
        layout = QHBoxLayout(self)
        layout.setContentsMargins(6, 5, 8, 3)
        layout.setSpacing(6)
        if name == MUTED:
            self.arrow = Disclosure()
            self.arrow.setAccessibleName(tr("List the muted features"))
            self.arrow.setToolTip(tr("List the muted features"))
            self.arrow.toggled.connect(self.opened)
            self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            layout.addWidget(self.arrow)
            self.setToolTip(tr("Muted by you: their heat maps are off; the draft stays as it is"))
        layout.addWidget(self.title)
        layout.addWidget(self.count, 1)

    @property
    def is_open(self) -> bool:
        """Whether its lines are listed."""
        return self.arrow is None or self.arrow.isChecked()

    def show_part(self, part: Part, cited: Collection[int], search: str) -> None:
        """Count what stands below."""
        total = len(part.groups)
        said = sum(any(i in cited for i in group.ids) for group in part.groups)
        found = sum(group.fits(search) for group in part.groups)
        texts = [tr("{count} findings", count=total) if total > 1 else tr("1 finding")]
        if said:
            texts.append(tr("{count} in the draft", count=said))
        if search.strip():
            texts.append(tr("{count} found", count=found))
        self.count.setText(" · ".join(texts))
        self.setAccessibleName(f"{tr(TITLES[self.name])}: {self.count.text()}")
        # What is muted is never hidden without a word, and a search that finds nothing there is one.
        self.setVisible(bool(found) or self.name == MUTED)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """List the muted features, or no longer."""
        if self.arrow is not None:
            self.arrow.toggle()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Right lists the muted features, Left no longer."""
        if self.arrow is not None and event.key() in (Qt.Key.Key_Right, Qt.Key.Key_Left):
            self.arrow.setChecked(event.key() == Qt.Key.Key_Right)
        else:
            super().keyPressEvent(event)
