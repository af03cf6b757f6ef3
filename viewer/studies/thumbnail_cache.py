"""Small pictures on disk, of which those that nobody wanted for longest go when they take too much room."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

LIMIT_BYTES = 200 << 20
"""Of all pictures together; one takes about 7 KB."""
LEAVE = 0.8
"""Share of the limit that is left when it was exceeded, so that not every new picture has to make room."""
LOOK_EVERY = 200
"""Pictures kept between two looks at how much room they take."""
ABANDONED_S = 3600.0
"""Age from which a half-written file is nobody's any more: the process that wrote it was killed."""


class ThumbnailCache:
    """Pictures in one folder, by name; several processes may use it.

    Parameters
    ----------
    folder : Path
        Made when it is needed.
    limit : int
        Bytes that the pictures may take; exceeded by `LOOK_EVERY` pictures at most.
    """

    def __init__(self, folder: Path, limit: int = LIMIT_BYTES) -> None:
        self._folder, self._limit = folder, limit
        self._kept = 0

    def find(self, name: str) -> npt.NDArray[np.uint8] | None:
        """Return a picture, shape (height, width), and note that it was wanted; None where it is missing or damaged."""
        path = self._folder / f"{name}.png"
        try:
            with Image.open(path, formats=("PNG",)) as picture:
                gray: npt.NDArray[np.uint8] = np.asarray(picture.convert("L")).copy()
        except FileNotFoundError:
            return None
        except (OSError, SyntaxError):  # what Pillow raises of a damaged file: it is made anew
            return None
        os.utime(path)
        return gray

    def keep(self, name: str, gray: npt.NDArray[np.uint8]) -> None:
        """Write a picture, under another name first: whoever looks meanwhile sees all of it or nothing."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self._folder, suffix=".part", delete=False) as file:
            Image.fromarray(gray).save(file, format="PNG")
        Path(file.name).replace(self._folder / f"{name}.png")
        if self._kept % LOOK_EVERY == 0:
            self.make_room()
        self._kept += 1

    def make_room(self) -> int:
        """Drop what was wanted longest ago where the limit is exceeded; returns how many pictures were dropped."""
        found = []
        for entry in os.scandir(self._folder):
            status = entry.stat()
            if entry.name.endswith(".part") and time.time() - status.st_mtime > ABANDONED_S:
                Path(entry.path).unlink(missing_ok=True)
            elif entry.name.endswith(".png"):
                found.append((status.st_mtime_ns, status.st_size, Path(entry.path)))
        total, dropped = sum(size for _, size, _ in found), 0
        if total <= self._limit:
            return 0
        for _, size, path in sorted(found):
            if total <= LEAVE * self._limit:
                break
            # Another process may have dropped it already.
            path.unlink(missing_ok=True)
            total, dropped = total - size, dropped + 1
        return dropped
