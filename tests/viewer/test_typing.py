"""What is being typed into the draft is never lost: whatever a person does next keeps it first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog

from engine.report.draft import Draft
from tests.viewer.factories import FakeEngine
from tests.viewer.looking import Open, row
from viewer.report.editor import SentenceEditor
from viewer.report.export_dialog import ExportDialog
from viewer.window import MainWindow

TYPED = "Moderate left effusion."


def draft_of(window: MainWindow, key: str) -> Draft:
    history = window.session.images[key].history
    assert history is not None
    return history.current


def type_into(window: MainWindow, sentence: str, qtbot: Any, text: str = TYPED) -> SentenceEditor:
    """Open the editor of a sentence with its button and type, without Enter."""
    qtbot.mouseClick(row(window, sentence).buttons["edit"], Qt.MouseButton.LeftButton)
    editor = row(window, sentence).editor
    assert isinstance(editor, SentenceEditor)
    editor.selectAll()
    qtbot.keyClicks(editor, text)
    return editor


def open_editors(window: MainWindow) -> list[SentenceEditor]:
    return [editor for editor in window.report.body.findChildren(SentenceEditor) if not editor.isHidden()]


def new_line(window: MainWindow, qtbot: Any, text: str) -> SentenceEditor:
    """Begin a new sentence in the first section, without Enter."""
    qtbot.mouseClick(window.report.sections[0].add, Qt.MouseButton.LeftButton)
    (editor,) = open_editors(window)
    qtbot.keyClicks(editor, text)
    return editor


def test_confirm_takes_what_is_typed(window: MainWindow, opened: Open, qtbot: Any) -> None:
    (key,) = opened(a={})
    type_into(window, "s1", qtbot)
    qtbot.mouseClick(row(window, "s1").buttons["confirm"], Qt.MouseButton.LeftButton)
    sentence = draft_of(window, key).find("s1")
    assert (sentence.text, sentence.state, sentence.origin) == (TYPED, "confirmed", "edited")
    assert row(window, "s1").text.text() == TYPED and open_editors(window) == []


def test_the_key_that_confirms_means_the_sentence_that_is_edited(window: MainWindow, opened: Open, qtbot: Any) -> None:
    (key,) = opened(a={})
    window.commands.choose_sentence("s1")
    editor = type_into(window, "s3", qtbot, "Heart of normal size.")
    qtbot.keyClick(editor, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert draft_of(window, key).find("s3").text == "Heart of normal size."
    assert draft_of(window, key).find("s1").state == "unconfirmed"


def test_enter_on_an_unchanged_text_confirms_it_as_the_programs(window: MainWindow, opened: Open, qtbot: Any) -> None:
    (key,) = opened(a={})
    qtbot.mouseClick(row(window, "s1").buttons["edit"], Qt.MouseButton.LeftButton)
    qtbot.keyClick(row(window, "s1").editor, Qt.Key.Key_Return)
    sentence = draft_of(window, key).find("s1")
    assert (sentence.state, sentence.origin) == ("confirmed", "composed") and open_editors(window) == []


def test_an_emptied_sentence_is_removed_and_not_confirmed_empty(window: MainWindow, opened: Open, qtbot: Any) -> None:
    (key,) = opened(a={})
    editor = type_into(window, "s1", qtbot)
    editor.clear()
    qtbot.mouseClick(row(window, "s1").buttons["confirm"], Qt.MouseButton.LeftButton)
    assert draft_of(window, key).find("s1").state == "removed"
    window.actions_by_id["undo"].trigger()
    assert row(window, "s1").text.text() == "Small left effusion."


def by_step(window: MainWindow) -> None:
    window.actions_by_id["next"].trigger()


def by_list(window: MainWindow) -> None:
    window.browser.image_chosen.emit(list(window.session.images)[1])


def by_review(window: MainWindow) -> None:
    for key in ("s2", "s3"):
        window.commands.confirm(key)
    window.actions_by_id["review"].trigger()
    assert window.report.status.text() == "REVIEWED"


def by_export(window: MainWindow) -> None:
    window.actions_by_id["export"].trigger()
    for dialog in window.findChildren(QDialog):
        dialog.close()


def by_another_editor(window: MainWindow) -> None:
    row(window, "s3").begin_edit()


def by_a_new_line(window: MainWindow) -> None:
    window.report.sections[1].add.click()


def by_closing(window: MainWindow) -> None:
    window.close()


WAYS = (by_step, by_list, by_review, by_export, by_another_editor, by_a_new_line, by_closing)


@pytest.mark.parametrize("leave", WAYS)
def test_a_correction_without_enter_is_kept(
    window: MainWindow, opened: Open, qtbot: Any, leave: Callable[[MainWindow], None]
) -> None:
    first, _ = opened(a={}, b={})
    type_into(window, "s1", qtbot)
    leave(window)
    draft = draft_of(window, first)
    assert draft.find("s1").text == TYPED and draft.find("s1").state == "confirmed"
    assert len(open_editors(window)) <= 1
    saved = window.session.store.load(draft.sop_instance_uid, draft.pixel_sha256)
    assert saved is not None and saved.find("s1").text == TYPED


@pytest.mark.parametrize("leave", WAYS)
def test_a_new_sentence_without_enter_is_kept(
    window: MainWindow, opened: Open, qtbot: Any, leave: Callable[[MainWindow], None]
) -> None:
    first, _ = opened(a={}, b={})
    window.commands.confirm("s1")
    new_line(window, qtbot, "Scar at the apex.")
    leave(window)
    assert [s.text for s in draft_of(window, first).sections[0].sentences][-1] == "Scar at the apex."


def by_another_sentence(window: MainWindow, qtbot: Any) -> None:
    qtbot.mouseClick(row(window, "s3"), Qt.MouseButton.LeftButton)


def by_a_feature(window: MainWindow, qtbot: Any) -> None:
    qtbot.mouseClick(window.features.rows[1].head, Qt.MouseButton.LeftButton)


def by_the_image(window: MainWindow, qtbot: Any) -> None:
    window.canvas.setFocus(Qt.FocusReason.MouseFocusReason)


def by_the_search(window: MainWindow, qtbot: Any) -> None:
    qtbot.mouseClick(window.features.search, Qt.MouseButton.LeftButton)


AWAY = (by_another_sentence, by_a_feature, by_the_image, by_the_search)


def take_keyboard(window: MainWindow, editor: SentenceEditor, qtbot: Any) -> None:
    window.activateWindow()
    editor.setFocus()
    qtbot.waitUntil(editor.hasFocus, timeout=2000)


@pytest.mark.parametrize("leave", AWAY)
def test_leaving_the_editor_closes_it_and_keeps_what_is_typed_as_one_step(
    window: MainWindow, opened: Open, qtbot: Any, leave: Callable[[MainWindow, Any], None]
) -> None:
    (key,) = opened(a={})
    take_keyboard(window, type_into(window, "s1", qtbot), qtbot)
    leave(window, qtbot)
    assert open_editors(window) == [] and draft_of(window, key).find("s1").text == TYPED
    window.actions_by_id["undo"].trigger()
    assert draft_of(window, key).find("s1").text == "Small left effusion."
    take_keyboard(window, new_line(window, qtbot, "Scar at the apex."), qtbot)
    leave(window, qtbot)
    assert open_editors(window) == []
    assert [s.text for s in draft_of(window, key).sections[0].sentences][-1] == "Scar at the apex."


def test_an_editor_that_was_only_looked_at_is_closed_without_a_step(
    window: MainWindow, opened: Open, qtbot: Any
) -> None:
    (key,) = opened(a={})
    take_keyboard(window, type_into(window, "s1", qtbot, "Small left effusion."), qtbot)
    by_another_sentence(window, qtbot)
    history = window.session.images[key].history
    assert open_editors(window) == [] and history is not None and history.undo_name == ""


@pytest.mark.parametrize("reason", [Qt.FocusReason.ActiveWindowFocusReason, Qt.FocusReason.PopupFocusReason])
def test_another_application_and_a_menu_leave_the_editor_open(
    window: MainWindow, opened: Open, qtbot: Any, reason: Qt.FocusReason
) -> None:
    (key,) = opened(a={})
    editor = type_into(window, "s1", qtbot)
    take_keyboard(window, editor, qtbot)
    window.canvas.setFocus(reason)
    assert open_editors(window) == [editor] and editor.text() == TYPED
    assert draft_of(window, key).find("s1").text == "Small left effusion."


def test_the_own_buttons_are_reached_with_tab_while_the_editor_is_open(
    window: MainWindow, opened: Open, qtbot: Any
) -> None:
    (key,) = opened(a={})
    editor = type_into(window, "s1", qtbot)
    take_keyboard(window, editor, qtbot)
    qtbot.keyClick(editor, Qt.Key.Key_Tab)
    assert not editor.hasFocus() and open_editors(window) == [editor]
    qtbot.keyClick(row(window, "s1").buttons["confirm"], Qt.Key.Key_Space)
    assert draft_of(window, key).find("s1").text == TYPED


def saved(window: MainWindow, key: str) -> Draft | None:
    draft = draft_of(window, key)
    return window.session.store.load(draft.sop_instance_uid, draft.pixel_sha256)


@pytest.fixture
def quick(window: MainWindow) -> None:
    window.report._keep.setInterval(50)


@pytest.mark.usefixtures("quick")
def test_what_is_being_typed_is_on_disk_but_not_confirmed_and_no_step(
    window: MainWindow, opened: Open, qtbot: Any
) -> None:
    (key,) = opened(a={})
    editor = type_into(window, "s1", qtbot, "Moderate left")
    qtbot.waitUntil(lambda: saved(window, key) is not None, timeout=5000)
    qtbot.keyClicks(editor, " effusion.")

    def sentence() -> tuple[str, str, str]:
        draft = saved(window, key)
        assert draft is not None
        found = draft.find("s1")
        return found.text, found.state, found.origin

    qtbot.waitUntil(lambda: sentence() == (TYPED, "unconfirmed", "edited"), timeout=5000)
    assert open_editors(window) == [editor] and editor.cursorPosition() == len(TYPED)
    history = window.session.images[key].history
    assert history is not None and history.undo_name == ""
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    assert sentence() == (TYPED, "confirmed", "edited")
    window.actions_by_id["undo"].trigger()
    assert sentence()[0] == "Small left effusion." and history.undo_name == ""


@pytest.mark.usefixtures("quick")
def test_a_new_sentence_being_typed_is_on_disk(window: MainWindow, opened: Open, qtbot: Any) -> None:
    (key,) = opened(a={})
    editor = new_line(window, qtbot, "Scar at")
    qtbot.waitUntil(lambda: saved(window, key) is not None, timeout=5000)
    draft = saved(window, key)
    assert draft is not None
    last = draft.sections[0].sentences[-1]
    assert (last.text, last.state, last.origin) == ("Scar at", "unconfirmed", "added")
    assert open_editors(window) == [editor]
    qtbot.keyClicks(editor, " the apex.")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    assert saved(window, key) == draft_of(window, key)


@pytest.mark.usefixtures("quick")
def test_what_was_given_up_is_not_on_disk(window: MainWindow, opened: Open, qtbot: Any) -> None:
    (key,) = opened(a={})
    editor = type_into(window, "s1", qtbot)
    qtbot.waitUntil(lambda: saved(window, key) is not None, timeout=5000)
    qtbot.keyClick(editor, Qt.Key.Key_Escape)
    # Nothing was changed: there is no draft to come back to.
    qtbot.waitUntil(lambda: saved(window, key) is None, timeout=5000)
    window.commands.confirm("s3")
    editor = type_into(window, "s1", qtbot)
    qtbot.waitUntil(lambda: saved(window, key) != draft_of(window, key), timeout=5000)
    qtbot.keyClick(editor, Qt.Key.Key_Escape)
    window.close()
    assert saved(window, key) == draft_of(window, key)


@pytest.mark.usefixtures("quick")
def test_a_disk_that_takes_nothing_is_told_once_while_typing(
    window: MainWindow, opened: Open, qtbot: Any, tmp_path: Path
) -> None:
    opened(a={})
    window.session.store.folder.write_text("in the way")
    told: list[str] = []
    window.session.noticed.connect(lambda problem: told.append(problem.code))
    editor = type_into(window, "s1", qtbot, "x")
    for _ in range(3):
        qtbot.keyClicks(editor, "y")
        qtbot.wait(80)
    assert told == ["DRAFT_NOT_SAVED"]
    assert editor.text() == "xyyy" and open_editors(window) == [editor]


def test_the_last_sentence_may_still_be_typed_when_the_review_is_chosen(
    window: MainWindow, opened: Open, qtbot: Any
) -> None:
    (key,) = opened(a={})
    for sentence in ("s2", "s3"):
        window.commands.confirm(sentence)
    assert not window.report.review.isEnabled()
    editor = type_into(window, "s1", qtbot)
    assert window.report.review.isEnabled()
    qtbot.keyClick(editor, Qt.Key.Key_Escape)
    assert not window.report.review.isEnabled()
    type_into(window, "s1", qtbot)
    qtbot.mouseClick(window.report.review, Qt.MouseButton.LeftButton)
    assert draft_of(window, key).find("s1").text == TYPED and window.report.status.text() == "REVIEWED"
    assert not window.report.review.isEnabled()


def test_a_new_result_keeps_what_is_typed(window: MainWindow, opened: Open, qtbot: Any, engine: FakeEngine) -> None:
    (key,) = opened(a={})
    engine.gate.clear()
    window.actions_by_id["analyse"].trigger()
    type_into(window, "s1", qtbot)
    engine.gate.set()
    qtbot.waitUntil(lambda: len(engine.analysed) == 2 and not window.controller.busy, timeout=10000)
    assert draft_of(window, key).find("s1").text == TYPED


def test_changing_another_sentence_keeps_a_new_one_being_typed(window: MainWindow, opened: Open, qtbot: Any) -> None:
    (key,) = opened(a={})
    new_line(window, qtbot, "Scar at the apex.")
    qtbot.mouseClick(row(window, "s3").buttons["remove"], Qt.MouseButton.LeftButton)
    assert "Scar at the apex." in [s.text for s in draft_of(window, key).sentences()]


def test_escape_gives_up_and_undo_takes_back_what_was_kept(window: MainWindow, opened: Open, qtbot: Any) -> None:
    (key,) = opened(a={})
    qtbot.keyClick(type_into(window, "s1", qtbot), Qt.Key.Key_Escape)
    qtbot.keyClick(new_line(window, qtbot, "thrown away"), Qt.Key.Key_Escape)
    window.commands.confirm("s3")
    assert [s.text for s in draft_of(window, key).sentences()] == [
        "Small left effusion.", "No pneumothorax.", "Large heart."
    ]  # fmt: skip
    type_into(window, "s2", qtbot)
    window.actions_by_id["undo"].trigger()
    assert draft_of(window, key).find("s2").text == "No pneumothorax."
    window.actions_by_id["redo"].trigger()
    assert draft_of(window, key).find("s2").text == TYPED


def test_keys_inside_the_editor(window: MainWindow, opened: Open, qtbot: Any) -> None:
    """Ctrl+Z takes typing back and no change of the draft; Ctrl+E exports."""
    (key,) = opened(a={})
    window.activateWindow()
    window.commands.confirm("s3")
    editor = type_into(window, "s1", qtbot, "x")
    qtbot.waitUntil(editor.hasFocus, timeout=2000)
    qtbot.keyClick(editor, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert editor.text() == "Small left effusion." and draft_of(window, key).find("s3").state == "confirmed"
    qtbot.keyClick(editor, Qt.Key.Key_Home)
    qtbot.keyClick(editor, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    (dialog,) = [d for d in window.findChildren(QDialog) if isinstance(d, ExportDialog)]
    assert dialog.isVisible()
    dialog.reject()


def test_the_search_leaves_the_window_its_keys(window: MainWindow, opened: Open, qtbot: Any, tmp_path: Path) -> None:
    opened(a={})
    window.activateWindow()
    window.features.search.setFocus()
    qtbot.waitUntil(window.features.search.hasFocus, timeout=2000)
    qtbot.keyClick(window.features.search, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    (dialog,) = [d for d in window.findChildren(QDialog) if isinstance(d, ExportDialog)]
    dialog.reject()
