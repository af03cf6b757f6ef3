"""Which draft of each image is on disk: as a person left it, or with what is still being typed."""

from __future__ import annotations

from dataclasses import replace

from engine.errors import SaeRadError
from engine.report.draft import Draft
from viewer.state.autosave import DraftStore


class KeptDrafts:
    """Saves drafts, and what is being typed into them."""

    def __init__(self, store: DraftStore) -> None:
        self._store = store
        self._typed: dict[tuple[str, str], Draft] = {}
        self._only_typed: set[tuple[str, str]] = set()
        self._told = False

    def save(self, draft: Draft) -> None:
        """Save a draft as a person left it; nothing is being typed then.

        Raises
        ------
        DraftFileError
            ``DRAFT_NOT_SAVED``.
        """
        self.forget(draft.sop_instance_uid, draft.pixel_sha256)
        self._store.save(draft)

    def forget(self, sop_instance_uid: str, pixel_sha256: str) -> None:
        """Another draft of the image is on disk, or will be."""
        self._typed.pop((sop_instance_uid, pixel_sha256), None)
        self._only_typed.discard((sop_instance_uid, pixel_sha256))

    def typing(self, current: Draft) -> bool:
        """Whether what is being typed into the sentences differs from the draft."""
        typed = self._typed.get((current.sop_instance_uid, current.pixel_sha256), current)
        return replace(typed, typed_indication=None) != current

    def found(self, saved: Draft) -> None:
        """Note what is on disk of an image that was opened again."""
        self._typed[saved.sop_instance_uid, saved.pixel_sha256] = saved

    def keep(self, typed: Draft, current: Draft) -> None:
        """Save a draft with what is being typed; when nothing is, the disk is as it was before.

        Raises
        ------
        DraftFileError
            ``DRAFT_NOT_SAVED``, once until saving works again: a message a second would end all typing.
        """
        key = (current.sop_instance_uid, current.pixel_sha256)
        if typed == self._typed.get(key, current):
            return
        path = self._store.path(*key)
        if key not in self._typed and not path.exists():
            self._only_typed.add(key)
        if typed == current and key in self._only_typed:
            self.forget(*key)
            path.unlink(missing_ok=True)
            return
        self._typed[key] = typed
        try:
            self._store.save(typed)
        except SaeRadError:
            told, self._told = self._told, True
            if not told:
                raise
        else:
            self._told = False
