"""Users' complaints of other viewers: the page names tests that exist; a large film of an odd shape."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from tests.viewer.looking import Open
from viewer.window import MainWindow

LEAST = 20
"""Complaints that the page answers."""


def test_every_test_that_the_page_names_exists(repository: Path) -> None:
    page = (repository / "docs" / "complaints.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", page)
    assert len(named) == len(set(named)) >= LEAST
    missing = [
        f"{file}::{test}"
        for file, test in named
        if not (repository / file).is_file() or f"\ndef {test}(" not in (repository / file).read_text(encoding="utf-8")
    ]
    assert missing == []


def test_a_film_of_3480_by_4248_is_shown_and_windowed(window: MainWindow, opened: Open) -> None:
    film = np.add.outer(np.arange(3480, dtype=np.uint16), np.arange(4248, dtype=np.uint16))
    opened(a={"pixels": film})
    image = window.session.current
    assert image is not None and image.radiograph is not None
    assert (image.radiograph.rows, image.radiograph.columns) == (3480, 4248)
    before = window.canvas.grab().toImage()
    window.canvas.toggle_invert()
    middle = window.canvas.rect().center()
    after = window.canvas.grab().toImage()
    greys = [picture.pixelColor(middle).lightness() for picture in (before, after)]
    assert 0 < greys[0] < 255 and abs(greys[0] + greys[1] - 255) <= 2
