"""The draft in the window: confirm, edit, review, export."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt

from engine.report.draft import DraftStatus
from tests.viewer.factories import FakeEngine
from tests.viewer.looking import Open, amber, message, row
from viewer.state.selection import Selection
from viewer.window import MainWindow


def test_unconfirmed_text_is_coloured_until_confirmed(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={})
    qtbot.waitUntil(row(window, "s1").text.isVisible, timeout=2000)
    assert amber(row(window, "s1").text) > 10
    qtbot.mouseClick(row(window, "s1").buttons["confirm"], Qt.MouseButton.LeftButton)
    after = row(window, "s1")
    assert amber(after.text) == 0 and not after.buttons["confirm"].isVisible()
    assert "2 to confirm" in window.report.status.text()
    window.actions_by_id["undo"].trigger()
    assert amber(row(window, "s1").text) > 10


def test_the_whole_way_from_draft_to_export(
    window: MainWindow, opened: Open, qtbot: Any, engine: FakeEngine, tmp_path: Path
) -> None:
    (key,) = opened(a={})
    assert not window.report.review.isEnabled()
    window.commands.review()
    assert "[UNCONFIRMED]" in message(window).text()
    message(window).close()
    window.commands.confirm("s1")
    window.commands.edit("s2", "No pneumothorax is seen.")
    window.commands.remove("s3")
    window.commands.add("heart", "Heart of normal size.")
    texts = [r.sentence.text for r in window.report.rows]
    assert texts == ["Small left effusion.", "No pneumothorax is seen.", "Heart of normal size."]
    qtbot.mouseClick(window.report.review, Qt.MouseButton.LeftButton)
    assert window.report.status.text() == "REVIEWED"
    window.controller.export(tmp_path / "out", ("text",))
    qtbot.waitUntil(lambda: window.report.status.text() == "EXPORTED", timeout=10000)
    assert engine.exports[0][1].status is DraftStatus.REVIEWED
    saved = window.session.images[key].history
    assert saved is not None and saved.current.status is DraftStatus.EXPORTED
    window.commands.edit("s2", "Changed after export.")
    assert window.report.status.text() == "DRAFT"


def test_an_unreviewed_draft_stays_a_draft_when_exported(
    window: MainWindow, opened: Open, qtbot: Any, engine: FakeEngine, tmp_path: Path
) -> None:
    opened(a={})
    window.controller.export(tmp_path / "out", ("text",))
    qtbot.waitUntil(lambda: len(engine.exports) == 1 and not window.controller.busy, timeout=10000)
    assert window.report.status.text().startswith("DRAFT")
    assert "written" in window.statusBar().currentMessage()


def test_undo_and_redo_from_the_window(window: MainWindow, opened: Open) -> None:
    opened(a={})
    window.commands.remove("s1")
    assert window.report.row("s1") is None
    window.actions_by_id["undo"].trigger()
    assert window.report.row("s1") is not None
    window.actions_by_id["redo"].trigger()
    assert window.report.row("s1") is None


def test_sentences_are_reached_and_changed_with_the_keyboard(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={})
    window.actions_by_id["sentence_next"].trigger()
    assert window.session.selection == Selection(sentence_key="s1")
    qtbot.keyClick(row(window, "s1"), Qt.Key.Key_Return)
    assert row(window, "s1").sentence.state == "confirmed"
    assert window.session.selection == Selection(sentence_key="s2")
    window.actions_by_id["sentence_edit"].trigger()
    editor = row(window, "s2").editor
    qtbot.waitUntil(editor.isVisible, timeout=2000)
    editor.setText("Edited by keyboard.")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    assert row(window, "s2").sentence.text == "Edited by keyboard."
    window.actions_by_id["sentence_next"].trigger()
    qtbot.keyClick(row(window, "s3"), Qt.Key.Key_Delete)
    assert window.report.row("s3") is None


def test_escape_leaves_the_editor_without_a_change(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={})
    window.activateWindow()
    window.canvas.zoom_by(3.0)
    window.commands.choose_sentence("s1")
    window.commands.edit_selected()
    qtbot.waitUntil(row(window, "s1").editor.hasFocus, timeout=2000)
    row(window, "s1").editor.setText("thrown away")
    qtbot.keyClick(row(window, "s1").editor, Qt.Key.Key_Escape)
    assert row(window, "s1").editor is None and row(window, "s1").text.isVisible()
    assert row(window, "s1").sentence.text == "Small left effusion."
    assert not window.canvas.view.fitted


def test_writing_the_draft_anew_drops_the_review(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={})
    for key in ("s1", "s2", "s3"):
        window.commands.confirm(key)
    window.commands.review()
    window.actions_by_id["regenerate"].trigger()
    qtbot.waitUntil(lambda: window.report.status.text() == "DRAFT · 3 to confirm", timeout=5000)
    window.actions_by_id["undo"].trigger()
    assert window.report.status.text() == "REVIEWED"
