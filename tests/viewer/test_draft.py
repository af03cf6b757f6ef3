"""The draft in the window: confirm, edit, review, export."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from engine.report.conflicts import Conflict
from engine.report.draft import DraftStatus
from tests.viewer.factories import FakeEngine
from tests.viewer.looking import Open, amber, message, row
from viewer.state.selection import Selection
from viewer.window import MainWindow


def test_unconfirmed_text_is_coloured_until_confirmed(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={})
    qtbot.waitUntil(row(window, "s1").text.isVisible, timeout=2000)
    assert amber(row(window, "s1").text) > 10
    assert "confirmed" not in row(window, "s1").note.full
    qtbot.mouseClick(row(window, "s1").buttons["confirm"], Qt.MouseButton.LeftButton)
    after = row(window, "s1")
    assert amber(after.text) == 0 and not after.buttons["confirm"].isVisible()
    assert after.note.full.startswith("confirmed · AI text")
    assert "2 to confirm" in window.report.status.text()
    window.actions_by_id["undo"].trigger()
    assert amber(row(window, "s1").text) > 10


def test_draft_and_features_name_the_image_they_belong_to(window: MainWindow, opened: Open) -> None:
    now, before = opened(
        a={"PatientName": "Doe^Jane", "StudyDate": "20260302", "ViewPosition": "PA"},
        b={"PatientName": "Doe^Jane", "StudyDate": "20250114", "ViewPosition": "AP"},
    )
    for key, text in ((now, "Doe, Jane · 2026-03-02 · PA"), (before, "Doe, Jane · 2025-01-14 · AP")):
        window.session.show(key)
        assert window.report.belongs.full == text
        assert window.features.belongs.full == text


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


def typed_indication(window: MainWindow, qtbot: Any, text: str) -> None:
    """Type an indication as a person does, and wait for the draft that answers it."""
    line = window.report.indication.line
    qtbot.mouseClick(line, Qt.MouseButton.LeftButton)
    line.selectAll()
    qtbot.keyClicks(line, text)
    qtbot.keyClick(line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not window.controller.busy, timeout=10000)


def test_another_indication_composes_anew_keeps_what_a_person_did_and_can_be_undone(
    window: MainWindow, opened: Open, qtbot: Any
) -> None:
    opened(a={})
    window.commands.confirm("s1")
    window.commands.edit("s2", "No pneumothorax is seen.")
    window.commands.remove("s3")
    window.commands.add("heart", "Heart of normal size.")
    before = window.session.draft
    typed_indication(window, qtbot, "? effusion")
    draft = window.session.draft
    assert before is not None and draft is not None
    assert (draft.indication, draft.indication_source) == ("? effusion", "typed")
    assert [r.sentence.text for r in window.report.rows] == [s.text for s in before.sentences()]
    assert draft.find("s1").state == "confirmed" and draft.find("s3").state == "removed"
    assert window.report.indication.source.text() == "typed"
    window.actions_by_id["undo"].trigger()
    assert window.session.draft == before and window.report.indication.line.text() == before.indication
    typed_indication(window, qtbot, "")
    assert window.session.draft == before, "an indication that is as before is no step"


def test_a_sentence_shows_what_was_held_against_it(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={})
    draft = window.session.draft
    assert draft is not None
    lost = Conflict("polarity", draft.find("s1").findings[0].observation, "present", "absent", 0.9, 0.1, (3,), (7,))
    open_ = Conflict("polarity", "Fracture", "undecided", "absent", 0.4, 0.6, (8,), (9,))
    window.session.change("test", replace(draft, conflicts=(lost, open_)))
    against = row(window, "s1").against
    qtbot.waitUntil(against.isVisible, timeout=2000)
    assert "present 0.90 outweighs absent 0.10 (#7)" in against.full
    assert any(
        "Fracture: present 0.40 (#8) against absent 0.60 (#9)" in text
        for text in [label.text() for label in window.report.body.findChildren(QLabel)]
    )
    window.commands.edit("s1", "My own words.")
    assert not row(window, "s1").against.isVisible(), "what a person wrote is not the features' word"


def test_an_indication_reaches_its_image_though_another_is_shown_meanwhile(
    window: MainWindow, opened: Open, qtbot: Any
) -> None:
    first, second = opened(a={}, b={})
    window.session.show(first)
    qtbot.waitUntil(lambda: window.session.draft is not None, timeout=10000)
    before = window.session.draft
    window.controller.set_indication("? effusion")
    window.session.show(second)
    history = window.session.images[first].history
    assert history is not None
    qtbot.waitUntil(lambda: history.current.indication == "? effusion", timeout=10000)
    window.session.show(first)
    window.actions_by_id["undo"].trigger()
    assert history.current == before
