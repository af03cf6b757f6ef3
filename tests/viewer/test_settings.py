"""Settings: declared once, checked when read, kept, and shown in a dialog made from the declarations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QDoubleSpinBox, QFileDialog

from tests.viewer.looking import Open
from viewer.settings import drafts, hanging, mouse, program
from viewer.settings.catalogue import SETTINGS
from viewer.settings.dialog import SettingsDialog
from viewer.settings.path_field import PathField
from viewer.settings.preferences import Preferences
from viewer.state.reader import system_reader
from viewer.window import MainWindow


def test_every_declaration_is_sound() -> None:
    assert len({setting.id for setting in SETTINGS}) == len(SETTINGS)
    for setting in SETTINGS:
        assert setting.parse(setting.write(setting.default)) == setting.default, setting.id
        assert setting.name and setting.prose.endswith("."), setting.id


def test_values_are_kept_and_bad_lines_told(qapp: QApplication, tmp_path: Path) -> None:
    path = tmp_path / "viewer.ini"
    kept = Preferences(path)
    kept.set(mouse.LEVEL_DIRECTION, "brighter")
    kept.set(mouse.WINDOW_SPEED, 2.0)
    kept.set(mouse.WHEEL_ZOOMS_IN, False)
    again = Preferences(path)
    assert again.problems == []
    assert (again.text(mouse.LEVEL_DIRECTION), again.number(mouse.WINDOW_SPEED)) == ("brighter", 2.0)
    assert again.flag(mouse.WHEEL_ZOOMS_IN) is False
    path.write_text("[mouse]\nlevel_direction=sideways\nwindow_speed=90\nwheel_up_zooms_in=perhaps\n")
    bad = Preferences(path)
    assert [problem.code for problem in bad.problems] == ["SETTING_INVALID"] * 3
    assert "sideways" in bad.problems[0].message and "between 0.25 and 4" in bad.problems[1].message
    assert all(bad.value(setting) == setting.default for setting in SETTINGS)
    with pytest.raises(ValueError, match="none of darker, brighter"):
        bad.set(mouse.LEVEL_DIRECTION, "up")


def test_a_file_that_cannot_be_written_is_told_and_the_choice_holds(
    qapp: QApplication, qtbot: Any, tmp_path: Path
) -> None:
    (tmp_path / "viewer.ini").mkdir()
    preferences = Preferences(tmp_path / "viewer.ini")
    with qtbot.waitSignal(preferences.noticed) as told:
        preferences.set(mouse.WINDOW_SPEED, 3.0)
    assert told.args[0].code == "SETTING_NOT_SAVED" and preferences.number(mouse.WINDOW_SPEED) == 3.0


def test_a_path_is_chosen_with_its_button(window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def choose(_parent: object, title: str, start: str) -> str:
        asked.append(start)
        return str(tmp_path / "style")

    monkeypatch.setattr(QFileDialog, "getExistingDirectory", choose)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    window.actions_by_id["preferences"].trigger()
    (dialog,) = window.findChildren(SettingsDialog)
    style, rules = (dialog.controls[setting.id].parent() for setting in (drafts.STYLE, hanging.RULES))
    assert isinstance(style, PathField) and style.folder is not None
    assert isinstance(rules, PathField) and rules.folder is None
    style.file.click()
    assert window.preferences.text(drafts.STYLE) == "", "cancelled"
    style.line.setText(str(tmp_path / "old"))
    style.folder.click()
    assert asked == [str(tmp_path)]
    assert window.preferences.text(drafts.STYLE) == style.line.text() == str(tmp_path / "style")
    for button in (style.file, style.folder, rules.file):
        assert button.accessibleName().startswith(("House style", "Own hanging rules"))


def test_the_readers_name_stands_in_the_record_of_changes(window: MainWindow, opened: Open) -> None:
    opened(a={})
    window.commands.confirm("s1")
    window.preferences.set(program.READER, "  Dr.  Ada\nByron ")
    window.commands.confirm("s2")
    window.preferences.set(program.READER, "")
    window.commands.confirm("s3")
    assert window.session.draft is not None
    assert [entry.user for entry in window.session.draft.audit] == [system_reader(), "Dr. Ada Byron", system_reader()]


def test_the_dialog_shows_and_sets_every_setting(window: MainWindow, qtbot: Any) -> None:
    window.actions_by_id["preferences"].trigger()
    (dialog,) = window.findChildren(SettingsDialog)
    assert dialog.controls.keys() == {setting.id for setting in SETTINGS}
    direction, speed = dialog.controls[mouse.LEVEL_DIRECTION.id], dialog.controls[mouse.WINDOW_SPEED.id]
    wheel = dialog.controls[mouse.WHEEL_ZOOMS_IN.id]
    assert isinstance(direction, QComboBox) and isinstance(speed, QDoubleSpinBox) and isinstance(wheel, QCheckBox)
    direction.setCurrentIndex(1)
    speed.setValue(2.0)
    wheel.setChecked(False)
    hand = window.canvas.mouse.hand
    assert (hand.down_is_brighter, hand.speed, hand.wheel_up_enlarges) == (True, 2.0, False)
    dialog.defaults.click()
    assert all(window.preferences.value(setting) == setting.default for setting in SETTINGS)
    assert direction.currentIndex() == 0 and speed.value() == 1.0 and wheel.isChecked()
    dialog.close()
