"""Every control has a name for a screen reader and can be reached with the keyboard, asked through QAccessible."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QDialog,
    QInputDialog,
    QLineEdit,
    QScrollBar,
    QSplitterHandle,
    QToolBar,
    QToolButton,
    QWidget,
)

from tests.viewer.factories import FakeEngine, write_dicom
from tests.viewer.looking import Open
from viewer.controller import Controller
from viewer.state.autosave import DraftStore
from viewer.state.session import Session
from viewer.studies.index import StudyIndex
from viewer.tasks import running
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
    [
        *(("preferences", 14), ("shortcuts", 8), ("keys", 2), ("welcome", 5), ("about", 1), ("export", 14), ("why", 1)),
        *(("audit", 1), ("sentence_template", 2), ("confirm_all", 2), ("analyse_with", 4)),
        *(("archives", 3), ("query_archives", 3)),
    ],
)
def test_each_dialog(window: MainWindow, opened: Open, qtbot: Any, action: str, least: int) -> None:
    opened(a={})
    window.actions_by_id[action].trigger()
    qtbot.waitUntil(lambda: running() == 0 and len(visible(window)) == 1, timeout=10000)
    (dialog,) = visible(window)
    assert dialog.windowTitle()
    check(dialog, least)
    dialog.close()


def visible(window: MainWindow) -> list[QDialog]:
    return [dialog for dialog in window.findChildren(QDialog) if dialog.isVisible()]


def test_the_studies(dark: QApplication, qtbot: Any, engine: FakeEngine, decoder: None, tmp_path: Path) -> None:
    index = StudyIndex(tmp_path / "studies.sqlite", tmp_path / "thumbnails")
    window = MainWindow(session := Session(DraftStore(tmp_path / "drafts")), Controller(session, engine, index))  # type: ignore[arg-type]
    qtbot.addWidget(window)
    window.show()
    window.controller.open([write_dicom(tmp_path / "a.dcm")])
    window.studies.setCurrentIndex(1)
    assert window.studies.studies is not None
    tree = window.studies.studies.tree
    qtbot.waitUntil(lambda: tree.topLevelItemCount() == 1, timeout=20000)
    check(window.studies, 3)
    lines = QAccessible.queryAccessibleInterface(tree)
    children = [lines.child(n) for n in range(lines.childCount())]
    spoken = [child.text(QAccessible.Text.Name) for child in children if child is not None]
    assert spoken[0] == "Studies" and spoken[1].startswith("TEST, ANNA, T1")
    window.studies.studies.search.setFocus()
    qtbot.keyClick(window.studies.studies.search, Qt.Key.Key_Tab)
    qtbot.keyClick(window.studies.studies.which, Qt.Key.Key_Tab)
    assert tree.hasFocus()
    window.close()
    qtbot.waitUntil(lambda: running() == 0, timeout=10000)


def test_two_packs_beside_each_other_and_the_look_of_a_map(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={})
    window.comparison.analyse("other")
    qtbot.waitUntil(lambda: bool(window.side.beside.rows) and window.side.beside.isVisible(), timeout=10000)
    window.commands.choose_features((3,))
    check(window.side, 20)
    # Of a closed list Qt speaks the value as the name where a label is a relation, as on Linux.
    assert [widget.accessibleName() for _, widget in controls(window.side.bar)] == ["Analyses that are listed"]


def test_every_action_of_the_menus_can_be_spoken(window: MainWindow) -> None:
    for action in window.actions_by_id.values():
        assert action.text().replace("&", "").strip() and action.toolTip() and action.statusTip()


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
