"""A whole review without a mouse, from opening a study to its export, and the record that it leaves."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget

from engine.report.draft import Draft, DraftStatus, ReportSection
from tests.viewer.factories import FakeEngine, write_dicom
from tests.viewer.looking import Open, row
from viewer.report.audit import AuditDialog
from viewer.report.commands import ConfirmAllBox
from viewer.report.export_dialog import ExportDialog
from viewer.window import MainWindow

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
NONE = Qt.KeyboardModifier.NoModifier


def press(qtbot: Any, window: MainWindow, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
    """Press a key where the keyboard is, as a person would."""
    qtbot.keyClick(QApplication.focusWidget() or window, key, modifiers)


def type_text(qtbot: Any, text: str) -> None:
    qtbot.keyClicks(QApplication.focusWidget(), text)


def dialog_of(window: MainWindow, kind: type[Any]) -> Any:
    (found,) = (dialog for dialog in window.findChildren(kind) if dialog.isVisible())
    return found


def draft_of(window: MainWindow) -> Draft:
    draft = window.session.draft
    assert draft is not None
    return draft


def actions(window: MainWindow) -> list[tuple[str, str]]:
    return [(entry.action, entry.key) for entry in draft_of(window).audit]


def test_a_review_needs_no_mouse(
    window: MainWindow, qtbot: Any, engine: FakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_dicom(tmp_path / "a.dcm")
    # The system's own dialog is not ours to drive.
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([str(path)], ""))
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=5000)
    press(qtbot, window, Qt.Key.Key_O, CTRL)
    qtbot.waitUntil(lambda: window.session.draft is not None, timeout=20000)

    press(qtbot, window, Qt.Key.Key_Down, CTRL)
    assert window.session.selection.sentence_key == "s1"
    press(qtbot, window, Qt.Key.Key_Return, CTRL)
    assert draft_of(window).find("s1").state == "confirmed" and window.session.selection.sentence_key == "s2"
    press(qtbot, window, Qt.Key.Key_F2)
    type_text(qtbot, "No pneumothorax is seen.")
    press(qtbot, window, Qt.Key.Key_Return)
    assert draft_of(window).find("s2").text == "No pneumothorax is seen."

    press(qtbot, window, Qt.Key.Key_D, CTRL | SHIFT)
    compared = row(window, "s2").difference
    assert compared is not None and "is seen." in compared.text() and "underline" in compared.text()
    press(qtbot, window, Qt.Key.Key_D, CTRL | SHIFT)
    assert row(window, "s2").difference is None

    press(qtbot, window, Qt.Key.Key_Down, CTRL | SHIFT)
    assert window.session.selection.sentence_key == "s3"
    press(qtbot, window, Qt.Key.Key_Delete, CTRL)
    assert draft_of(window).find("s3").state == "removed"
    assert window.session.selection.sentence_key == "s2" and row(window, "s2").hasFocus(), "the keyboard is not lost"
    press(qtbot, window, Qt.Key.Key_Z, CTRL)
    assert draft_of(window).find("s3").state == "unconfirmed"

    press(qtbot, window, Qt.Key.Key_Return, CTRL | SHIFT)
    box = dialog_of(window, ConfirmAllBox)
    qtbot.keyClick(box.defaultButton(), Qt.Key.Key_Return)
    assert draft_of(window).waiting, "Enter alone does not confirm all"
    press(qtbot, window, Qt.Key.Key_Return, CTRL | SHIFT)
    box = dialog_of(window, ConfirmAllBox)
    box.activateWindow()
    qtbot.waitUntil(box.no.hasFocus, timeout=5000)
    qtbot.keyClick(box.no, Qt.Key.Key_Tab)
    assert box.yes.hasFocus()
    qtbot.keyClick(box.yes, Qt.Key.Key_Space)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=5000)
    assert not draft_of(window).waiting

    press(qtbot, window, Qt.Key.Key_A, CTRL | SHIFT)
    type_text(qtbot, "Small left effusion only.")
    press(qtbot, window, Qt.Key.Key_Return)
    press(qtbot, window, Qt.Key.Key_R, CTRL | SHIFT)
    assert draft_of(window).status is DraftStatus.REVIEWED

    press(qtbot, window, Qt.Key.Key_H, CTRL | SHIFT)
    record = dialog_of(window, AuditDialog)
    shown = next(child for child in record.findChildren(QWidget) if hasattr(child, "toPlainText")).toPlainText()
    assert "all confirmed at once" in shown and "undone" in shown and window.session.reader in shown
    qtbot.keyClick(record, Qt.Key.Key_Escape)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=5000)

    press(qtbot, window, Qt.Key.Key_E, CTRL)
    export = dialog_of(window, ExportDialog)
    export.folder.selectAll()
    qtbot.keyClicks(export.folder, str(tmp_path / "out"))
    qtbot.keyClick(export.folder, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: draft_of(window).status is DraftStatus.EXPORTED, timeout=10000)
    assert engine.exports[0][0] == tmp_path / "out" and engine.exports[0][1].audit
    added = actions(window)[-3][1]
    assert actions(window) == [
        ("confirm", "s1"),
        ("edit", "s2"),
        ("reject", "s3"),
        ("undo", "s3"),
        ("confirm_all", "s3"),
        ("add", added),
        ("review", ""),
        ("export", ""),
    ]


def test_the_impression_is_reached_and_begun_with_a_key(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={})
    draft = draft_of(window)
    lines = (replace(draft.find("s1"), key="i1", text="Effusion."),)
    window.session.change(
        "impression", replace(draft, sections=(*draft.sections, ReportSection("impression", "I", lines)))
    )
    window.actions_by_id["impression"].trigger()
    assert window.session.selection.sentence_key == "i1" and row(window, "i1").hasFocus()
    window.commands.remove("i1")
    window.actions_by_id["impression"].trigger()
    type_text(qtbot, "No acute finding.")
    press(qtbot, window, Qt.Key.Key_Return)
    assert [s.text for s in draft_of(window).sections[-1].sentences if s.state != "removed"] == ["No acute finding."]


def test_the_record_is_on_disk_with_every_change_and_stays_when_work_goes_on(
    window: MainWindow, opened: Open, qtbot: Any, tmp_path: Path
) -> None:
    (key,) = opened(a={})
    window.session.reader = "Dr. Who"
    window.commands.edit("s1", "Another text.")
    window.actions_by_id["undo"].trigger()
    window.actions_by_id["redo"].trigger()
    (file,) = (tmp_path / "drafts").glob("*.json")
    saved = json.loads(file.read_text(encoding="utf-8"))["draft"]["audit"]
    assert [(e["user"], e["action"], e["before"], e["after"]) for e in saved] == [
        ("Dr. Who", "edit", "Small left effusion.", "Another text."),
        ("Dr. Who", "undo", "Another text.", "Small left effusion."),
        ("Dr. Who", "redo", "Small left effusion.", "Another text."),
    ]
    window.controller.regenerate()
    qtbot.waitUntil(lambda: draft_of(window).find("s1").text == "Small left effusion.", timeout=10000)
    assert [e.action for e in draft_of(window).audit] == ["edit", "undo", "redo", "compose"]
    window.controller.analyse(key)
    qtbot.waitUntil(lambda: not window.controller.busy, timeout=10000)
    assert len(draft_of(window).audit) == 4, "an analysis takes nothing from it"


def test_what_was_typed_and_not_finished_is_told_when_it_is_found_again(window: MainWindow, opened: Open) -> None:
    opened(a={})
    draft = draft_of(window)
    row(window, "s1").begin_edit()
    row(window, "s1").editor.setText("Half a sent")
    window.report._tell_typed()
    saved = window.session.store.load(draft.sop_instance_uid, draft.pixel_sha256)
    assert saved is not None and [(e.action, e.after, e.state) for e in saved.audit] == [
        ("typing", "Half a sent", "unconfirmed")
    ]
    assert draft_of(window).audit == ()
    row(window, "s1").commit()
    assert [e.action for e in draft_of(window).audit] == ["edit"]


def test_the_record_and_the_comparison_never_stand_beside_another_image(window: MainWindow, opened: Open) -> None:
    first, second = opened(a={}, b={})
    window.session.show(first)
    window.commands.edit("s1", "Another text.")
    window.commands.choose_sentence("s1")
    window.actions_by_id["sentence_compare"].trigger()
    window.actions_by_id["audit"].trigger()
    assert dialog_of(window, AuditDialog).isVisible()
    window.session.show(second)
    assert not [d for d in window.findChildren(AuditDialog) if d.isVisible()]
    assert all(line.difference is None for line in window.report.rows)


def test_confirm_all_confirms_only_what_was_asked_about(window: MainWindow, opened: Open) -> None:
    opened(a={})
    window.actions_by_id["confirm_all"].trigger()
    box = dialog_of(window, ConfirmAllBox)
    assert "3" in box.text()
    window.session.change("edit", draft_of(window).edit("s1", "Changed meanwhile."))
    box.yes.click()
    assert len(draft_of(window).waiting) == 2 and "confirm_all" not in dict(actions(window))


def test_the_export_says_how_much_is_not_confirmed(window: MainWindow, opened: Open) -> None:
    opened(a={})
    window.commands.confirm("s1")
    window.actions_by_id["export"].trigger()
    dialog = dialog_of(window, ExportDialog)
    texts = [label.text() for label in dialog.findChildren(QWidget) if hasattr(label, "wordWrap")]
    assert any("no person has confirmed" in text and "2" in text for text in texts)
    dialog.reject()
