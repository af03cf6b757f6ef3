"""Templates are inserted with the keyboard, and an indication that is being typed is on disk before Enter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from engine.errors import DraftError
from engine.report.style import load_style
from engine.report.wishes import DraftWishes
from tests.viewer.factories import FakeEngine
from tests.viewer.looking import Open, message, row
from viewer.report.template_dialog import TemplateDialog
from viewer.window import MainWindow

OWN = 'language = "en"\n\n[[template]]\nname = "Mine"\ntext = "My ___ words."\n'


def shown(window: MainWindow) -> TemplateDialog:
    (dialog,) = (found for found in window.findChildren(TemplateDialog) if found.isVisible())
    return dialog


def test_templates_of_a_language_ship_and_a_persons_own_replace_them(tmp_path: Path) -> None:
    for language in ("en", "de"):
        templates = load_style(language).templates
        assert len(templates) > 5 and len({template.name for template in templates}) == len(templates)
    (tmp_path / "templates-en.toml").write_text(OWN, encoding="utf-8")
    assert [template.name for template in load_style("en", tmp_path).templates] == ["Mine"]
    (tmp_path / "templates-en.toml").write_text(OWN + 'sektion = "lungs"\n', encoding="utf-8")
    with pytest.raises(DraftError) as told:
        load_style("en", tmp_path)
    assert told.value.code == "STYLE_INVALID" and "templates-en.toml, line 6" in told.value.message
    assert "allowed are name, section, text" in told.value.message


def test_a_template_becomes_a_sentence_with_its_gap_filled_in(
    window: MainWindow, opened: Open, qtbot: Any, engine: FakeEngine, tmp_path: Path
) -> None:
    (tmp_path / "templates-en.toml").write_text(OWN, encoding="utf-8")
    engine.wishes = DraftWishes(style=tmp_path)
    opened(a={})
    window.commands.choose_sentence("s3")
    window.actions_by_id["sentence_template"].trigger()
    dialog = shown(window)
    qtbot.keyClicks(dialog.search, "words")
    qtbot.keyClick(dialog.search, Qt.Key.Key_Return)
    editor = window.report.sections[1].editor
    assert editor is not None and editor.selectedText() == "___"
    qtbot.keyClicks(editor, "own")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    draft = window.session.draft
    assert draft is not None and draft.sections[1].sentences[-1].text == "My own words."
    assert [entry.action for entry in draft.audit] == ["add"]


def test_a_template_goes_where_a_person_writes(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={})
    row(window, "s1").begin_edit()
    row(window, "s1").editor.end(False)
    window.actions_by_id["sentence_template"].trigger()
    dialog = shown(window)
    qtbot.keyClick(dialog.search, Qt.Key.Key_Down)
    chosen = dialog.chosen
    assert chosen is not None and dialog.list.currentRow() == 1
    qtbot.keyClick(dialog.search, Qt.Key.Key_Return)
    assert row(window, "s1").editor.text() == f"Small left effusion.{chosen.text}"


def test_templates_that_cannot_be_used_are_told_and_the_shipped_ones_offered(
    window: MainWindow, opened: Open, engine: FakeEngine, tmp_path: Path
) -> None:
    (tmp_path / "templates-en.toml").write_text(OWN.replace("text", "txt"), encoding="utf-8")
    engine.wishes = DraftWishes(style=tmp_path)
    opened(a={})
    window.actions_by_id["sentence_template"].trigger()
    assert "[STYLE_INVALID] templates-en.toml, line" in message(window).text()
    assert shown(window).list.count() == len(load_style("en").templates)
    shown(window).reject()
    message(window).close()


def test_a_typed_indication_is_on_disk_before_enter_and_found_again(
    window: MainWindow, opened: Open, qtbot: Any
) -> None:
    (key,) = opened(a={})
    line, draft = window.report.indication.line, window.session.draft
    assert draft is not None
    line.setFocus()
    qtbot.keyClicks(line, "? pneumo")
    window.report._tell_typed()
    saved = window.session.store.load(draft.sop_instance_uid, draft.pixel_sha256)
    assert saved is not None and saved.typed_indication == "? pneumo" and saved.indication == ""
    assert window.session.draft == draft and not window.session.typing
    image = window.session.images[key]
    window.report._keep.stop()
    line.clear()
    window.controller.analyse(key)
    qtbot.waitUntil(lambda: image.restored, timeout=10000)
    assert line.text() == "? pneumo" and image.history is not None
    assert image.history.current.typed_indication is None, "no sentence answers it yet"
    qtbot.keyClick(line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: image.history.current.indication == "? pneumo", timeout=10000)
    QApplication.processEvents()
    answered = window.session.store.load(draft.sop_instance_uid, draft.pixel_sha256)
    assert answered is not None and (answered.indication, answered.typed_indication) == ("? pneumo", None)


def test_a_typed_indication_that_is_given_up_leaves_nothing_on_disk(
    window: MainWindow, opened: Open, qtbot: Any, tmp_path: Path
) -> None:
    opened(a={})
    line = window.report.indication.line
    line.setFocus()
    qtbot.keyClicks(line, "? pneumo")
    window.report._tell_typed()
    assert list((tmp_path / "drafts").glob("*.json"))
    qtbot.keyClick(line, Qt.Key.Key_Escape)
    window.report._tell_typed()
    assert line.text() == "" and not list((tmp_path / "drafts").glob("*.json"))
