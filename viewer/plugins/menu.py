"""The menu of the panels that plug-ins bring; nothing of them is imported before one is chosen."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtWidgets import QMainWindow, QMenu

from engine.errors import PluginError
from engine.plugins.points import PANELS, Plugin, installed_plugins
from viewer.i18n import tr
from viewer.plugins.panel import PanelDock, Shown
from viewer.state.images import Problem
from viewer.state.session import Session


class PanelMenu(QMenu):
    """Opens and closes the panels and tells the open ones what is shown."""

    def __init__(self, window: QMainWindow, session: Session, show_problem: Callable[[Problem], None]) -> None:
        super().__init__(tr("P&lug-in panels"), window)
        self.setAccessibleName(tr("Plug-in panels"))
        self._window, self._session, self._show_problem = window, session, show_problem
        self.docks: dict[str, PanelDock] = {}
        for plugin in installed_plugins():
            if plugin.group == PANELS:
                action = self.addAction(plugin.title.replace("&", "&&"))
                action.setObjectName(plugin.name)
                action.setCheckable(True)
                action.toggled.connect(partial(self._switch, plugin))
        self.setEnabled(not self.isEmpty())
        session.current_changed.connect(lambda _key: self._tell())
        for changed in (session.image_changed, session.draft_changed):
            changed.connect(lambda key: self._tell() if key == session.current_key else None)

    def _switch(self, plugin: Plugin, on: bool) -> None:
        if not on:
            self._close(plugin.name)
            return
        dock = self.docks[plugin.name] = PanelDock(plugin, self._window, self._refuse)
        try:
            dock.fill()
        except PluginError as error:
            self._refuse(error)
            self._uncheck(plugin.name)
            return
        dock.closed.connect(partial(self._uncheck, plugin.name))
        dock.show_image(Shown.of(self._session.current))
        if dock.failed:
            self._uncheck(plugin.name)

    def _tell(self) -> None:
        shown = Shown.of(self._session.current)
        for name, dock in tuple(self.docks.items()):
            dock.show_image(shown)
            if dock.failed:
                self._uncheck(name)

    def _uncheck(self, name: str) -> None:
        for action in self.actions():
            if action.objectName() == name:
                action.setChecked(False)

    def _close(self, name: str) -> None:
        dock = self.docks.pop(name, None)
        if dock is not None:
            self._window.removeDockWidget(dock)
            dock.deleteLater()

    def _refuse(self, error: PluginError) -> None:
        self._show_problem(Problem.of(error))
