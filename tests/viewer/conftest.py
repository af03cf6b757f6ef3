"""Fixtures of the viewer's tests: no display, no unexpected Qt message, nothing left running."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ["SAERAD_NODES"] = os.devnull  # no archive of the person who runs the tests

pytest.importorskip("PySide6")

from PySide6.QtWidgets import QApplication

from engine.worker.decode import shared_decoder
from tests.viewer.factories import FakeEngine, write_dicom
from tests.viewer.strays import collected, left_over
from viewer.app import prepare
from viewer.controller import Controller
from viewer.qtlog import EXPECTED
from viewer.state.autosave import DraftStore
from viewer.state.session import Session
from viewer.tasks import running
from viewer.window import MainWindow

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this folder fails on a warning of Qt."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.qt_log_level_fail("WARNING"))
            item.add_marker(
                pytest.mark.qt_log_ignore(*(text.replace("(", r"\(").replace(")", r"\)") for text in EXPECTED))
            )


@pytest.fixture(autouse=True)
def nothing_stray(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test fails that leaves a thread behind, or a log record, unless it looks at those itself (with ``caplog``)."""
    before = frozenset(threading.enumerate())
    with collected() as records:
        yield
    assert left_over(before) == [], "threads that are still there"
    told = [] if "caplog" in request.fixturenames else [f"{r.name}: {r.getMessage()}" for r in records]
    assert told == [], "log records that nobody expected"


@pytest.fixture(scope="session")
def decoder() -> None:
    """Start the decoding process once for all tests."""
    shared_decoder().warm_up().result(60)


@pytest.fixture
def dark(qapp: QApplication) -> QApplication:
    """The application as the viewer sets it up."""
    prepare(qapp)
    return qapp


@pytest.fixture
def engine() -> FakeEngine:
    """An engine that answers from factories."""
    return FakeEngine()


@pytest.fixture
def window(dark: QApplication, qtbot: Any, engine: FakeEngine, decoder: None, tmp_path: Path) -> Iterator[MainWindow]:
    """A shown window with its own drafts folder; afterwards nothing may run."""
    session = Session(DraftStore(tmp_path / "drafts"))
    made = MainWindow(session, Controller(session, engine))  # type: ignore[arg-type]
    qtbot.addWidget(made)
    made.show()
    yield made
    made.close()
    qtbot.waitUntil(lambda: running() == 0, timeout=10000)


@pytest.fixture
def opened(window: MainWindow, qtbot: Any, tmp_path: Path) -> Callable[..., list[str]]:
    """Open synthetic files (name → tags) and wait until the first one is analysed; returns the keys."""

    def open_files(**files: dict[str, Any]) -> list[str]:
        folder = tmp_path / "images"
        folder.mkdir(exist_ok=True)
        paths = [write_dicom(folder / f"{name}.dcm", tags.pop("pixels", None), **tags) for name, tags in files.items()]
        window.controller.open(paths)
        keys = [str(path.resolve()) for path in paths]
        qtbot.waitUntil(lambda: all(key in window.controller.thumbnails for key in keys), timeout=20000)
        first = window.session.images[keys[0]]
        qtbot.waitUntil(lambda: first.analysis is not None, timeout=10000)
        if first.analysis is not None and first.analysis.maps:
            qtbot.waitUntil(lambda: keys[0] in window.controller.maps, timeout=10000)
        return keys

    return open_files
