"""Where the window was, on which screen, and how it was divided; put back so that it can be seen."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence

from PySide6.QtCore import QByteArray, QRect
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMainWindow, QSplitter

from viewer.settings.preferences import Preferences

GEOMETRY, SCREEN, SPLIT, LAYOUT = "window/geometry", "window/screen", "window/split_{}", "window/layout"
GRIP = 80
"""Pixels of the window's upper edge, across and down, that must lie on a screen so that it can be seen and moved."""


def in_sight(window: QRect, screens: Sequence[QRect]) -> QRect:
    """Return where a window goes: where it was if its upper edge can be taken hold of there, else onto a screen.

    Parameters
    ----------
    screens : sequence of QRect
        What may be used of each screen, the first one being the main screen.
    """
    edge = QRect(window.x(), window.y(), window.width(), GRIP)
    for screen in screens:
        seen = edge.intersected(screen)
        if seen.width() >= min(GRIP, window.width()) and seen.height() >= GRIP // 2:
            return window
    main = screens[0]
    size = window.size().boundedTo(main.size())
    corner = main.center() - QRect(0, 0, size.width(), size.height()).center()
    return QRect(corner, size)


class WindowPlace:
    """Keeps the place of a window among the preferences; without a file nothing is kept.

    Parameters
    ----------
    window : QMainWindow
    splitters : sequence of QSplitter
        Whose handles are kept.
    """

    def __init__(self, window: QMainWindow, splitters: Sequence[QSplitter], preferences: Preferences) -> None:
        self.splitters = tuple(splitters)
        self._window, self._preferences = window, preferences

    def save(self, layout: str) -> None:
        """Keep where the window is now, and the layout of its panes."""
        keep = self._preferences.keep
        keep(GEOMETRY, _text(self._window.saveGeometry()))
        keep(SCREEN, self._window.screen().name())
        keep(LAYOUT, layout)
        for number, splitter in enumerate(self.splitters):
            keep(SPLIT.format(number), _text(splitter.saveState()))

    def restore(self, set_layout: Callable[[str], None], layouts: Sequence[str]) -> None:
        """Put the window back; what was kept and cannot be used leaves things as they are.

        Where the screen is gone that it was on, or has become smaller, it goes to the main screen.
        """
        kept = self._preferences.kept
        geometry = _bytes(kept(GEOMETRY))
        if not geometry.isEmpty() and self._window.restoreGeometry(geometry):
            main = QGuiApplication.primaryScreen()
            others = [screen for screen in QGuiApplication.screens() if screen is not main]
            screens = [screen.availableGeometry() for screen in (main, *others)]
            there = any(screen.name() == kept(SCREEN) for screen in (main, *others))
            now = self._window.geometry()
            wanted = in_sight(now, screens if there else screens[:1])
            if wanted != now:
                self._window.setGeometry(wanted)
        for number, splitter in enumerate(self.splitters):
            state = _bytes(kept(SPLIT.format(number)))
            if not state.isEmpty():
                splitter.restoreState(state)
        if kept(LAYOUT) in layouts:
            set_layout(kept(LAYOUT))


def _text(data: QByteArray) -> str:
    return base64.b64encode(data.data()).decode("ascii")


def _bytes(text: str) -> QByteArray:
    """Return what `_text` wrote; nothing of anything else."""
    try:
        return QByteArray(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        return QByteArray()
