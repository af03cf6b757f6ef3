"""The image that a result object is drawn on."""

from __future__ import annotations

from dataclasses import dataclass

from engine.dicom.radiograph import Radiograph


@dataclass(frozen=True)
class Target:
    """What an object is drawn on: the image's SOP Instance UID and its size in pixels."""

    uid: str
    rows: int
    columns: int

    @classmethod
    def of(cls, image: Radiograph) -> Target:
        """Return a decoded image as a target."""
        return cls(image.identity.sop_instance_uid, image.rows, image.columns)
