"""Steps: the draft reviewed by keys alone, the difference of words, the record of changes, the export."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialogButtonBox

from engine.report.draft import DraftStatus
from viewer.journey.hands import CTRL, press, type_in
from viewer.journey.stage import Stage
from viewer.report.audit import AuditDialog
from viewer.report.export_dialog import ExportDialog

ADDITION = " Correlate clinically."


def keyboard(stage: Stage) -> None:
    """Go to the first sentence, confirm it, and edit the one after it, without the mouse."""
    stage.window.comparison.compare(None)
    stage.do("overlay_none")
    draft = stage.session.draft
    if draft is None:
        stage.expect("there is a draft", holds=False)
        return
    first, second = list(draft.sentences())[:2]
    stage.take_keyboard()
    stage.window.commands.go_to_sentence(first.key)
    press(Qt.Key.Key_Return, CTRL)
    stage.expect("the first sentence is confirmed", _state(stage, first.key) == "confirmed")
    stage.expect("the keyboard is at the next sentence", stage.session.selection.sentence_key == second.key)
    press(Qt.Key.Key_F2)
    press(Qt.Key.Key_End)
    type_in(ADDITION)
    row = stage.window.report.row(second.key)
    stage.expect("the second sentence is being edited", row is not None and row.corrected)


def words_compared(stage: Stage) -> None:
    """Keep the edit and show it word by word against the AI's text."""
    key = stage.session.selection.sentence_key
    press(Qt.Key.Key_Return)
    stage.do("sentence_compare")
    row = stage.window.report.row(key or "")
    stage.expect("the difference is shown", row is not None and row.difference is not None)
    shown = row.difference.text() if row is not None and row.difference is not None else ""
    stage.expect("the added words are marked", "underline" in shown and "clinically" in shown)


def record(stage: Stage) -> None:
    """Confirm what is left, review the draft, and look who changed what."""
    draft = stage.session.draft
    for sentence in draft.waiting if draft is not None else ():
        stage.window.commands.confirm(sentence.key)
    stage.do("review")
    draft = stage.session.draft
    stage.expect("the draft is reviewed", draft is not None and draft.status is DraftStatus.REVIEWED)
    stage.do("audit")
    dialog = stage.dialog(AuditDialog)
    dialog.resize(900, 620)
    stage.expect("the record has entries of the reader", draft is not None and draft.audit)


def export_dialog(stage: Stage) -> None:
    """Choose what to export, and where."""
    stage.dialog(AuditDialog).reject()
    stage.do("export")
    dialog = stage.dialog(ExportDialog)
    dialog.folder.setText(str(stage.out / "export"))
    ok = dialog.buttons.button(QDialogButtonBox.StandardButton.Ok)
    stage.expect("everything can be exported", ok.isEnabled() and all(box.isChecked() for box in dialog.boxes.values()))


def exported(stage: Stage) -> None:
    """Export in every format."""
    before = len(stage.written)
    stage.dialog(ExportDialog).accept()
    stage.until("the export", lambda: len(stage.written) > before or stage.problems)
    stage.until("the end of the work", lambda: not stage.controller.busy)
    draft = stage.session.draft
    stage.expect("the draft is exported", draft is not None and draft.status is DraftStatus.EXPORTED)


def _state(stage: Stage, key: str) -> str:
    draft = stage.session.draft
    return draft.find(key).state if draft is not None else ""
