"""What the draft's actions do beyond one sentence: reach any part of it, confirm all, compare, show the record."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QMessageBox

from engine.errors import DraftError
from engine.report.draft import Draft, Sentence
from engine.report.style import load_style
from engine.report.templates import Template
from viewer.i18n import tr
from viewer.report.audit import AuditDialog, audit_html
from viewer.report.template_dialog import TemplateDialog
from viewer.state.images import Problem

if TYPE_CHECKING:
    from viewer.state.session import Session
    from viewer.window import MainWindow


class DraftCommands(QObject):
    """Handlers of the actions of the menu Report that concern the whole draft.

    Parameters
    ----------
    go : callable
        Selects a sentence, by its key, and gives it the keyboard.
    """

    def __init__(self, window: MainWindow, session: Session, go: Callable[[str], None]) -> None:
        super().__init__(window)
        self._window, self._session, self._go = window, session, go
        session.current_changed.connect(lambda _key: self._close_record())
        session.draft_changed.connect(lambda _key: self._close_record())

    def handlers(self) -> dict[str, Callable[[], object]]:
        """Return a handler for each action id."""
        return {
            "sentence_waiting": self.next_waiting,
            "sentence_add": self.add,
            "sentence_compare": self.compare,
            "sentence_template": self.template,
            "confirm_all": self.confirm_all,
            "indication": self.indication,
            "impression": self.impression,
            "audit": self.record,
        }

    def next_waiting(self) -> None:
        """Select the next sentence that nobody has confirmed, from the top again after the last."""
        draft = self._session.draft
        if draft is None:
            return
        keys = [sentence.key for sentence in draft.sentences()]
        now = self._session.selection.sentence_key
        place = keys.index(now) + 1 if now in keys else 0
        waiting = {sentence.key for sentence in draft.waiting}
        following = next((key for key in keys[place:] + keys[:place] if key in waiting), None)
        if following is None:
            self._say(tr("No sentence waits for confirmation."))
        else:
            self._go(following)

    def add(self) -> None:
        """Open the line of a new sentence in the section of the selected one, or in the first."""
        draft = self._session.draft
        if draft is not None:
            self._window.report.commit()
            self._window.report.begin_entry(self.section(draft))

    def section(self, draft: Draft) -> str:
        """Return the section of the selected sentence, the first one where none is selected."""
        key = self._session.selection.sentence_key
        holding = (part.name for part in draft.sections if any(s.key == key for s in part.sentences))
        return next(holding, draft.sections[0].name)

    def template(self) -> None:
        """Ask for a template and put it where a person writes, or into its section as a new sentence."""
        draft = self._session.draft
        if draft is None:
            return
        dialog = TemplateDialog(self._templates(draft.language), self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self._insert(draft, dialog.chosen))
        dialog.open()

    def _insert(self, asked: Draft, chosen: Template | None) -> None:
        draft = self._session.draft
        if chosen is None or draft is None or draft.sop_instance_uid != asked.sop_instance_uid:
            return
        names = [part.name for part in draft.sections]
        section = chosen.section if chosen.section in names else None
        self._window.report.insert(section or self.section(draft), chosen.text)

    def _templates(self, language: str) -> tuple[Template, ...]:
        """Return the person's own templates of a language; the shipped ones, and why, where they cannot be used."""
        try:
            return load_style(language, self._window.controller.engine.wishes.style).templates
        except DraftError as error:
            self._window.show_problem(Problem.of(error))
            return load_style(language).templates

    def compare(self) -> None:
        """Show what a person changed of the selected sentence, or hide it again."""
        key = self._session.selection.sentence_key
        if key is None:
            self._say(tr("Select a sentence first."))
            return
        self._window.report.commit()
        self._window.report.compare(key)

    def indication(self) -> None:
        """Go to the line of the indication."""
        line = self._window.report.indication.line
        line.setFocus(Qt.FocusReason.ShortcutFocusReason)
        line.selectAll()

    def impression(self) -> None:
        """Go to the first sentence of the impression; where it has none, begin one."""
        draft = self._session.draft
        if draft is None:
            return
        self._window.report.commit()
        part = next(part for part in draft.sections if part.name == "impression")
        left = [sentence for sentence in part.sentences if sentence.state != "removed"]
        if left:
            self._go(left[0].key)
        else:
            self._window.report.begin_entry(part.name)

    def confirm_all(self) -> None:
        """Ask once, then confirm every sentence that waits; the record says that it was done so."""
        self._window.report.commit()
        draft = self._session.draft
        if draft is None:
            return
        if not draft.waiting:
            self._say(tr("No sentence waits for confirmation."))
            return
        box = ConfirmAllBox(draft.waiting, self._window)
        box.yes.clicked.connect(lambda _checked: self._confirm_asked(draft))
        box.open()

    def _confirm_asked(self, asked: Draft) -> None:
        # Confirmed is what the question was about, and nothing that came meanwhile.
        if self._session.draft == asked:
            self._session.change(tr("confirm all sentences"), asked.confirm_all(), "confirm_all")

    def record(self) -> None:
        """Show who changed what, and when."""
        self._window.report.commit()
        if self._session.draft is not None:
            AuditDialog(tr("Changes of this draft"), audit_html(self._session.draft), self._window).open()

    def _close_record(self) -> None:
        for dialog in self._window.findChildren(AuditDialog):
            dialog.reject()

    def _say(self, text: str) -> None:
        self._window.statusBar().showMessage(text)


class ConfirmAllBox(QMessageBox):
    """Asks once before all is confirmed; Enter alone does not do it."""

    def __init__(self, waiting: tuple[Sentence, ...], window: MainWindow) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.setIcon(QMessageBox.Icon.Question)
        self.setWindowTitle(tr("Confirm all"))
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(tr("Confirm all sentences that wait ({count})?", count=len(waiting)))
        self.setInformativeText(
            tr("You say with it that you have read each of them; the record of changes says so, too.")
        )
        self.yes = self.addButton(tr("Confirm &all"), QMessageBox.ButtonRole.AcceptRole)
        self.no = self.addButton(tr("&Cancel"), QMessageBox.ButtonRole.RejectRole)
        self.setDefaultButton(self.no)
        self.setEscapeButton(self.no)
