"""Opening and analysing: what a reader sees on the way, and what never stands beside another image."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QLabel,
    QMessageBox,
)

from engine.errors import InferenceError, PackError
from tests.viewer.factories import FakeEngine, make_analysis, make_radiograph, write_dicom
from tests.viewer.looking import Open, message
from viewer.features.probabilities import ProbabilityTable
from viewer.state.images import Work
from viewer.window import MainWindow


def test_an_opened_image_is_shown_and_analysed(window: MainWindow, opened: Open) -> None:
    (key,) = opened(a={})
    image = window.session.images[key]
    assert window.canvas.radiograph is image.radiograph
    assert "Suitable" in window.frame.verdict.text() and "CPU, int8" in window.frame.verdict.text()
    assert [r.group.first.id for r in window.features.rows] == [3, 5, 9]
    assert [r.sentence.key for r in window.report.rows] == ["s1", "s2", "s3"]
    assert window.features.rows[2].head.switch.isEnabled() is False


def test_the_image_is_on_the_screen_before_the_analysis_ends(
    window: MainWindow, engine: FakeEngine, qtbot: Any, tmp_path: Path
) -> None:
    engine.gate.clear()
    window.controller.open([write_dicom(tmp_path / "a.dcm")])
    qtbot.waitUntil(lambda: window.canvas.radiograph is not None, timeout=20000)
    qtbot.waitUntil(lambda: window.work.progress.value() == 50, timeout=5000)
    assert window.frame.verdict.text() == "Analysing…"
    assert window.work.cancel.isVisible() and window.features.rows == []
    window.canvas.toggle_invert()
    window.canvas.zoom_by(2.0)
    engine.gate.set()
    qtbot.waitUntil(lambda: len(window.features.rows) == 3, timeout=10000)
    assert window.canvas.windowing.invert and not window.canvas.view.fitted
    assert not window.work.cancel.isVisible()


def test_cancel_stops_the_analysis_and_says_so(
    window: MainWindow, engine: FakeEngine, qtbot: Any, tmp_path: Path
) -> None:
    engine.gate.clear()
    window.controller.open([write_dicom(tmp_path / "a.dcm")])
    qtbot.waitUntil(lambda: window.controller.busy and window.work.cancel.isVisible(), timeout=20000)
    qtbot.waitUntil(
        lambda: window.session.current is not None and window.session.current.work is Work.RUNNING, timeout=20000
    )
    qtbot.mouseClick(window.work.cancel, Qt.MouseButton.LeftButton)
    assert window.session.current is not None and window.session.current.work is Work.CANCELLED
    assert "CANCELLED" in window.frame.verdict.text()
    assert not window.work.cancel.isVisible()
    engine.gate.set()
    window.commands.analyse()
    qtbot.waitUntil(lambda: len(window.features.rows) == 3, timeout=10000)


def test_a_late_result_changes_nothing_of_another_image(
    window: MainWindow, engine: FakeEngine, qtbot: Any, tmp_path: Path
) -> None:
    engine.gate.clear()
    paths = [write_dicom(tmp_path / "a.dcm"), write_dicom(tmp_path / "b.dcm", BodyPartExamined="HAND")]
    window.controller.open(paths)
    first, second = (str(path.resolve()) for path in paths)
    qtbot.waitUntil(lambda: len(window.controller.thumbnails) == 2, timeout=20000)
    window.session.show(second)
    qtbot.waitUntil(lambda: window.session.images[second].radiograph is window.canvas.radiograph, timeout=10000)
    shown = window.canvas.radiograph
    engine.gate.set()
    qtbot.waitUntil(lambda: window.session.images[first].work is Work.DONE, timeout=10000)
    qtbot.waitUntil(lambda: window.session.images[second].work is Work.DONE, timeout=10000)
    assert window.session.current_key == second and window.canvas.radiograph is shown
    assert window.features.rows == [] and window.report.rows == [] and window.canvas.layers == ()
    window.session.show(first)
    assert [r.group.first.id for r in window.features.rows] == [3, 5, 9]


def test_an_analysis_of_another_image_is_never_shown(
    window: MainWindow, engine: FakeEngine, qtbot: Any, tmp_path: Path
) -> None:
    engine.wrong_image = make_analysis(make_radiograph(tmp_path, "other.dcm"))
    with qtbot.captureExceptions() as exceptions:
        window.controller.open([write_dicom(tmp_path / "a.dcm")])
        qtbot.waitUntil(lambda: len(engine.analysed) == 1, timeout=20000)
        qtbot.waitUntil(lambda: bool(exceptions) or "WRONG_IMAGE" in window.frame.verdict.text(), timeout=5000)
    assert "WRONG_IMAGE" in window.frame.verdict.text()
    assert window.features.rows == [] and window.report.rows == []
    assert exceptions == []


def test_a_refused_image_says_why_and_shows_no_features_and_no_draft(window: MainWindow, opened: Open) -> None:
    opened(hand={"BodyPartExamined": "HAND"})
    text = window.frame.verdict.text()
    assert text.startswith("REFUSED [LATERAL_VIEW]: This is a lateral view. Open the frontal view")
    assert window.frame.verdict.property("tone") == "refused" and window.frame.verdict.isVisible()
    assert window.features.rows == [] and window.report.rows == []
    labels = [label.text() for label in window.features.list.findChildren(QLabel)]
    assert any("LATERAL_VIEW" in label for label in labels)
    assert not window.actions_by_id["export"].isEnabled() and not window.report.export.isEnabled()


def test_a_file_that_cannot_be_opened_says_why(window: MainWindow, qtbot: Any, tmp_path: Path) -> None:
    good = write_dicom(tmp_path / "good.dcm")
    broken = tmp_path / "broken.dcm"
    broken.write_bytes(good.read_bytes()[:-5000])
    window.controller.open([broken])
    qtbot.waitUntil(
        lambda: "NOT OPENED" in window.frame.verdict.text() or bool(window.findChildren(QMessageBox)), timeout=20000
    )
    text = window.frame.verdict.text()
    assert re.fullmatch(r"NOT OPENED \[[A-Z_]+\]: [A-Z][^ ].*\.", text) and "  " not in text
    # Once: what stands in the picture's place names the file only.
    assert window.canvas.radiograph is None and window.canvas.message == "No picture of broken.dcm"
    window.controller.open([good])
    qtbot.waitUntil(lambda: len(window.features.rows) == 3, timeout=20000)


def test_the_next_image_is_reached_from_a_file_that_cannot_be_opened(
    window: MainWindow, qtbot: Any, tmp_path: Path
) -> None:
    good = write_dicom(tmp_path / "b.dcm")
    broken = tmp_path / "a.dcm"
    broken.write_bytes(good.read_bytes()[:-5000])
    window.controller.open([broken])
    qtbot.waitUntil(lambda: "NOT OPENED" in window.frame.verdict.text(), timeout=20000)
    assert not window.actions_by_id["next"].isEnabled()
    window.controller.open([broken, good])
    qtbot.waitUntil(window.actions_by_id["next"].isEnabled, timeout=20000)
    window.activateWindow()
    qtbot.keyClick(window, Qt.Key.Key_PageDown)
    assert window.session.current_key == str(good.resolve())
    qtbot.keyClick(window, Qt.Key.Key_PageUp)
    assert window.session.current_key == str(broken.resolve())


def test_an_empty_folder_is_told(window: MainWindow, qtbot: Any, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    window.controller.open([tmp_path / "empty"])
    qtbot.waitUntil(lambda: bool(window.findChildren(QMessageBox)), timeout=20000)
    assert "[NO_IMAGE_FOUND]" in message(window).text() or "[" in message(window).text()
    message(window).close()


def test_a_failed_analysis_keeps_the_image_and_says_why(
    window: MainWindow, engine: FakeEngine, qtbot: Any, tmp_path: Path
) -> None:
    engine.fail = InferenceError("MODEL_BROKEN", "the model could not be run", "install the pack again")
    window.controller.open([write_dicom(tmp_path / "a.dcm")])
    qtbot.waitUntil(lambda: "MODEL_BROKEN" in window.frame.verdict.text(), timeout=20000)
    assert window.canvas.radiograph is not None and "Install the pack again." in window.frame.verdict.text()


def test_a_pack_that_cannot_be_used_is_told_at_the_start(window: MainWindow, engine: FakeEngine, qtbot: Any) -> None:
    window.controller.prepare()
    qtbot.waitUntil(lambda: "slowly" in window.statusBar().currentMessage(), timeout=5000)
    engine.fail = PackError("PACK_MISSING", "no pack is installed", "install one")
    window.controller.prepare()
    qtbot.waitUntil(lambda: bool(window.findChildren(QMessageBox)), timeout=5000)
    assert "[PACK_MISSING]" in message(window).text() and message(window).informativeText() == "Install one."
    message(window).close()


def test_what_is_odd_about_a_file_stays_in_sight(window: MainWindow, opened: Open) -> None:
    opened(a={"PixelSpacing": [0, 0]}, b={})
    assert window.frame.notes.isVisible() and "PixelSpacing" in window.frame.notes.text()
    window.actions_by_id["next"].trigger()
    assert not window.frame.notes.isVisible()


def test_that_the_model_fell_back_stays_in_sight(window: MainWindow, opened: Open, engine: FakeEngine) -> None:
    engine.warnings = ("the device cuda is not available here; the CPU is used instead",)
    opened(a={})
    window.statusBar().clearMessage()
    assert window.frame.notes.isVisible() and engine.warnings[0] in window.frame.notes.text()


def test_probabilities_are_shown_on_demand(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={})
    (button,) = [b for b in window.features.findChildren(QAbstractButton) if "probabilities" in b.text()]
    assert window.features.findChildren(ProbabilityTable) == []
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    (table,) = window.features.findChildren(ProbabilityTable)
    assert table.isVisible() and any(label.text() == "80 %" for label in table.findChildren(QLabel))


def test_dropped_files_are_opened(window: MainWindow, qtbot: Any, tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "tête 患者.dcm")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    event = QDropEvent(QPointF(10, 10), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton,
                       Qt.KeyboardModifier.NoModifier)  # fmt: skip
    window.dropEvent(event)
    qtbot.waitUntil(lambda: window.session.current is not None and window.session.current.path == path, timeout=20000)
    qtbot.waitUntil(lambda: len(window.features.rows) == 3, timeout=20000)
