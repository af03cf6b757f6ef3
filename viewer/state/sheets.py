"""Measurements that a person made, kept in the user's data folder at every change, one file an image."""

from __future__ import annotations

import json
from pathlib import Path

from engine.errors import ExportError, MeasureError
from engine.export.atomic import write_atomic
from engine.measure.serialise import sheet_from_dict, sheet_to_dict
from engine.measure.sheet import Sheet
from viewer.state.image_files import ImageFiles


class SheetStore(ImageFiles):
    """Saved sheets."""

    def save(self, sheet: Sheet) -> Path:
        """Write a sheet; a crash at any moment leaves either the old file or the new one.

        Raises
        ------
        MeasureError
            ``MEASUREMENTS_NOT_SAVED`` when the folder cannot be written.
        """
        target = self.path(sheet.sop_instance_uid, sheet.pixel_sha256)
        if self.is_protected(target):
            raise _not_saved(f"{target} holds earlier measurements that can be neither read nor renamed")
        text = json.dumps(sheet_to_dict(sheet), ensure_ascii=False, indent=1, allow_nan=False)
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            return write_atomic(target, text.encode())
        except (ExportError, OSError) as error:
            raise _not_saved(str(error)) from error

    def load(self, sop_instance_uid: str, pixel_sha256: str) -> Sheet | None:
        """Return the saved measurements of an image, None when there are none.

        Raises
        ------
        MeasureError
            ``MEASUREMENTS_UNREADABLE`` when the file is damaged or of another version; it is kept under another name,
            or where that fails left where it is and never saved over.
        """
        path = self.path(sop_instance_uid, pixel_sha256)
        if not path.is_file():
            return None
        try:
            sheet = sheet_from_dict(json.loads(path.read_text(encoding="utf-8")))
            sheet.require_image(sop_instance_uid, pixel_sha256)
        except (OSError, ValueError, TypeError, MeasureError) as error:
            raise MeasureError(
                "MEASUREMENTS_UNREADABLE",
                f"your earlier measurements cannot be read ({error})",
                self._what_became(path),
            ) from error
        return sheet

    def _what_became(self, path: Path) -> str:
        if (kept := self.keep_unreadable(path)) is not None:
            return f"they are kept as {kept}; a new sheet begins"
        return f"they stay in {path}, and new measurements are not saved until it is moved away"


def _not_saved(why: str) -> MeasureError:
    return MeasureError(
        "MEASUREMENTS_NOT_SAVED",
        f"your measurements are not on disk ({why})",
        "make room or allow writing there, then change any measurement to save again",
    )
