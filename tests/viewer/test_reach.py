"""Every control has a name for a screen reader and can be reached with the keyboard, asked through QAccessible."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QDialog,
    QInputDialog,
    QLineEdit,
    QScrollBar,
    QSplitterHandle,
    QToolBar,
    QToolButton,
    QWidget,
)

from tests.viewer.looking import Open
from viewer.window import MainWindow

CONTROLS = frozenset(
    {
        QAccessible.Role.Button,
        QAccessible.Role.PushButton,
        QAccessible.Role.CheckBox,
        QAccessible.Role.RadioButton,
        QAccessible.Role.ComboBox,
        QAccessible.Role.EditableText,
        QAccessible.Role.SpinBox,
        QAccessible.Role.Slider,
        QAccessible.Role.List,
        QAccessible.Role.Tree,
        QAccessible.Role.PageTabList,
        QAccessible.Role.Canvas,
    }
)


def below(found: QAccessibleInterface) -> Iterator[QAccessibleInterface]:
    """Yield an interface and what it holds; lines of lists are their list's business."""
    yield found
    if found.role() not in (QAccessible.Role.List, QAccessible.Role.Tree, QAccessible.Role.ComboBox):
        for number in range(found.childCount()):
            child = found.child(number)
            if child is not None and child.isValid():
                yield from below(child)


def controls(root: QWidget) -> list[tuple[QAccessibleInterface, QWidget]]:
    """Return the visible controls below a window, each with its widget; parts of Qt's own widgets are left out."""
    found = []
    for interface in below(QAccessible.queryAccessibleInterface(root)):
        widget = interface.object()
        if isinstance(widget, QWidget) and interface.role() in CONTROLS and widget.isVisible():
            inner = widget.objectName().startswith("qt_") or isinstance(widget.parent(), QAbstractSpinBox)
            if not inner and not isinstance(widget, QScrollBar | QSplitterHandle):
                found.append((interface, widget))
    return found


def told(widget: QWidget) -> str:
    return f"{type(widget).__name__} {widget.objectName()} in {type(widget.parent()).__name__}"


def reachable(widget: QWidget) -> bool:
    """Whether Tab stops there; buttons of a toolbar are actions, which menus and their keys reach."""
    in_toolbar = isinstance(widget, QToolButton) and isinstance(widget.parent(), QToolBar)
    return in_toolbar or bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)


def check(root: QWidget, least: int) -> None:
    found = controls(root)
    assert len(found) >= least
    nameless = [told(widget) for interface, widget in found if not interface.text(QAccessible.Text.Name).strip()]
    assert nameless == [], "give these a name: setAccessibleName(tr(…))"
    stray = [told(widget) for _, widget in found if widget.isEnabled() and not reachable(widget)]
    assert stray == [], "give these the keyboard: setFocusPolicy(…)"


def test_the_window(window: MainWindow, opened: Open) -> None:
    opened(a={}, b={})
    check(window, 25)


@pytest.mark.parametrize(
    ("action", "least"),
    [("preferences", 6), ("shortcuts", 6), ("keys", 2), ("welcome", 4), ("about", 1), ("export", 8)],
)
def test_each_dialog(window: MainWindow, opened: Open, action: str, least: int) -> None:
    opened(a={})
    window.actions_by_id[action].trigger()
    (dialog,) = (dialog for dialog in window.findChildren(QDialog) if dialog.isVisible())
    assert dialog.windowTitle()
    check(dialog, least)
    dialog.close()


def test_tab_goes_round_through_the_settings(window: MainWindow, qtbot: Any) -> None:
    window.actions_by_id["preferences"].trigger()
    (dialog,) = (dialog for dialog in window.findChildren(QDialog) if dialog.isVisible())
    wanted = {widget for _, widget in controls(dialog)}
    seen: set[QWidget] = set()
    for _ in range(3 * len(wanted)):
        focused = dialog.focusWidget()
        if focused is not None:
            seen.add(focused)
        qtbot.keyClick(focused or dialog, Qt.Key.Key_Tab)
    missed = [told(widget) for widget in wanted - seen if not isinstance(widget, QLineEdit)]
    assert missed == []
    dialog.close()


def test_the_dialogs_of_measuring(window: MainWindow, opened: Open) -> None:
    opened(a={})
    dialog = window.measures._dialog("Text", "Text of the annotation")
    dialog.setInputMode(QInputDialog.InputMode.TextInput)
    dialog.show()
    check(dialog, 3)
    dialog.close()
