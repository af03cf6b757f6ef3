"""Turn the catalogue into QActions, menus, a toolbar and the help page."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu, QToolBar

from viewer.actions.catalogue import ACTIONS, HELD, MENUS, PRESET_HELP
from viewer.i18n import tr


def build_actions(window: QMainWindow, handlers: Mapping[str, Callable[[], object]]) -> dict[str, QAction]:
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
        action.setShortcuts([QKeySequence(key) for key in spec.keys])
        action.setToolTip(tr(spec.tooltip) + (f" ({spec.keys[0]})" if spec.keys else ""))
        action.setStatusTip(tr(spec.tooltip))
        action.setCheckable(spec.checkable)
        handler = handlers[spec.id]
        action.triggered.connect(lambda _checked=False, call=handler: call())
        window.addAction(action)
        actions[spec.id] = action
    return actions


def build_menus(window: QMainWindow, actions: Mapping[str, QAction], more: Mapping[str, QMenu]) -> None:
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
            menu.addMenu(more[name])


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
            bar.widgetForAction(actions[spec.id]).setAccessibleName(actions[spec.id].text().replace("&", ""))
    window.addToolBar(bar)
    return bar


def update_enabled(actions: Mapping[str, QAction], there: frozenset[str]) -> None:
    """Enable the actions whose needs are met; `there` holds what there is."""
    for spec in ACTIONS:
        actions[spec.id].setEnabled(not spec.needs or spec.needs in there)


def help_page(presets: Sequence[str] = ()) -> str:
    """Return the list of keys as HTML, built from the catalogue.

    Parameters
    ----------
    presets : sequence of str
        Names of the window presets of the image shown, in the order of their keys; empty where none is.
    """
    rows = [
        (", ".join(spec.keys), tr(spec.text).replace("&", "").rstrip("…"), tr(spec.tooltip))
        for spec in ACTIONS
        if spec.keys and not spec.id.startswith("preset_")
    ]
    rows.append(("0-9", tr("Window presets"), tr(PRESET_HELP)))
    rows += [(str(number), "", name) for number, name in enumerate(presets)]
    rows += [(key, "", tr(text)) for key, text in HELD]
    cells = ("".join(f"<td style='padding:2px 14px 2px 0'>{html.escape(cell)}</td>" for cell in row) for row in rows)
    return "<table>" + "".join(f"<tr>{row}</tr>" for row in cells) + "</table>"
