"""The changes of drafts: each is one step that undo takes back, stands in the record of changes, and is saved."""

from __future__ import annotations

from engine.errors import SaeRadError
from engine.report.audit import Action, noted
from engine.report.carry import carry_over
from engine.report.draft import Draft
from viewer.marking import mark
from viewer.state.autosave import DraftStore
from viewer.state.event import Event
from viewer.state.history import DraftHistory
from viewer.state.images import Problem
from viewer.state.kept import KeptDrafts
from viewer.state.reader import now, system_reader
from viewer.state.selection import NOTHING, maps_of
from viewer.state.sheets import SheetStore
from viewer.state.steps import Step
from viewer.state.viewing import Viewing


class DraftChanges(Viewing):
    """The drafts of the open images, of which a person changes the one shown.

    Parameters
    ----------
    store : DraftStore
        Where changed drafts are kept.
    """

    def __init__(self, store: DraftStore) -> None:
        super().__init__(SheetStore(store.folder / "measurements"))
        self.store = store
        self.reader = system_reader()
        """Who is said to have made a change of a draft."""
        self.draft_changed: Event[str] = Event()
        self._kept = KeptDrafts(store)

    @property
    def draft(self) -> Draft | None:
        """The draft of the image shown."""
        image = self.current
        return None if image is None or image.history is None else image.history.current

    @property
    def typing(self) -> bool:
        """Whether something is being typed that is not in the draft yet."""
        return self.draft is not None and self._kept.typing(self.draft)

    def change(self, name: str, draft: Draft, action: Action | None = None) -> None:
        """Make `draft` the draft of the image shown, as one undoable step in its record of changes, and save it."""
        history = self._history()
        before = history.current
        history.push(name, self._noted(before, draft, action))
        self._changed(before, history.current)
        self.steps.push(Step(name, "draft", self._undo_draft, self._redo_draft))

    def regenerate(self, draft: Draft) -> None:
        """Replace the draft of the image shown by a newly composed one; the review is dropped, undo brings it back."""
        if self.current_key is not None:
            self.leaving.emit(self.current_key)
        self.change(mark("write the draft anew"), draft, "compose")

    def reindicate(self, key: str, draft: Draft) -> None:
        """Replace the draft of an image by one that answers another indication, as one step that undo takes back.

        What a person did to the draft that stands stays in it.
        """
        self._carry(key, mark("change the indication"), draft)

    def reword(self, key: str, draft: Draft) -> None:
        """Replace the draft of an image by one in other words, likewise."""
        self._carry(key, mark("reword the draft"), draft)

    def _carry(self, key: str, name: str, draft: Draft) -> None:
        image = self.images[key]
        if key == self.current_key:
            self.leaving.emit(key)
        if image.history is None:
            raise KeyError(key)
        carried = carry_over(image.history.current, draft)
        if key == self.current_key:
            self.change(name, carried)
            return
        carried = self._noted(image.history.current, carried)
        image.history.push(name, carried)
        self._steps_of(key).push(Step(name, "draft", self._undo_draft, self._redo_draft))
        self._save(carried)

    def settle(self, key: str, draft: Draft) -> None:
        """Make `draft` the draft of an image without an undoable step (after an export), and save it."""
        history = self.images[key].history
        if history is None:
            raise KeyError(key)
        history.settle(self._noted(history.current, draft))
        self._steps_of(key).forget("draft")
        self._save(history.current)
        self.draft_changed.emit(key)

    def keep_typed(self, draft: Draft) -> None:
        """Save the draft shown as it would be with what is being typed, or without it again; no step, nothing shown."""
        history = self._history()
        draft.require_image(history.current.sop_instance_uid, history.current.pixel_sha256)
        try:
            self._kept.keep(self._noted(history.current, draft, "typing"), history.current)
        except SaeRadError as error:
            self.noticed.emit(Problem.of(error))

    def _undo_draft(self) -> None:
        history = self._history()
        before = history.current
        history.amend(self._noted(before, history.undo(), "undo"))
        self._changed(before, history.current)

    def _redo_draft(self) -> None:
        history = self._history()
        before = history.current
        history.amend(self._noted(before, history.redo(), "redo"))
        self._changed(before, history.current)

    def _noted(self, before: Draft, after: Draft, action: Action | None = None) -> Draft:
        return noted(before, after, user=self.reader, time=now(), action=action)

    def _history(self) -> DraftHistory:
        image = self.current
        if image is None or image.history is None:
            raise KeyError("no draft is shown")
        return image.history

    def _changed(self, before: Draft, draft: Draft) -> None:
        self._save(draft)
        key = self.selection.sentence_key
        if key is not None:
            self._follow(key, before, draft)
            if all(sentence.key != key for sentence in draft.sentences()):
                self.select(NOTHING)
        if self.current_key is not None:
            self.draft_changed.emit(self.current_key)

    def _follow(self, key: str, before: Draft, after: Draft) -> None:
        """Switch off the maps that belong to the selected sentence no longer, and on those that belong to it now.

        While its claims are the same, the maps are as a person switched them.
        """
        image = self.current
        if image is None or image.analysis is None:
            return
        old, new = (
            next((maps_of(s, image.analysis) for s in draft.sentences() if s.key == key), ())
            for draft in (before, after)
        )
        if old != new:
            self.set_overlay(self.overlay.switch(old, False).switch(new, True))

    def _save(self, draft: Draft) -> None:
        try:
            self._kept.save(draft)
        except SaeRadError as error:
            self.noticed.emit(Problem.of(error))
