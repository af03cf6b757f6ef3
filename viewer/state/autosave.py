"""Drafts that a person changed, kept in the user's data folder at every change, so that a kill loses nothing."""

from __future__ import annotations

import json
import os
import re
import tempfile
from pathlib import Path

from engine.errors import SaeRadError
from engine.report.draft import Draft
from engine.report.serialise import draft_from_dict, draft_to_dict
from engine.resources import user_data_path
from viewer.state.image_files import ImageFiles
from viewer.state.names import put_aside

SCHEMA_VERSION = 1


class DraftFileError(SaeRadError):
    """A saved draft could not be read or written."""


def default_folder() -> Path:
    """Folder of this user's saved drafts."""
    return user_data_path("drafts")


class DraftStore(ImageFiles):
    """Saved drafts."""

    def save(self, draft: Draft) -> Path:
        """Write a draft; a crash at any moment leaves either the old file or the new one.

        Raises
        ------
        DraftFileError
            ``DRAFT_NOT_SAVED`` when the folder cannot be written.
        """
        target = self.path(draft.sop_instance_uid, draft.pixel_sha256)
        text = json.dumps(
            {"schema_version": SCHEMA_VERSION, "draft": draft_to_dict(draft)}, ensure_ascii=False, indent=1
        )
        if self.is_protected(target):
            raise DraftFileError(
                "DRAFT_NOT_SAVED",
                f"your changes are not on disk: {target} holds an earlier draft that can be neither read nor renamed",
                "move that file away, then change anything to save again",
            )
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _replace(target, text)
        except OSError as error:
            raise DraftFileError(
                "DRAFT_NOT_SAVED",
                f"your changes are not on disk ({error.strerror or error})",
                f"make room or allow writing in {self.folder}, then change anything to save again",
            ) from error
        return target

    def load(self, sop_instance_uid: str, pixel_sha256: str) -> Draft | None:
        """Return the saved draft of an image, None when there is none.

        Raises
        ------
        DraftFileError
            ``DRAFT_UNREADABLE`` when the file is damaged or of another version; it is kept under another name, or where
            that fails left where it is and never saved over.
        """
        path = self.path(sop_instance_uid, pixel_sha256)
        if not path.is_file():
            return None
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            if content["schema_version"] != SCHEMA_VERSION:
                raise ValueError(f"schema version {content['schema_version']!r}")
            draft = draft_from_dict(content["draft"])
            draft.require_image(sop_instance_uid, pixel_sha256)
        except (OSError, ValueError, KeyError, TypeError, SaeRadError) as error:
            raise DraftFileError(
                "DRAFT_UNREADABLE",
                f"your earlier draft cannot be read ({error})",
                self._what_became(path),
            ) from error
        return draft

    def set_aside(self, draft: Draft) -> Path:
        """Rename the saved draft of an image, named after its pack, so that a new one can be saved."""
        path = self.path(draft.sop_instance_uid, draft.pixel_sha256)
        label = re.sub(r"[^A-Za-z0-9._-]", "_", "-".join(filter(None, (*draft.pack[:2], draft.pack_sha256[:8]))))
        return put_aside(path, label)

    def _what_became(self, path: Path) -> str:
        if (kept := self.keep_unreadable(path)) is not None:
            return f"it is kept as {kept}; this draft is new"
        return f"it stays in {path}, and changes of this new draft are not saved until it is moved away"


def _replace(target: Path, text: str) -> None:
    """Write to a temporary name in the same folder, flush to disk, rename."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".saving-", suffix=".json")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
