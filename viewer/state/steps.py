"""What can be taken back on one image, in the order in which it was done: draft, overlay and measurements alike.

Whoever changes something pushes a `Step` that can undo and redo it onto ``session.steps``::

    before = thing.value
    thing.value = after
    session.steps.push(Step(mark("turn image"), "image", partial(thing.set, before), partial(thing.set, after)))

The name is English and marked for translation, or translated already; it follows the word Undo in a menu, so it begins
with a small letter. `undo` and `redo` must announce the change themselves, as the first doing did.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from engine.errors import SaeRadError
from viewer.state.event import Event


class StepError(SaeRadError):
    """There is no step to take back or to do again."""


@dataclass(frozen=True)
class Step:
    """One change that was done.

    Attributes
    ----------
    name : str
        What was done, as it stands behind "Undo".
    kind : str
        What it belongs to ("draft", "overlay", "measurement"…), so that all steps of one kind can be forgotten.
    merge : str
        Steps of the same kind and the same text here, done one after the other, are one (a slider that is dragged).
    """

    name: str
    kind: str
    undo: Callable[[], object]
    redo: Callable[[], object]
    merge: str = ""


class Steps:
    """Steps done and undone; a new one drops those undone."""

    def __init__(self) -> None:
        self.changed: Event[None] = Event()
        self._past: list[Step] = []
        self._future: list[Step] = []

    @property
    def undo_name(self) -> str:
        """What undo would take back; empty when there is nothing."""
        return self._past[-1].name if self._past else ""

    @property
    def redo_name(self) -> str:
        """What redo would do again; empty when there is nothing."""
        return self._future[-1].name if self._future else ""

    def push(self, step: Step) -> None:
        """Note a change that was just done."""
        last = self._past[-1] if self._past else None
        if last is not None and step.merge and not self._future and (last.kind, last.merge) == (step.kind, step.merge):
            self._past[-1] = replace(step, undo=last.undo)
        else:
            self._past.append(step)
        self._future.clear()
        self.changed.emit(None)

    def forget(self, kind: str) -> None:
        """Drop the steps of one kind: what they would return to is no more."""
        self._past = [step for step in self._past if step.kind != kind]
        self._future = [step for step in self._future if step.kind != kind]
        self.changed.emit(None)

    def undo(self) -> None:
        """Take the last step back.

        Raises
        ------
        StepError
            ``NOTHING_TO_UNDO``.
        """
        if not self._past:
            raise StepError("NOTHING_TO_UNDO", "there is no change to take back")
        self._past[-1].undo()
        self._future.append(self._past.pop())
        self.changed.emit(None)

    def redo(self) -> None:
        """Do the last step that was taken back again.

        Raises
        ------
        StepError
            ``NOTHING_TO_REDO``.
        """
        if not self._future:
            raise StepError("NOTHING_TO_REDO", "there is no undone change")
        self._future[-1].redo()
        self._past.append(self._future.pop())
        self.changed.emit(None)
