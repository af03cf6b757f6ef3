"""Thumbnails on disk: found again, bounded, and made anew where they are damaged."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from tests.viewer.factories import write_dicom
from viewer.studies import thumbnail_cache
from viewer.studies.thumbnail_cache import ABANDONED_S, LEAVE, ThumbnailCache
from viewer.studies.thumbnail_job import thumbnail


def picture(number: int) -> npt.NDArray[np.uint8]:
    """Noise, which a PNG cannot make smaller."""
    return np.random.default_rng(number).integers(0, 256, (100, 90), dtype=np.uint8)


def test_what_nobody_wanted_for_longest_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thumbnail_cache, "LOOK_EVERY", 1)
    limit = 10 * 9500
    kept = ThumbnailCache(tmp_path / "cache", limit)
    for number in range(10):
        kept.keep(f"n{number}", picture(number))
        os.utime(tmp_path / "cache" / f"n{number}.png", (1000 + number, 1000 + number))
    # Wanted again: no longer the oldest.
    first = kept.find("n0")
    assert first is not None and (first == picture(0)).all()
    (tmp_path / "cache" / "killed.part").write_bytes(b"half")
    os.utime(tmp_path / "cache" / "killed.part", (time.time() - 2 * ABANDONED_S,) * 2)
    (tmp_path / "cache" / "new.part").write_bytes(b"half")
    kept.keep("n10", picture(10))
    left = sorted(path.name for path in (tmp_path / "cache").iterdir())
    assert {"n0.png", "n10.png", "n9.png", "new.part"} <= set(left)
    assert not {"n1.png", "n2.png", "killed.part"} & set(left)
    assert sum(path.stat().st_size for path in (tmp_path / "cache").glob("*.png")) <= LEAVE * limit
    assert kept.find("n1") is None


def test_a_damaged_picture_is_made_anew(tmp_path: Path) -> None:
    image, cache = write_dicom(tmp_path / "a.dcm"), tmp_path / "cache"
    _, made = thumbnail(image, cache)
    (kept,) = cache.glob("*.png")
    kept.write_bytes(b"\x89PNG no picture")
    _, again = thumbnail(image, cache)
    assert (again == made).all()
    assert (thumbnail(image, cache)[1] == made).all() and kept.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
