"""Turn the catalogue into QActions, menus and a toolbar."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu, QToolBar

from viewer.actions.catalogue import ACTIONS
from viewer.actions.keys import Keys, shown
from viewer.actions.spec import MENUS
from viewer.i18n import tr


def build_actions(window: QMainWindow, handlers: Mapping[str, Callable[[], object]], keys: Keys) -> dict[str, QAction]:
    """Create every action of the catalogue, connected to the handler of its id, and add it to the window.

    Raises
    ------
    KeyError
        If an action has no handler.
    """
    actions = {}
    for spec in ACTIONS:
        action = QAction(tr(spec.text), window)
        action.setObjectName(spec.id)
        action.setStatusTip(tr(spec.tooltip))
        action.setCheckable(spec.checkable)
        action.setAutoRepeat(not spec.held)
        handler = handlers[spec.id]
        action.triggered.connect(lambda _checked=False, call=handler: call())
        window.addAction(action)
        actions[spec.id] = action
    give_keys(actions, keys)
    return actions


def give_keys(actions: Mapping[str, QAction], keys: Keys) -> None:
    """Give every action its keys, and its tooltip the first of them."""
    for spec in ACTIONS:
        action, its = actions[spec.id], keys[spec.id]
        action.setShortcuts([QKeySequence(key) for key in its])
        action.setToolTip(tr(spec.tooltip) + (f" ({shown(its[:1])})" if its else ""))


def build_menus(window: QMainWindow, actions: Mapping[str, QAction], more: Mapping[str, Sequence[QMenu]]) -> None:
    """Fill the menu bar; `more` are menus within a menu, by its name."""
    bar = window.menuBar()
    bar.setAccessibleName(tr("Menu bar"))
    for name in MENUS:
        menu = bar.addMenu(tr(name))
        for spec in ACTIONS:
            if spec.menu == name:
                menu.addAction(actions[spec.id])
        if name in more:
            menu.addSeparator()
            for within in more[name]:
                menu.addMenu(within)


def build_toolbar(window: QMainWindow, actions: Mapping[str, QAction]) -> QToolBar:
    """Fill the toolbar: the actions marked for it, a separator between menus."""
    bar = QToolBar(tr("Tools"), window)
    bar.setObjectName("tools")
    bar.setAccessibleName(tr("Tools"))
    bar.setMovable(False)
    previous = ""
    for spec in ACTIONS:
        if spec.toolbar:
            if previous and spec.menu != previous:
                bar.addSeparator()
            bar.addAction(actions[spec.id])
            previous = spec.menu
            bar.widgetForAction(actions[spec.id]).setAccessibleName(tr(spec.text).replace("&", ""))
    window.addToolBar(bar)
    return bar


def update_enabled(actions: Mapping[str, QAction], there: frozenset[str]) -> None:
    """Enable the actions whose needs are met; `there` holds what there is."""
    for spec in ACTIONS:
        actions[spec.id].setEnabled(not spec.needs or spec.needs in there)


def name_step(action: QAction, verb: str, step: str) -> None:
    """Say in the menu what would be undone or done again; the toolbar keeps its short word."""
    action.setIconText(verb.replace("&", ""))
    action.setText(tr("{verb} {step}", verb=verb, step=step.replace("&", "&&")) if step else verb)
