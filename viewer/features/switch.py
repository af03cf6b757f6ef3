"""The small controls of a line: the switch of its heat map, and the arrow that lists a group's members."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QAbstractButton, QCheckBox, QWidget

from viewer.theme import palette


class MapSwitch(QCheckBox):
    """Switches one map or several; half on when some of them are, and then the next click switches all on."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedSize(18, 16)

    def nextCheckState(self) -> None:
        """A click never leaves it half on."""
        all_on = self.checkState() is Qt.CheckState.Checked
        self.setCheckState(Qt.CheckState.Unchecked if all_on else Qt.CheckState.Checked)

    @property
    def on(self) -> bool:
        """Whether all its maps are on."""
        return self.checkState() is Qt.CheckState.Checked

    def show_state(self, ids: Sequence[int], visible: Collection[int]) -> None:
        """Show how many of its maps are on; nobody is told."""
        count = sum(i in visible for i in ids)
        state = Qt.CheckState.Unchecked
        if count:
            state = Qt.CheckState.Checked if count == len(ids) else Qt.CheckState.PartiallyChecked
        self.setCheckState(state)


class Disclosure(QAbstractButton):
    """An arrow: to the right while the members are hidden, down while they are listed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setCheckable(True)
        self.setFixedSize(self.sizeHint())

    def sizeHint(self) -> QSize:
        """As high as the switch beside it."""
        return QSize(14, 16)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the arrow, in the accent's colour while it has the keyboard."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(palette.ACCENT if self.hasFocus() else palette.MUTED))
        right = [QPointF(4, 3), QPointF(11, 8), QPointF(4, 13)]
        down = [QPointF(2, 5), QPointF(12, 5), QPointF(7, 12)]
        painter.drawPolygon(QPolygonF(down if self.isChecked() else right))
