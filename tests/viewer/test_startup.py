"""The start: folders that cannot be written, words that are missing, the first-run page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QLabel

from tests.viewer.looking import Open, row
from viewer import app, crash, startup
from viewer.i18n import language, tr
from viewer.settings import program
from viewer.settings.preferences import Preferences
from viewer.welcome import WelcomeDialog
from viewer.window import MainWindow


def places(monkeypatch: pytest.MonkeyPatch, data: Path, cache: Path) -> None:
    monkeypatch.setenv("SAERAD_DATA_DIR", str(data))
    monkeypatch.setenv("SAERAD_CACHE_DIR", str(cache))


def test_folders_that_can_be_written_are_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    places(monkeypatch, tmp_path / "a" / "data", tmp_path / "cache")
    assert startup.usable_folders() == startup.Folders(tmp_path / "a" / "data", tmp_path / "cache")
    assert list((tmp_path / "a" / "data").iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told_and_replaced(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    places(monkeypatch, tmp_path / "file", tmp_path / "cache")
    found = startup.usable_folders()
    assert found.data.is_dir() and found.data != tmp_path / "file" and found.cache == tmp_path / "cache"
    (problem,) = found.problems
    assert problem.code == "FOLDER_NOT_WRITABLE" and str(tmp_path / "file") in problem.message
    assert str(found.data) in problem.hint and "SAERAD_DATA_DIR" in problem.hint
    found.data.rmdir()


def test_missing_words_leave_the_window_english_and_are_told(
    dark: QApplication, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(language, "words_path", lambda _language: tmp_path)
    preferences = Preferences()
    preferences.set(program.LANGUAGE, "de")
    app.prepare(dark, preferences)
    assert [problem.code for problem in preferences.problems] == ["LANGUAGE_INVALID"] and tr("Image") == "Image"


def test_the_welcome_page_begins_and_is_shown_once(window: MainWindow, qtbot: Any) -> None:
    window.actions_by_id["welcome"].trigger()
    (dialog,) = window.findChildren(WelcomeDialog)
    assert dialog.buttons["demo"].isDefault() and window.preferences.flag(program.WELCOME)
    cut = [
        label.text() for label in dialog.findChildren(QLabel) if label.height() < label.heightForWidth(label.width())
    ]
    assert cut == []
    dialog.buttons["demo"].click()
    assert not dialog.isVisible() and not window.preferences.flag(program.WELCOME)
    qtbot.waitUntil(lambda: len(window.controller.thumbnails) >= 5, timeout=30000)


def test_a_crash_saves_what_is_being_typed(window: MainWindow, opened: Open, qtbot: Any, tmp_path: Path) -> None:
    import sys

    opened(a={})
    hook = sys.excepthook
    try:
        crash.install(lambda _problem: None, window.report.commit, tmp_path / "crash.log")
        line = row(window, "s1")
        line.begin_edit()
        line.editor.setText("Typed before the crash.")
        sys.excepthook(KeyError, KeyError("k"), None)
    finally:
        sys.excepthook = hook
    draft = window.session.draft
    assert draft is not None and draft.find("s1").text == "Typed before the crash."
    saved = window.session.store.load(draft.sop_instance_uid, draft.pixel_sha256)
    assert saved is not None and saved.find("s1").text == "Typed before the crash."
