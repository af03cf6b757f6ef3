"""What lasts as long as a key is held ends when the key is let go, or when another window takes the keyboard."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget


class HeldKeys(QObject):
    """Watches windows for the end of a held key.

    Parameters
    ----------
    release : callable
        Ends whatever is held; does nothing where nothing is.
    """

    def __init__(self, release: Callable[[], None], parent: QObject) -> None:
        super().__init__(parent)
        self._release = release

    def watch(self, window: QWidget) -> None:
        """Watch a window, too."""
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """See what arrives at a window; its parts hand on the keys they do not use."""
        # Any key: of one with modifiers, these may be let go first. A window that loses the keyboard sees no release.
        let_go = isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyRelease and not event.isAutoRepeat()
        if let_go or event.type() == QEvent.Type.WindowDeactivate:
            self._release()
        return super().eventFilter(watched, event)
