"""The line in which a sentence is edited."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QApplication, QWidget

from engine.report.templates import GAP
from viewer.theme.line import Line

STAYS = (
    Qt.FocusReason.ActiveWindowFocusReason,
    Qt.FocusReason.PopupFocusReason,
    Qt.FocusReason.MenuBarFocusReason,
)
"""Ways to lose the keyboard that do not leave the editor: another window or application, a menu."""


class SentenceEditor(Line):
    """A line that ends with Enter (``returnPressed``), Escape (``given_up``, without a change), or by being left."""

    given_up = Signal()
    left = Signal(QWidget)
    """Another part of the same window, which is handed over, has got the keyboard."""

    def put(self, text: str) -> None:
        """Insert a text where the cursor is, and mark its first gap to be filled in."""
        start = self.selectionStart() if self.hasSelectedText() else self.cursorPosition()
        self.insert(text)
        if GAP in text:
            self.setSelection(start + text.index(GAP), len(GAP))

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Tell who has the keyboard now, unless it is only lent to a menu or another window."""
        super().focusOutEvent(event)
        now = QApplication.focusWidget()
        if event.reason() not in STAYS and now is not None and now.window() is self.window():
            self.left.emit(now)

    def event(self, event: QEvent) -> bool:
        """Keep Escape for the editor: it is a shortcut of the window, too."""
        if isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            if event.type() == QEvent.Type.KeyPress:
                self.given_up.emit()
            event.accept()
            return True
        return super().event(event)
