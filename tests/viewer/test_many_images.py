"""Many images one after another: each is seen, and the last one takes no more memory than an early one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pydicom
import pytest
from PySide6.QtWidgets import QApplication

from tests.viewer.factories import FakeEngine, ramp, write_dicom
from viewer.controller import Controller
from viewer.state.autosave import DraftStore
from viewer.state.opened import KEEP_PIXELS
from viewer.state.session import Session
from viewer.studies.index import StudyIndex
from viewer.tasks import running
from viewer.window import MainWindow

SIDE = 700
FREE_MB, EACH_MB = 20.0, 0.04
"""Memory that may be taken, in all and by each image: its answer, draft and thumbnail stay (30 kB), its pixels not."""


def resident_mb() -> float:
    """Memory of this process that is in use."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 2**20


def write_many(folder: Path, count: int) -> list[Path]:
    """Write images with identities of their own, ten to a study."""
    folder.mkdir()
    image = pydicom.dcmread(write_dicom(folder.parent / "one.dcm", ramp(SIDE, SIDE)))
    paths = []
    for number in range(count):
        image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{number}"
        image.StudyInstanceUID, image.PatientID = f"1.2.4.{number // 10}", f"P{number // 10}"
        paths.append(folder / f"{number:04}.dcm")
        image.save_as(paths[-1])
    return paths


def brightness(window: MainWindow) -> int:
    """Greatest grey level in the middle of the picture on the screen."""
    grabbed = window.canvas.grab().toImage()
    x, y = grabbed.width() // 2, grabbed.height() // 2
    return max(grabbed.pixelColor(x + dx, y).lightness() for dx in range(-60, 61, 20))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks Linux how much memory is in use")
@pytest.mark.parametrize("count", [80, pytest.param(1000, marks=pytest.mark.slow)])
def test_no_image_goes_black_and_memory_stays_flat(
    dark: QApplication, qtbot: Any, decoder: None, tmp_path: Path, count: int
) -> None:
    paths = write_many(tmp_path / "images", count)
    session = Session(DraftStore(tmp_path / "drafts"))
    index = StudyIndex(tmp_path / "data" / "studies.sqlite", tmp_path / "cache")
    window = MainWindow(session, Controller(session, FakeEngine(), index))  # type: ignore[arg-type]
    qtbot.addWidget(window)
    window.show()
    window.controller.open([tmp_path / "images"])
    qtbot.waitUntil(lambda: len(window.controller.thumbnails) == count, timeout=300_000)
    before = 0.0
    for number, path in enumerate(paths):
        key = str(path.resolve())
        session.show(key)
        image = session.images[key]
        qtbot.waitUntil(
            lambda image=image, key=key: (
                window.canvas.radiograph is not None
                and window.canvas.radiograph is image.radiograph
                and image.analysis is not None
                and key in window.controller.maps
            ),
            timeout=20_000,
        )
        assert brightness(window) > 60, f"image {number} is black"
        assert sum(image.radiograph is not None for image in session.images.values()) <= KEEP_PIXELS + 1
        assert len(window.controller.pyramids) <= KEEP_PIXELS + 1
        if number == 20:
            before = resident_mb()
    assert resident_mb() - before < FREE_MB + EACH_MB * count
    window.close()
    qtbot.waitUntil(lambda: running() == 0, timeout=10_000)
