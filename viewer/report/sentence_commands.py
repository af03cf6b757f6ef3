"""What is done with one sentence of the draft, and with the draft as it is reviewed and reworded."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

from engine.errors import SaeRadError
from engine.report.draft import Draft, Sentence
from engine.report.rewriting import Rewriting
from viewer.i18n import tr
from viewer.settings.rewriting import MODEL
from viewer.state.images import Problem
from viewer.state.selection import Selection

if TYPE_CHECKING:
    from viewer.controller import Controller
    from viewer.state.session import Session
    from viewer.window import MainWindow


class SentenceCommands:
    """Selects, confirms, edits, removes and adds sentences; what is being typed is kept first."""

    def __init__(self, window: MainWindow, session: Session, controller: Controller) -> None:
        self._window, self._session, self._controller = window, session, controller
        controller.reworded.connect(self.report_rewording)

    def handlers(self) -> dict[str, Callable[[], object]]:
        """Return a handler for each action id."""
        session = self._session
        return {
            "undo": partial(self._settled, session.undo),
            "redo": partial(self._settled, session.redo),
            "sentence_next": partial(self.step_sentence, 1),
            "sentence_previous": partial(self.step_sentence, -1),
            "sentence_confirm": partial(self._selected, self.confirm),
            "sentence_edit": self.edit_selected,
            "sentence_remove": partial(self._selected, self.remove),
            "review": self.review,
            "regenerate": self._controller.regenerate,
            "reword": self.reword,
        }

    def choose_sentence(self, key: str) -> None:
        """Select a sentence and show its maps."""
        self._session.select(Selection(sentence_key=key))

    def step_sentence(self, by: int) -> None:
        """Select the next or previous sentence."""
        keys = [sentence.key for sentence in self._sentences()]
        if not keys:
            return
        now = self._session.selection.sentence_key
        place = keys.index(now) + by if now in keys else (0 if by > 0 else len(keys) - 1)
        self.go_to_sentence(keys[min(len(keys) - 1, max(0, place))])

    def go_to_sentence(self, key: str) -> None:
        """Select a sentence and give it the keyboard."""
        self.choose_sentence(key)
        self._window.report.focus(key)

    def confirm(self, key: str) -> None:
        """Confirm a sentence, with what is being typed; if it was the selected one, go on to the next that waits."""
        self._window.report.commit()
        if any(s.key == key and s.state == "unconfirmed" for s in self._sentences()):
            self._change(tr("confirm sentence"), lambda draft: draft.confirm(key))
        if self._session.selection.sentence_key != key:
            return
        keys = [sentence.key for sentence in self._sentences()]
        after = self._sentences()[keys.index(key) + 1 :] if key in keys else []
        following = next((sentence for sentence in after if sentence.state == "unconfirmed"), None)
        if following is not None:
            self.go_to_sentence(following.key)

    def edit(self, key: str, text: str) -> None:
        """Replace a sentence's text."""
        self._change(tr("edit sentence"), lambda draft: draft.edit(key, text))

    def edit_selected(self) -> None:
        """Open the editor of the selected sentence."""
        key = self._session.selection.sentence_key
        row = self._window.report.row(key) if key is not None else None
        if row is not None:
            row.begin_edit()

    def remove(self, key: str) -> None:
        """Take a sentence out; if it was the selected one, go on to the one after it, or before it at the end."""
        self._window.report.commit()
        keys, selected = [sentence.key for sentence in self._sentences()], self._session.selection.sentence_key
        self._change(tr("remove sentence"), lambda draft: draft.remove(key))
        if key == selected and key in keys and len(keys) > 1:
            place = keys.index(key)
            self.go_to_sentence((keys[place + 1 :] + keys[:place][::-1])[0])

    def add(self, section: str, text: str) -> None:
        """Add a sentence of the reader's own."""
        self._change(tr("add sentence"), lambda draft: draft.add(section, text, f"added-{uuid4().hex[:8]}"))

    def review(self) -> None:
        """Draft → Reviewed, with what is being typed."""
        self._window.report.commit()
        self._change(tr("mark as reviewed"), lambda draft: draft.review())

    def reword(self) -> None:
        """Let the language model that was chosen in the settings reword the draft, with what is being typed."""
        model = self._window.preferences.text(MODEL)
        if model:
            self._window.report.commit()
            self._controller.reword(model)
        else:
            self._window.show_problem(
                Problem(
                    "NO_LANGUAGE_MODEL",
                    tr("no language model is chosen"),
                    tr("name a GGUF file on this computer in Edit > Settings > Rewriting"),
                )
            )

    def report_rewording(self, done: Rewriting) -> None:
        """Say what became of a rewording."""
        if done.warning:
            self._window.show_problem(Problem(done.warning, done.message, tr("the draft stays as it was")))
            return
        counts = {"taken": done.taken, "asked": done.asked, "refused": len(done.rejected)}
        self._window.statusBar().showMessage(
            tr("{taken} of {asked} sentences reworded, {refused} refused: “Why?” says why", **counts)
        )

    def _sentences(self) -> list[Sentence]:
        draft = self._session.draft
        return list(draft.sentences()) if draft is not None else []

    def _selected(self, action: Callable[[str], None]) -> None:
        key = self._session.selection.sentence_key
        if key is not None:
            action(key)

    def _change(self, name: str, change: Callable[[Draft], Draft]) -> None:
        draft = self._session.draft
        if draft is not None:
            self._try(lambda: self._session.change(name, change(draft)))

    def _settled(self, call: Callable[[], object]) -> None:
        """Do it after what is being typed was kept: taking back begins with that."""
        self._window.report.commit()
        self._try(call)

    def _try(self, call: Callable[[], object]) -> None:
        try:
            call()
        except SaeRadError as error:
            self._window.show_problem(Problem.of(error))
