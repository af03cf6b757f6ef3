"""Where windows were, on which screen, and how the main one was divided; put back so that they can be seen."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence

from PySide6.QtCore import QByteArray, QRect
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMainWindow, QSplitter, QWidget

from viewer.settings.preferences import Preferences

GEOMETRY, SCREEN = "{}/geometry", "{}/screen"
SPLIT, LAYOUT = "window/split_{}", "window/layout"
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


def keep_place(window: QWidget, preferences: Preferences, name: str) -> None:
    """Keep under a name where a window is now, and on which screen."""
    preferences.keep(GEOMETRY.format(name), _text(window.saveGeometry()))
    preferences.keep(SCREEN.format(name), window.screen().name())


def put_back(window: QWidget, preferences: Preferences, name: str) -> None:
    """Put a window where it was; what was kept and cannot be used leaves it as it is.

    Where the screen is gone that it was on, or has become smaller, it goes to the main screen.
    """
    geometry = _bytes(preferences.kept(GEOMETRY.format(name)))
    if geometry.isEmpty() or not window.restoreGeometry(geometry):
        return
    main = QGuiApplication.primaryScreen()
    others = [screen for screen in QGuiApplication.screens() if screen is not main]
    screens = [screen.availableGeometry() for screen in (main, *others)]
    there = any(screen.name() == preferences.kept(SCREEN.format(name)) for screen in (main, *others))
    now = window.geometry()
    wanted = in_sight(now, screens if there else screens[:1])
    if wanted != now:
        window.setGeometry(wanted)


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
        keep_place(self._window, self._preferences, "window")
        keep(LAYOUT, layout)
        for number, splitter in enumerate(self.splitters):
            keep(SPLIT.format(number), _text(splitter.saveState()))

    def restore(self, set_layout: Callable[[str], None], layouts: Sequence[str]) -> None:
        """Put the window back, see `put_back`, and its division and layout."""
        kept = self._preferences.kept
        put_back(self._window, self._preferences, "window")
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
