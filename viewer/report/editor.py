"""The line in which a sentence is edited."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent

from viewer.theme.line import Line


class SentenceEditor(Line):
    """A line that ends with Enter (``returnPressed``) or, without a change, with Escape (``given_up``)."""

    given_up = Signal()

    def event(self, event: QEvent) -> bool:
        """Keep Escape for the editor: it is a shortcut of the window, too."""
        if isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            if event.type() == QEvent.Type.KeyPress:
                self.given_up.emit()
            event.accept()
            return True
        return super().event(event)
