"""Rewording of the draft by a local language model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLineEdit

from engine.errors import Cancelled
from engine.report.compose import compose
from engine.report.rewriting import Rewriting, RewritingModel
from tests.engine.report.factories import analysis, feature, probabilities
from tests.tiny_gguf import needs_llama, random_model, stubborn_model
from tests.viewer.factories import FakeEngine
from tests.viewer.looking import Open, amber, message, row
from viewer.rewording import Rewording
from viewer.settings.dialog import SettingsDialog
from viewer.settings.rewriting import MODEL
from viewer.tasks import TaskControl
from viewer.theme import palette
from viewer.window import MainWindow


def reword(window: MainWindow, qtbot: Any) -> None:
    window.preferences.set(MODEL, "/models/tiny.gguf")
    window.actions_by_id["reword"].trigger()
    qtbot.waitUntil(lambda: not window.controller.busy)


def test_it_is_off_until_a_model_is_chosen(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={})
    before = window.session.draft
    window.actions_by_id["reword"].trigger()
    box = message(window)
    assert "NO_LANGUAGE_MODEL" in box.text() and window.session.draft is before
    box.accept()


def test_reworded_sentences_are_marked_counted_and_taken_back(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={})
    before = window.session.draft
    assert before is not None
    window.commands.confirm("s3")
    confirmed = window.session.draft
    reword(window, qtbot)
    draft = window.session.draft
    assert draft is not None and [s.text for s in draft.sentences()] == [
        "Left effusion, small.", "No pneumothorax.", "Large heart.",
    ]  # fmt: skip
    assert draft.find("s3").state == "confirmed"
    line = row(window, "s1")
    picture = line.text.grab().toImage()
    seen = {picture.pixelColor(x, y).name() for x in range(picture.width()) for y in range(picture.height())}
    assert QColor(palette.REWORDED).name() in seen and amber(line.text) == 0 and amber(row(window, "s2").text) > 0
    assert line.note.full.startswith("AI text, reworded")
    assert "1 of 3 sentences reworded, 1 refused" in window.statusBar().currentMessage()
    window.why.open("s2")
    qtbot.waitUntil(lambda: "set/0" in "\n".join(window.why.card.lines()))
    told = "\n".join(window.why.card.lines())
    assert "1 of 3 sentences taken, 1 refused (1 LOST)" in told and "[LOST] the denial: “Pneumothorax.”" in told
    window.why.open("s1")
    assert "the rules had written: Small left effusion." in "\n".join(window.why.card.lines())
    qtbot.waitUntil(lambda: "set/0" in "\n".join(window.why.card.lines()))
    window.session.undo()
    assert window.session.draft == confirmed


def test_what_a_person_does_meanwhile_stays_and_it_can_be_stopped(
    window: MainWindow, opened: Open, engine: FakeEngine, qtbot: Any
) -> None:
    opened(a={})
    window.preferences.set(MODEL, "/models/tiny.gguf")
    engine.gate.clear()
    window.actions_by_id["reword"].trigger()
    window.commands.edit("s1", "Effusion on the left.")
    engine.gate.set()
    qtbot.waitUntil(lambda: not window.controller.busy)
    draft = window.session.draft
    assert draft is not None and draft.find("s1").text == "Effusion on the left." and draft.rewriting is not None
    engine.gate.clear()
    window.actions_by_id["reword"].trigger()
    qtbot.waitUntil(window.work.cancel.isVisible)
    qtbot.mouseClick(window.work.cancel, Qt.MouseButton.LeftButton)
    assert not window.controller.busy and window.session.draft is draft


def test_a_model_that_fails_is_told(window: MainWindow, opened: Open, engine: FakeEngine, qtbot: Any) -> None:
    opened(a={})
    used = RewritingModel("x.gguf", "", "", "", "rewrite-en", 1, "", "1", 0)
    engine.rewriting = Rewriting(used, asked=3, warning="LANGUAGE_MODEL", message="the file is no model")
    reword(window, qtbot)
    assert "LANGUAGE_MODEL" in message(window).text()
    message(window).accept()


def test_the_file_is_chosen_in_the_settings(window: MainWindow, qtbot: Any) -> None:
    dialog = SettingsDialog(window.preferences)
    qtbot.addWidget(dialog)
    control = dialog.controls[MODEL.id]
    assert isinstance(control, QLineEdit) and control.text() == ""
    control.setText(" /models/a.gguf ")
    control.editingFinished.emit()
    assert window.preferences.text(MODEL) == "/models/a.gguf"
    dialog.defaults.click()
    assert control.text() == "" and window.preferences.text(MODEL) == ""


@needs_llama
def test_a_real_model_rewords_fails_and_rewords_again(tmp_path: Path) -> None:
    """Two models of some kilobytes in the real child process: it proves the plumbing, not the wording."""
    made = analysis((feature(13, "Pneumothorax", "absent"),), probabilities(Lung_Opacity=0.4))
    draft, control, rewording = compose(made), TaskControl(lambda _text, _share: None), Rewording()
    good = stubborn_model(tmp_path / "good.gguf", ['"No pneumothorax is seen."'])
    try:
        (sentence,) = rewording.reword(draft, good, control).sentences()
        assert (sentence.text, sentence.origin) == ("No pneumothorax is seen.", "rewritten")
        other = rewording.reword(draft, random_model(tmp_path / "other.gguf"), control)
        assert other.rewriting is not None and other.rewriting.taken == 0 and len(other.rewriting.rejected) == 1
        bad = tmp_path / "bad.gguf"
        bad.write_bytes(b"no model")
        failed = rewording.reword(draft, bad, control)
        assert failed.rewriting is not None and failed.rewriting.warning
        assert list(failed.sentences()) == list(draft.sentences())
        (again,) = rewording.reword(draft, good, control).sentences()
        assert again.origin == "rewritten"
        control.stop()
        with pytest.raises(Cancelled):
            rewording.reword(draft, good, control)
    finally:
        rewording.close()
