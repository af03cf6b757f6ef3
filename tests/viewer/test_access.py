"""Keys, help and names for those who cannot see the window."""

from __future__ import annotations

from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QComboBox,
    QLineEdit,
    QListWidget,
    QProgressBar,
    QScrollArea,
    QScrollBar,
    QWidget,
)

from tests.viewer.looking import Open
from viewer.actions.catalogue import ACTIONS, BY_ID
from viewer.actions.help_page import help_html, help_lines
from viewer.actions.keys import default_keys, shown
from viewer.actions.spec import MENUS
from viewer.window import MainWindow


def test_every_key_has_one_meaning() -> None:
    keys = [key for spec in ACTIONS for key in spec.keys]
    assert len(keys) == len(set(keys))
    assert len({spec.id for spec in ACTIONS}) == len(ACTIONS)
    assert all(spec.menu in (*MENUS, "") and spec.tooltip for spec in ACTIONS)


def test_help_names_every_key(window: MainWindow) -> None:
    page = help_html(help_lines(default_keys()))
    assert all(shown((key,)) in page for spec in ACTIONS for key in spec.keys if not spec.id.startswith("preset_"))
    assert f"hold {BY_ID['peek'].keys[0]}" in page and set(window.actions_by_id) == {spec.id for spec in ACTIONS}


def test_every_control_has_an_accessible_name(window: MainWindow, opened: Open) -> None:
    opened(a={})
    kinds = (QAbstractButton, QAbstractSlider, QLineEdit, QComboBox, QListWidget, QProgressBar, QScrollArea)
    nameless = [
        widget
        for widget in window.findChildren(QWidget)
        if isinstance(widget, kinds)
        and not isinstance(widget, QScrollBar)
        and not widget.objectName().startswith("qt_")
        and not widget.accessibleName()
    ]
    assert [f"{type(w).__name__} {w.objectName()} in {type(w.parent()).__name__}" for w in nameless] == []
