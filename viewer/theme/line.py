"""A line of text, and which of its keys belong to the window."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit

WINDOW_KEYS = frozenset({Qt.Key.Key_E})
"""With Ctrl: Qt moves the cursor to the end of a line with Ctrl+E (the End key does, too), which is to export here."""


class Line(QLineEdit):
    """A line of text that leaves the window its keys; Ctrl+Z and the other keys of writing stay with the line."""

    def event(self, event: QEvent) -> bool:
        """Let the window's shortcut have what is not for writing."""
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.ShortcutOverride
            and event.modifiers() == Qt.KeyboardModifier.ControlModifier
            and event.key() in WINDOW_KEYS
        ):
            event.ignore()
            return False
        return super().event(event)
