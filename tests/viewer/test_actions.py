"""Actions as data: keys a person chooses, conflicts, the help page and the page in docs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QKeySequence, QWheelEvent
from PySide6.QtWidgets import QApplication

from tests.viewer.looking import Open
from viewer.actions.catalogue import BY_ID
from viewer.actions.editor import ShortcutEditor
from viewer.actions.help_page import HelpDialog
from viewer.actions.keys import current_keys, default_keys, holder
from viewer.reference import pages
from viewer.settings import mouse
from viewer.settings.preferences import Preferences
from viewer.window import MainWindow


@pytest.mark.parametrize("name", ["viewer-actions.md", "viewer-settings.md"])
def test_the_pages_in_docs_are_up_to_date(repository: Path, name: str) -> None:
    written = (repository / "docs" / name).read_text(encoding="utf-8")
    assert written == pages()[name], "run: python -m viewer.reference"


def test_a_key_that_is_taken_names_its_action_and_can_be_taken_over(window: MainWindow, qtbot: Any) -> None:
    editor = ShortcutEditor(window.preferences, window)
    qtbot.addWidget(editor)
    editor.select("invert")
    editor.wanted.setKeySequence(QKeySequence("Ctrl+E"))
    assert "Ctrl+E belongs to “Export”" in editor.told.text() and editor.use.text() == "Take this key"
    assert current_keys(window.preferences) == default_keys()
    editor.use.click()
    assert window.actions_by_id["invert"].shortcut() == QKeySequence("Ctrl+E")
    assert window.actions_by_id["export"].shortcuts() == []
    assert "(Ctrl+E)" in window.actions_by_id["invert"].toolTip() and editor.told.text() == ""
    editor.wanted.setKeySequence(QKeySequence("Ctrl+Alt+I"))
    assert editor.told.text() == ""
    editor.add.click()
    assert current_keys(window.preferences)["invert"] == ("Ctrl+E", "Ctrl+Alt+I")
    editor.select("export")
    editor.default.click()
    assert current_keys(window.preferences)["invert"] == ("Ctrl+Alt+I",)
    assert window.actions_by_id["export"].shortcut() == QKeySequence("Ctrl+E")
    editor.reset.click()
    assert current_keys(window.preferences) == default_keys()
    assert window.actions_by_id["invert"].shortcut() == QKeySequence("I")


def test_a_held_key_can_be_another_one(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={})
    window.preferences.set_keys({"peek": ("H",)})
    qtbot.keyPress(window.canvas, Qt.Key.Key_H)
    assert window.session.overlay.peek
    qtbot.keyRelease(window.canvas, Qt.Key.Key_H)
    assert not window.session.overlay.peek


def test_holder_knows_a_key_by_any_spelling() -> None:
    assert holder(default_keys(), "ctrl+o", "quit") == "open_files"
    assert holder(default_keys(), "Ctrl+O", "open_files") == ""


def test_the_help_page_is_searched_and_knows_changed_keys(window: MainWindow, qtbot: Any) -> None:
    window.preferences.set_keys({"fit": ("Alt+F",)})
    window.actions_by_id["keys"].trigger()
    (dialog,) = window.findChildren(HelpDialog)
    assert "Alt+F" in dialog.page.toPlainText() and "right drag" in dialog.page.toPlainText()
    dialog.search.setText("whole image")
    page = dialog.page.toPlainText()
    assert "Fit to window" in page and "Export" not in page
    dialog.search.setText("no such thing")
    assert dialog.page.toPlainText() == "Nothing was found."
    dialog.close()


@pytest.mark.parametrize(("direction", "sign"), [("darker", 1), ("brighter", -1)])
def test_the_direction_of_level_is_a_setting(
    window: MainWindow, opened: Open, qtbot: Any, direction: str, sign: int
) -> None:
    opened(a={})
    window.preferences.set(mouse.LEVEL_DIRECTION, direction)
    canvas = window.canvas
    before = canvas.grab().toImage()
    start = canvas.rect().center()
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(canvas, start + QPoint(0, 60))
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=start + QPoint(0, 60))
    after = canvas.grab().toImage()
    gray = [image.pixelColor(start).lightness() for image in (before, after)]
    assert (gray[0] - gray[1]) * sign > 0


def turn(window: MainWindow, delta: int, modifiers: Qt.KeyboardModifier) -> None:
    place = QPointF(window.canvas.rect().center())
    event = QWheelEvent(
        place, window.canvas.mapToGlobal(place), QPoint(), QPoint(0, delta), Qt.MouseButton.NoButton, modifiers,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(window.canvas, event)


def test_shift_and_wheel_turn_to_the_next_image_once_a_notch(window: MainWindow, opened: Open) -> None:
    keys = opened(a={}, b={}, c={})
    view = window.canvas.view
    for _ in range(4):
        turn(window, -30, Qt.KeyboardModifier.ShiftModifier)
    assert window.session.current_key == keys[1]
    turn(window, 120, Qt.KeyboardModifier.ShiftModifier)
    assert window.session.current_key == keys[0]
    assert window.canvas.view == view
    turn(window, 120, Qt.KeyboardModifier.NoModifier)
    larger = window.canvas.view.scale
    assert larger > view.scale
    window.preferences.set(mouse.WHEEL_ZOOMS_IN, False)
    turn(window, 120, Qt.KeyboardModifier.NoModifier)
    assert window.canvas.view.scale == pytest.approx(view.scale)


def test_own_keys_outlive_the_program(qapp: QApplication, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "viewer.ini"
    Preferences(path).set_keys({"fit": ("Alt+F", ","), "reset": ()})
    again = current_keys(Preferences(path))
    assert again["fit"] == ("Alt+F", ",") and again["reset"] == () and again["invert"] == BY_ID["invert"].keys
