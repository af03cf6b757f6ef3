"""Panes in windows of their own: they stay what they are, come back, and open where they were."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication

from tests.viewer.factories import write_dicom
from tests.viewer.looking import Open
from tests.viewer.test_hanging import BORN, PRIOR, own, wait_shown
from viewer.hanging.pane_window import PaneWindow
from viewer.window import MainWindow


def moved(window: MainWindow) -> PaneWindow:
    """Move the active pane out by its action; returns its window."""
    window.actions_by_id["pane_window"].trigger()
    QApplication.processEvents()
    found = window.windows.each[window.hanging.active]
    assert found.isVisible() and window.actions_by_id["pane_window"].isChecked()
    return found


def test_a_pane_goes_and_comes_back_with_all_that_belongs_to_it(window: MainWindow, opened: Open, qtbot: Any) -> None:
    a, b = opened(a=BORN, b=PRIOR)
    window.hanging.state.hang("1x2", [a, b], active=1)
    wait_shown(window, qtbot, 1)
    qtbot.waitUntil(lambda: window.session.draft is not None, timeout=10000)
    window.canvas.zoom_by(2.0)
    pane, view = window.hanging.active, window.canvas.view
    other = moved(window)
    assert pane.window() is other and window.canvas is pane.canvas and pane.canvas.view.scale == view.scale
    assert pane.frame.strip.isVisible() and pane.frame.strip.width() == pane.canvas.width()
    assert pane.frame.verdict.isVisible() and pane.banner.text().startswith("PRIOR 2023-10-02")
    # What stays has the room of both, and says still what it is.
    first = window.panes.each[0]
    assert first.width() == window.panes.width() and first.banner.isVisible()
    # Beside it stand the draft and the features of the image that went.
    assert first.banner.text().startswith("DRAFT AND FEATURES ARE NOT OF THIS IMAGE")
    window.hanging.state.activate(0)
    assert "NOT OF THIS IMAGE" not in first.banner.text() + pane.banner.text()
    window.hanging.state.activate(1)
    assert "NOT OF THIS IMAGE" in first.banner.text()
    own(window)
    other.close()
    assert pane.window() is window and pane.isVisible() and not window.actions_by_id["pane_window"].isChecked()
    assert window.hanging.state.keys == (a, b) and window.session.current_key == b
    assert pane.canvas.view.scale == view.scale and window.windows.each == {}
    assert "NOT OF THIS IMAGE" not in first.banner.text()
    own(window)


def test_the_only_pane_leaves_a_note_and_a_smaller_layout_takes_a_pane_back(window: MainWindow, opened: Open) -> None:
    opened(a={})
    pane = window.hanging.active
    moved(window)
    assert window.panes._empty.isVisible() and not window.panes._empty.visibleRegion().isEmpty()
    window.actions_by_id["layout_1x2"].trigger()
    window.actions_by_id["pane_next"].trigger()
    second = window.hanging.active
    other = moved(window)
    window.actions_by_id["layout_1x1"].trigger()
    # The image worked on keeps its pane; the other one's window goes with its place in the layout.
    assert window.hanging.active is second and second.window() is other
    assert list(window.windows.each) == [second] and pane.window() is window and not pane.isVisible()
    own(window)


def test_keys_and_what_is_held_work_in_its_window(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={})
    window.session.set_overlay(window.session.overlay.show([3]))
    other, canvas = moved(window), window.canvas
    other.activateWindow()
    qtbot.waitUntil(other.isActiveWindow)
    qtbot.keyClick(canvas, "i")
    assert canvas.windowing.invert
    qtbot.keyPress(canvas, "g")
    assert window.session.overlay.peek and canvas.layers == ()
    qtbot.keyRelease(canvas, "g")
    assert not window.session.overlay.peek
    qtbot.keyPress(canvas, "v")
    assert canvas.lens_held and not canvas.magnifying
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    assert not canvas.lens_held


def test_files_dropped_on_its_window_are_opened(window: MainWindow, opened: Open, qtbot: Any, tmp_path: Path) -> None:
    opened(a={})
    other, path = moved(window), write_dicom(tmp_path / "dropped.dcm")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    nothing = Qt.KeyboardModifier.NoModifier
    other.dropEvent(QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, nothing))
    qtbot.waitUntil(lambda: window.session.current_key == str(path.resolve()), timeout=10000)


def test_a_lens_is_there_while_its_key_is_held(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={})
    canvas = window.canvas
    qtbot.mouseMove(canvas, canvas.rect().center())
    plain = canvas.grab().toImage()
    qtbot.keyPress(canvas, "v")
    lens = canvas.grab().toImage()
    qtbot.keyRelease(canvas, "v")
    assert lens != plain and canvas.grab().toImage() == plain


SCRIPT = """
import sys
from pathlib import Path
from PySide6.QtGui import QGuiApplication
from tests.viewer.factories import FakeEngine
from viewer.app import make_application
from viewer.controller import Controller
from viewer.settings.preferences import Preferences
from viewer.state.autosave import DraftStore
from viewer.state.session import Session
from viewer.window import MainWindow
application = make_application()
session = Session(DraftStore(Path(sys.argv[1]) / "drafts"))
window = MainWindow(session, Controller(session, FakeEngine()), Preferences(Path(sys.argv[1]) / "viewer.ini"))
window.show()
if sys.argv[2] == "move":
    window.actions_by_id["layout_1x2"].trigger()
    window.windows.move_out(window.panes.each[1])
application.processEvents()
print(len(QGuiApplication.screens()), window.hanging.state.layout)
for pane, other in window.windows.each.items():
    rect = other.geometry()
    print(window.panes.each.index(pane), other.screen().name(), rect.x(), rect.y(), rect.width(), rect.height())
window.close()
"""


def test_a_window_opens_on_the_second_screen_again_and_stays_in_when_that_is_missing(
    tmp_path: Path, repository: Path
) -> None:
    def run(count: int, what: str) -> list[str]:
        screens = [{"name": f"S{n}", "x": 1000 * n, "y": 0, "width": 1000, "height": 800} for n in range(count)]
        config = tmp_path / "screens.json"
        config.write_text(json.dumps({"screens": screens}), encoding="utf-8")
        answer = subprocess.run(
            [sys.executable, "-c", SCRIPT, str(tmp_path), what],
            env={"QT_QPA_PLATFORM": f"offscreen:configfile={config}", "PYTHONPATH": str(repository), "PATH": ""},
            cwd=repository, capture_output=True, text=True, timeout=60, check=True,
        )  # fmt: skip
        return answer.stdout.splitlines()

    first = run(2, "move")
    assert first[0] == "2 1x2" and first[1].startswith("1 S1 ")
    assert run(2, "look") == first
    assert run(1, "look") == ["1 1x2"]
