"""Opens the card for the sentence chosen, and keeps it with that sentence."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from engine.errors import Cancelled
from engine.pack.evidence import PackEvidence
from viewer.i18n import tr
from viewer.lifetime import listen
from viewer.report.panel import DraftPanel
from viewer.services import Engine
from viewer.state.images import Problem
from viewer.state.selection import Selection
from viewer.state.session import Session
from viewer.tasks import Task, run_task
from viewer.why.card import Asked, WhyCard

PRIORITY = 10


class WhyCommands(QObject):
    """One card, which follows the sentence that is selected while it is open and closes with the image."""

    def __init__(self, parent: QWidget, report: DraftPanel, session: Session, engine: Engine) -> None:
        super().__init__(parent)
        self._session, self._engine = session, engine
        self.card = WhyCard(parent)
        self.card.finished.connect(self._forget)
        self._task: Task[PackEvidence] | None = None
        report.why_wanted.connect(self.open)
        listen(self, session.selection_changed, lambda _selection: self._follow())
        listen(self, session.draft_changed, lambda _key: self._follow())
        listen(self, session.overlay_changed, lambda _overlay: self._follow())
        listen(self, session.current_changed, lambda _key: self.card.reject())
        listen(self, session.leaving, lambda _key: self._forget())

    def handlers(self) -> dict[str, Callable[[], object]]:
        """Return a handler for each action id."""
        return {"why": self.open_selected}

    def open_selected(self) -> None:
        """Show why the selected sentence stands there; the first one where none is selected."""
        draft = self._session.draft
        key = self._session.selection.sentence_key
        if key is None and draft is not None:
            key = next((sentence.key for sentence in draft.sentences()), None)
        if key is not None:
            self.open(key)

    def open(self, key: str) -> None:
        """Select a sentence and show why it stands there."""
        self.card.show()
        self._session.select(Selection(sentence_key=key))
        self._follow()
        self.card.raise_()
        self.card.activateWindow()
        self.card.area.setFocus()

    def _follow(self) -> None:
        draft, image, key = self._session.draft, self._session.current, self._session.selection.sentence_key
        if not self.card.isVisible() or key is None or draft is None or image is None or image.analysis is None:
            return
        muted = self._session.overlay.muted_ids(image.groups)
        before, asked = self.card.asked, Asked(draft.find(key), draft, image.analysis, muted)
        if before is not None and (before.sentence, before.draft, before.muted) == (asked.sentence, draft, muted):
            return
        self._forget()
        self.card.show_asked(asked, told=tr("Reading what the pack keeps…"))
        observations = frozenset(finding.observation for finding in asked.sentence.findings)
        work = partial(self._engine.evidence, image.analysis, asked.sentence.evidence, observations)
        self._task = run_task(work, partial(self._show, asked), partial(self._fail, asked), priority=PRIORITY)

    def _show(self, asked: Asked, kept: PackEvidence) -> None:
        self._task = None
        self.card.show_asked(asked, kept)

    def _fail(self, asked: Asked, error: BaseException) -> None:
        if isinstance(error, Cancelled):
            return
        self._task = None
        problem = Problem.of(error)
        self.card.show_asked(asked, told=f"[{problem.code}] {problem.message}; {problem.hint}".rstrip("; "))

    def _forget(self) -> None:
        self.card.asked = None
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
