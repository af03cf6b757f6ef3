"""Panes in windows of their own: moved out and back, and found again where they were."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QRect, Signal
from PySide6.QtGui import QAction, QGuiApplication, QScreen
from PySide6.QtWidgets import QWidget

from viewer.hanging.pane import Pane
from viewer.hanging.pane_window import PaneWindow
from viewer.i18n import tr
from viewer.settings.place import keep_place, put_back

if TYPE_CHECKING:
    from viewer.hanging.desk import Desk
    from viewer.settings.preferences import Preferences

AWAY, PLACE = "window/panes", "pane_{}"
"""Under which names it is kept which panes were away, and where each was."""
SHARE = 0.6
"""Of a screen's width and height, that a new window takes on the screen of the main window."""


class PaneWindows(QObject):
    """Moves panes of a desk into windows of their own; a pane stays what it is, with view, window, maps and tools."""

    changed = Signal()
    """Another pane is away, or one came back."""
    opened = Signal(object)
    """A `PaneWindow` that is new."""

    def __init__(self, main: QWidget, desk: Desk, preferences: Preferences) -> None:
        super().__init__(main)
        self._main, self._desk, self._preferences = main, desk, preferences
        self.each: dict[Pane, PaneWindow] = {}
        self._actions: Sequence[QAction] = ()
        desk.panes.returned.connect(self._on_returned)

    def use_actions(self, actions: Sequence[QAction]) -> None:
        """Let the keys of these actions work in every window."""
        self._actions = actions

    def handlers(self) -> dict[str, Callable[[], object]]:
        """Return a handler for each action id."""
        return {"pane_window": self.toggle}

    def toggle(self) -> None:
        """Move the active pane into a window of its own, or back."""
        pane = self._desk.active
        if pane in self.each:
            self.each[pane].close()
        else:
            self.move_out(pane)
            self.each[pane].activateWindow()
            pane.canvas.setFocus()

    def move_out(self, pane: Pane) -> None:
        """Show a pane in a window of its own: where that was last, else on another screen than the main window's."""
        number = self._desk.panes.each.index(pane)
        title = tr("Image {number} – {program}", number=number + 1, program=tr("SAE-Rad workstation"))
        self._desk.panes.send_away(pane)
        window = self.each[pane] = PaneWindow(pane, title, self._actions)
        window.setGeometry(_new_place(self._main.screen()))
        put_back(window, self._preferences, PLACE.format(number))
        window.closed.connect(lambda: self._on_closed(pane))
        window.show()
        self.opened.emit(window)
        self.changed.emit()

    # the end and the beginning of the program

    def save(self) -> None:
        """Keep which panes are away, and where their windows are."""
        away = [number for number, pane in enumerate(self._desk.panes.each) if pane in self.each]
        self._preferences.keep(AWAY, " ".join(str(number) for number in away))
        for window in self.each.values():
            self._keep(window)

    def restore(self) -> None:
        """Move those panes out that were away; one whose screen is missing stays, so that it covers nothing."""
        there = {screen.name() for screen in QGuiApplication.screens()}
        for number in self._preferences.kept(AWAY).split():
            screen = self._preferences.kept(f"{PLACE.format(number)}/screen")
            if number.isdecimal() and int(number) < len(self._desk.panes.shown) and screen in there:
                self.move_out(self._desk.panes.each[int(number)])

    def close(self) -> None:
        """Close every window, as the program ends."""
        for window in tuple(self.each.values()):
            window.close()

    def _keep(self, window: PaneWindow) -> None:
        keep_place(window, self._preferences, PLACE.format(self._desk.panes.each.index(window.pane)))

    def _on_closed(self, pane: Pane) -> None:
        if pane in self.each:
            self._keep(self.each[pane])
            del self.each[pane]
            self._desk.panes.bring_back(pane)
            self.changed.emit()

    def _on_returned(self, pane: Pane) -> None:
        """The layout has no place for a pane that is away: its window goes, too."""
        window = self.each.pop(pane, None)
        if window is not None:
            window.close()
            self.changed.emit()


def _new_place(screen: QScreen) -> QRect:
    """Return where a window that never was anywhere opens."""
    other = next((each for each in QGuiApplication.screens() if each is not screen), None)
    room = (other or screen).availableGeometry()
    if other is not None:
        return room.adjusted(8, 40, -8, -8)
    return QRect(room.topLeft(), room.size() * SHARE).translated(40, 40)
