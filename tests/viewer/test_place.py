"""The window comes back where it was, and always into sight."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QRect
from PySide6.QtWidgets import QApplication

from tests.viewer.factories import FakeEngine
from viewer.controller import Controller
from viewer.settings.place import LAYOUT, in_sight
from viewer.settings.preferences import Preferences
from viewer.state.autosave import DraftStore
from viewer.state.session import Session
from viewer.window import MainWindow

GEOMETRY = "window/geometry"
MAIN, RIGHT = QRect(0, 0, 1920, 1080), QRect(1920, 0, 1200, 1920)


@pytest.mark.parametrize(
    ("window", "screens", "stays"),
    [
        (QRect(100, 100, 1500, 900), [MAIN], True),
        (QRect(2000, 300, 1000, 900), [MAIN, RIGHT], True),
        (QRect(2000, 300, 1000, 900), [MAIN], False),
        (QRect(-1400, 100, 1500, 900), [MAIN], True),
        (QRect(-1490, 100, 1500, 900), [MAIN], False),
        (QRect(100, -600, 1500, 900), [MAIN], False),
        (QRect(1000, 100, 1800, 900), [MAIN, RIGHT], True),
        (QRect(5000, 5000, 4000, 3000), [MAIN, RIGHT], False),
    ],
)
def test_a_window_out_of_sight_goes_to_the_main_screen(window: QRect, screens: list[QRect], stays: bool) -> None:
    found = in_sight(window, screens)
    assert (found == window) is stays
    assert stays or MAIN.contains(found)


@pytest.fixture
def started(dark: QApplication, qtbot: Any, tmp_path: Path) -> Callable[[], MainWindow]:
    """Start the program anew on the same settings file; the window before it is closed."""
    windows: list[MainWindow] = []

    def start() -> MainWindow:
        for window in windows:
            window.close()
        session = Session(DraftStore(tmp_path / "drafts"))
        preferences = Preferences(tmp_path / "viewer.ini")
        made = MainWindow(session, Controller(session, FakeEngine()), preferences)  # type: ignore[arg-type]
        qtbot.addWidget(made)
        made.show()
        QApplication.processEvents()
        windows.append(made)
        return made

    return start


def test_height_division_and_layout_come_back(started: Callable[[], MainWindow], qtbot: Any) -> None:
    first = started()
    first.setGeometry(30, 40, 1300, 700)
    first.actions_by_id["layout_2x1"].trigger()
    QApplication.processEvents()
    usual = first.place.splitters[1].sizes()
    first.place.splitters[1].setSizes([usual[0] - 60, usual[1] + 60])
    height, sizes = first.height(), first.place.splitters[1].sizes()
    second = started()
    assert second.height() == height and second.place.splitters[1].sizes() == sizes != usual
    assert second.hanging.state.layout == "2x1" and second.actions_by_id["layout_2x1"].isChecked()


def test_what_was_kept_and_cannot_be_used_changes_nothing(started: Callable[[], MainWindow], tmp_path: Path) -> None:
    first = started()
    usual = first.size()
    for name, text in ((GEOMETRY, "bm90IGEgZ2VvbWV0cnk="), (LAYOUT, "9x9"), ("window/split_0", "\N{SNOWMAN}")):
        first.close()
        Preferences(tmp_path / "viewer.ini").keep(name, text)
        second = started()
        assert second.isVisible() and second.hanging.state.layout == "1x1"
        assert name != GEOMETRY or second.size() == usual
        first = second


SCRIPT = """
import sys
from pathlib import Path
from PySide6.QtWidgets import QMainWindow, QSplitter
from PySide6.QtGui import QGuiApplication
from viewer.app import make_application
from viewer.settings.place import WindowPlace
from viewer.settings.preferences import Preferences
application = make_application()
window, split = QMainWindow(), QSplitter()
window.resize(800, 600)
place = WindowPlace(window, (split,), Preferences(Path(sys.argv[1])))
place.restore(lambda name: None, ("1x1",))
window.show()
application.processEvents()
if sys.argv[2] == "move":
    window.setGeometry(1300, 100, 700, 500)
    application.processEvents()
    place.save("1x1")
rect = window.geometry()
print(len(QGuiApplication.screens()), rect.x(), rect.y(), rect.width(), rect.height())
"""


def test_a_window_of_a_second_screen_is_in_sight_when_that_is_missing(tmp_path: Path, repository: Path) -> None:
    def run(count: int, what: str) -> list[int]:
        screens = [{"name": f"S{n}", "x": 1000 * n, "y": 0, "width": 1000, "height": 800} for n in range(count)]
        config = tmp_path / "screens.json"
        config.write_text(json.dumps({"screens": screens}), encoding="utf-8")
        answer = subprocess.run(
            [sys.executable, "-c", SCRIPT, str(tmp_path / "viewer.ini"), what],
            env={"QT_QPA_PLATFORM": f"offscreen:configfile={config}", "PYTHONPATH": str(repository), "PATH": ""},
            cwd=repository, capture_output=True, text=True, timeout=60, check=True,
        )  # fmt: skip
        return [int(word) for word in answer.stdout.split()]

    assert run(2, "move") == [2, 1300, 100, 700, 500]
    assert run(2, "look") == [2, 1300, 100, 700, 500]
    count, x, y, width, height = run(1, "look")
    assert count == 1 and QRect(0, 0, 1000, 800).contains(QRect(x, y, width, height))
