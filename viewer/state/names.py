"""Names of the files that keep what a person made of an image."""

from __future__ import annotations

import hashlib
from itertools import count
from pathlib import Path


def image_name(sop_instance_uid: str, pixel_sha256: str) -> str:
    """Return the name of the file that keeps something of one image; it tells no identity."""
    return f"{hashlib.sha256(sop_instance_uid.encode()).hexdigest()[:24]}-{pixel_sha256[:24]}.json"


def put_aside(path: Path, label: str) -> Path:
    """Rename a file to a name that nothing has, and return it."""
    names = (path.with_suffix(f".{label}{number or ''}.kept") for number in count())
    kept = next(name for name in names if not name.exists())
    path.replace(kept)
    return kept
