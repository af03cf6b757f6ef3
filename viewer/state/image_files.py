"""A folder with one file an image, named by hashes so that it tells no identity; what cannot be read is never lost."""

from __future__ import annotations

from pathlib import Path

from viewer.state.names import image_name, put_aside


class ImageFiles:
    """What the stores of drafts and of measurements have in common.

    Parameters
    ----------
    folder : Path
        Created on the first save; nothing is ever written beside the images.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._protected: set[Path] = set()

    def path(self, sop_instance_uid: str, pixel_sha256: str) -> Path:
        """File of one image."""
        return self.folder / image_name(sop_instance_uid, pixel_sha256)

    def is_protected(self, path: Path) -> bool:
        """Whether a file holds something unreadable that could not be moved away and so is never saved over."""
        return path in self._protected

    def keep_unreadable(self, path: Path) -> Path | None:
        """Move a file out of the way of the next save; None when that fails, and the file is protected from then on."""
        try:
            return put_aside(path, "unreadable")
        except OSError:
            self._protected.add(path)
            return None
