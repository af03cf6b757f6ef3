"""What is dragged: images from our lists into a pane, by their paths, and files from elsewhere into a window."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QMimeData

MIME = "application/x-saerad-images"


def mime_of(paths: Sequence[Path]) -> QMimeData:
    """Return what a drag carries."""
    data = QMimeData()
    data.setData(MIME, json.dumps([str(path) for path in paths]).encode())
    return data


def dropped_files(data: QMimeData) -> list[Path]:
    """Return the files and folders of this computer that a drag carries."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]


def has_images(data: QMimeData) -> bool:
    """Whether a drag carries images of our lists."""
    return data.hasFormat(MIME)


def dragged_paths(data: QMimeData) -> list[Path]:
    """Return the images that a drag carries; none of a drag from elsewhere, whatever it claims to be."""
    try:
        found = json.loads(bytes(data.data(MIME).data()))
    except ValueError:
        return []
    return [Path(text) for text in found] if isinstance(found, list) and all(isinstance(t, str) for t in found) else []
