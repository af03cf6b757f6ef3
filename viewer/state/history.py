"""Undo and redo of a draft: every change of it is one step."""

from __future__ import annotations

from engine.errors import DraftError
from engine.report.draft import Draft


class DraftHistory:
    """A draft with its past and its undone future.

    Exporting is not a step that can be undone: the files exist.
    """

    def __init__(self, draft: Draft) -> None:
        self._past: list[tuple[str, Draft]] = []
        self._future: list[tuple[str, Draft]] = []
        self._current = draft

    @property
    def current(self) -> Draft:
        """The draft as it stands."""
        return self._current

    @property
    def undo_name(self) -> str:
        """What undo would take back; empty when there is nothing."""
        return self._past[-1][0] if self._past else ""

    @property
    def redo_name(self) -> str:
        """What redo would do again; empty when there is nothing."""
        return self._future[-1][0] if self._future else ""

    def push(self, name: str, draft: Draft) -> None:
        """Make `draft` current; `name` says what was done.

        Raises
        ------
        DraftError
            ``WRONG_IMAGE`` when `draft` belongs to another image.
        """
        draft.require_image(self._current.sop_instance_uid, self._current.pixel_sha256)
        self._past.append((name, self._current))
        self._future.clear()
        self._current = draft

    def settle(self, draft: Draft) -> None:
        """Make `draft` current without a step to undo (after an export)."""
        draft.require_image(self._current.sop_instance_uid, self._current.pixel_sha256)
        self._past.clear()
        self._future.clear()
        self._current = draft

    def amend(self, draft: Draft) -> None:
        """Put `draft` in the place of the current one, which it differs from only in its record of changes."""
        self._current = draft

    def undo(self) -> Draft:
        """Return to the draft before the last change."""
        if not self._past:
            raise DraftError("NOTHING_TO_UNDO", "there is no change to take back")
        name, draft = self._past.pop()
        self._future.append((name, self._current))
        self._current = draft
        return draft

    def redo(self) -> Draft:
        """Do the last undone change again."""
        if not self._future:
            raise DraftError("NOTHING_TO_REDO", "there is no undone change")
        name, draft = self._future.pop()
        self._past.append((name, self._current))
        self._current = draft
        return draft
