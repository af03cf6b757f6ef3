"""The window with an engine that answers from factories: what a reader does and sees."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QDropEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QListWidget,
    QMessageBox,
    QProgressBar,
    QScrollArea,
    QScrollBar,
    QWidget,
)

from engine.dicom.radiograph import Identity
from engine.errors import InferenceError, PackError
from engine.report.draft import DraftStatus
from tests.viewer.factories import FakeEngine, make_analysis, make_radiograph, write_dicom
from viewer.actions.build import help_page
from viewer.actions.catalogue import ACTIONS, MENUS, PEEK_KEY
from viewer.features.probabilities import ProbabilityTable
from viewer.image.strip import STRIP_HEIGHT
from viewer.report.export_dialog import ExportDialog
from viewer.state.images import OpenImage, Work
from viewer.state.selection import Selection
from viewer.studies.browser import StudyBrowser
from viewer.theme.palette import UNCONFIRMED
from viewer.window import MainWindow

Open = Callable[..., list[str]]


def row(window: MainWindow, key: str) -> Any:
    found = window.report.row(key)
    assert found is not None
    return found


def message(window: MainWindow) -> QMessageBox:
    boxes = [box for box in window.findChildren(QMessageBox) if box.isVisible()]
    assert len(boxes) == 1, [box.text() for box in boxes]
    return boxes[0]


# opening and analysing


def test_an_opened_image_is_shown_and_analysed(window: MainWindow, opened: Open) -> None:
    (key,) = opened(a={})
    image = window.session.images[key]
    assert window.canvas.radiograph is image.radiograph
    assert "Suitable" in window.frame.verdict.text()
    assert [r.feature.id for r in window.features.rows] == [3, 5, 9]
    assert [r.sentence.key for r in window.report.rows] == ["s1", "s2", "s3"]
    assert window.features.rows[2].switch.isEnabled() is False


def test_the_image_is_on_the_screen_before_the_analysis_ends(
    window: MainWindow, engine: FakeEngine, qtbot: Any, tmp_path: Path
) -> None:
    engine.gate.clear()
    window.controller.open([write_dicom(tmp_path / "a.dcm")])
    qtbot.waitUntil(lambda: window.canvas.radiograph is not None, timeout=20000)
    qtbot.waitUntil(lambda: window.progress.value() == 50, timeout=5000)
    assert window.frame.verdict.text() == "Analysing…"
    assert window.cancel.isVisible() and window.features.rows == []
    window.canvas.toggle_invert()
    window.canvas.zoom_by(2.0)
    engine.gate.set()
    qtbot.waitUntil(lambda: len(window.features.rows) == 3, timeout=10000)
    assert window.canvas.windowing.invert and not window.canvas.view.fitted
    assert not window.cancel.isVisible()


def test_cancel_stops_the_analysis_and_says_so(
    window: MainWindow, engine: FakeEngine, qtbot: Any, tmp_path: Path
) -> None:
    engine.gate.clear()
    window.controller.open([write_dicom(tmp_path / "a.dcm")])
    qtbot.waitUntil(lambda: window.controller.busy and window.cancel.isVisible(), timeout=20000)
    qtbot.waitUntil(
        lambda: window.session.current is not None and window.session.current.work is Work.RUNNING, timeout=20000
    )
    qtbot.mouseClick(window.cancel, Qt.MouseButton.LeftButton)
    assert window.session.current is not None and window.session.current.work is Work.CANCELLED
    assert "CANCELLED" in window.frame.verdict.text()
    assert not window.cancel.isVisible()
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
    assert [r.feature.id for r in window.features.rows] == [3, 5, 9]


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
    assert text.startswith("REFUSED [LATERAL_VIEW]") and "Open the frontal view" in text
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
    assert window.canvas.radiograph is None and "NOT OPENED [" in window.canvas.message
    window.controller.open([good])
    qtbot.waitUntil(lambda: len(window.features.rows) == 3, timeout=20000)


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
    assert "[PACK_MISSING]" in message(window).text() and "install one" in message(window).informativeText()
    message(window).close()


def test_what_is_odd_about_a_file_stays_in_sight(window: MainWindow, opened: Open) -> None:
    opened(a={"PixelSpacing": [0, 0]}, b={})
    assert window.frame.notes.isVisible() and "PixelSpacing" in window.frame.notes.text()
    window.actions_by_id["next"].trigger()
    assert not window.frame.notes.isVisible()


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


# links between sentences and features


def test_choosing_a_sentence_shows_its_maps(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={})
    qtbot.mouseClick(row(window, "s1"), Qt.MouseButton.LeftButton)
    assert {layer.feature_id for layer in window.canvas.layers} == {3, 5}
    assert [r.mark for r in window.features.rows] == ["linked", "linked", "none"]
    assert [r.switch.isChecked() for r in window.features.rows] == [True, True, False]
    qtbot.mouseClick(row(window, "s2"), Qt.MouseButton.LeftButton)
    assert window.canvas.layers == ()
    assert window.features.rows[2].mark == "linked"


def test_choosing_a_feature_marks_its_sentences(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={})
    qtbot.mouseClick(window.features.rows[1], Qt.MouseButton.LeftButton)
    assert [r.mark for r in window.report.rows] == ["linked", "none", "linked"]
    qtbot.mouseClick(window.features.rows[1], Qt.MouseButton.LeftButton)
    assert [r.mark for r in window.report.rows] == ["none", "none", "none"]


def test_switches_colours_opacity_and_threshold_reach_the_picture(window: MainWindow, opened: Open) -> None:
    opened(a={})
    bare = window.canvas.grab().toImage()
    window.features.rows[0].switch.setChecked(True)
    (layer,) = window.canvas.layers
    covered = window.canvas.grab().toImage()
    assert covered != bare
    window.features.opacity.setValue(0)
    assert window.session.overlay.opacity == 0
    window.features.opacity.setValue(80)
    window.session.set_overlay(window.session.overlay.recolour(3, "#00ff00"))
    assert window.canvas.layers[0].colour == "#00ff00" != layer.colour
    window.features.threshold.setValue(95)
    assert window.session.overlay.threshold == 0.95


def test_search_leaves_the_rows_that_fit(window: MainWindow, opened: Open) -> None:
    opened(a={})
    window.features.search.setText("number 5")
    assert [r.isHidden() for r in window.features.rows] == [True, False, True]
    window.features.search.setText("")
    assert not any(r.isHidden() for r in window.features.rows)


def test_holding_the_key_hides_the_maps_and_letting_go_shows_them(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={})
    bare = window.canvas.grab().toImage()
    window.session.set_overlay(window.session.overlay.show((3,)))
    covered = window.canvas.grab().toImage()
    window.activateWindow()
    window.features.rows[0].setFocus()
    qtbot.waitUntil(window.features.rows[0].hasFocus, timeout=2000)
    qtbot.keyPress(window.features.rows[0], PEEK_KEY.lower())
    assert window.canvas.layers == () and window.canvas.grab().toImage() == bare
    qtbot.keyRelease(window.features.rows[0], PEEK_KEY.lower())
    assert len(window.canvas.layers) == 1 and window.canvas.grab().toImage() == covered


def test_the_peek_key_types_a_letter_in_a_text_field(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={})
    window.activateWindow()
    window.features.search.setFocus()
    qtbot.waitUntil(window.features.search.hasFocus, timeout=2000)
    qtbot.keyPress(window.features.search, "g")
    assert window.features.search.text() == "g" and not window.session.overlay.peek


# draft


def amber(label: QLabel) -> int:
    """Number of pixels of the colour of text that waits for confirmation."""
    picture, wanted = label.grab().toImage(), QColor(UNCONFIRMED)
    return sum(picture.pixelColor(x, y) == wanted for x in range(picture.width()) for y in range(picture.height()))


def test_unconfirmed_text_is_coloured_until_confirmed(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={})
    qtbot.waitUntil(row(window, "s1").text.isVisible, timeout=2000)
    assert amber(row(window, "s1").text) > 10
    qtbot.mouseClick(row(window, "s1").buttons["confirm"], Qt.MouseButton.LeftButton)
    after = row(window, "s1")
    assert amber(after.text) == 0 and not after.buttons["confirm"].isVisible()
    assert "2 to confirm" in window.report.status.text()
    window.actions_by_id["undo"].trigger()
    assert amber(row(window, "s1").text) > 10


def test_the_whole_way_from_draft_to_export(
    window: MainWindow, opened: Open, qtbot: Any, engine: FakeEngine, tmp_path: Path
) -> None:
    (key,) = opened(a={})
    assert not window.report.review.isEnabled()
    window.commands.review()
    assert "[UNCONFIRMED]" in message(window).text()
    message(window).close()
    window.commands.confirm("s1")
    window.commands.edit("s2", "No pneumothorax is seen.")
    window.commands.remove("s3")
    window.commands.add("heart", "Heart of normal size.")
    texts = [r.sentence.text for r in window.report.rows]
    assert texts == ["Small left effusion.", "No pneumothorax is seen.", "Heart of normal size."]
    qtbot.mouseClick(window.report.review, Qt.MouseButton.LeftButton)
    assert window.report.status.text() == "REVIEWED"
    window.controller.export(tmp_path / "out", ("text",))
    qtbot.waitUntil(lambda: window.report.status.text() == "EXPORTED", timeout=10000)
    assert engine.exports[0][1].status is DraftStatus.REVIEWED
    saved = window.session.images[key].history
    assert saved is not None and saved.current.status is DraftStatus.EXPORTED
    window.commands.edit("s2", "Changed after export.")
    assert window.report.status.text() == "DRAFT"


def test_an_unreviewed_draft_stays_a_draft_when_exported(
    window: MainWindow, opened: Open, qtbot: Any, engine: FakeEngine, tmp_path: Path
) -> None:
    opened(a={})
    window.controller.export(tmp_path / "out", ("text",))
    qtbot.waitUntil(lambda: len(engine.exports) == 1 and not window.controller.busy, timeout=10000)
    assert window.report.status.text().startswith("DRAFT")
    assert "written" in window.statusBar().currentMessage()


def test_undo_and_redo_from_the_window(window: MainWindow, opened: Open) -> None:
    opened(a={})
    window.commands.remove("s1")
    assert window.report.row("s1") is None
    window.actions_by_id["undo"].trigger()
    assert window.report.row("s1") is not None
    window.actions_by_id["redo"].trigger()
    assert window.report.row("s1") is None


def test_sentences_are_reached_and_changed_with_the_keyboard(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={})
    window.actions_by_id["sentence_next"].trigger()
    assert window.session.selection == Selection(sentence_key="s1")
    qtbot.keyClick(row(window, "s1"), Qt.Key.Key_Return)
    assert row(window, "s1").sentence.state == "confirmed"
    assert window.session.selection == Selection(sentence_key="s2")
    window.actions_by_id["sentence_edit"].trigger()
    editor = row(window, "s2").editor
    qtbot.waitUntil(editor.isVisible, timeout=2000)
    editor.setText("Edited by keyboard.")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    assert row(window, "s2").sentence.text == "Edited by keyboard."
    window.actions_by_id["sentence_next"].trigger()
    qtbot.keyClick(row(window, "s3"), Qt.Key.Key_Delete)
    assert window.report.row("s3") is None


def test_escape_leaves_the_editor_without_a_change(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={})
    window.activateWindow()
    window.canvas.zoom_by(3.0)
    window.commands.choose_sentence("s1")
    window.commands.edit_selected()
    qtbot.waitUntil(row(window, "s1").editor.hasFocus, timeout=2000)
    row(window, "s1").editor.setText("thrown away")
    qtbot.keyClick(row(window, "s1").editor, Qt.Key.Key_Escape)
    assert row(window, "s1").editor is None and row(window, "s1").text.isVisible()
    assert row(window, "s1").sentence.text == "Small left effusion."
    assert not window.canvas.view.fitted


def test_writing_the_draft_anew_drops_the_review(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={})
    for key in ("s1", "s2", "s3"):
        window.commands.confirm(key)
    window.commands.review()
    window.actions_by_id["regenerate"].trigger()
    qtbot.waitUntil(lambda: window.report.status.text() == "DRAFT · 3 to confirm", timeout=5000)
    window.actions_by_id["undo"].trigger()
    assert window.report.status.text() == "REVIEWED"


def test_the_export_dialog_says_what_leaves(window: MainWindow, qtbot: Any) -> None:
    dialog = ExportDialog(DraftStatus.DRAFT, ("text", "sr"), {"sr": "not a DICOM image"}, window)
    qtbot.addWidget(dialog)
    dialog.show()
    assert any("marked DRAFT" in label.text() for label in dialog.findChildren(QLabel))
    assert dialog.chosen[1] == ("text",) and "not a DICOM image" in dialog.boxes["sr"].text()
    dialog.boxes["text"].setChecked(False)
    assert not dialog.buttons.buttons()[0].isEnabled() or not dialog.buttons.buttons()[1].isEnabled()


# strip, canvas, actions, access


def test_the_strip_is_always_there_and_lets_the_mouse_through(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={})
    strip = window.frame.strip
    assert strip.isVisible() and "not for diagnosis" in strip.text()
    assert strip.height() == STRIP_HEIGHT and strip.width() == window.canvas.width()
    assert strip.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    place = strip.mapTo(window, strip.rect().center())
    assert window.childAt(place) is window.canvas
    before = window.canvas.windowing
    here = window.canvas.mapFrom(window, place)
    qtbot.mousePress(window.canvas, Qt.MouseButton.LeftButton, pos=here)
    qtbot.mouseMove(window.canvas, here + QPoint(60, -40))
    qtbot.mouseRelease(window.canvas, Qt.MouseButton.LeftButton, pos=here + QPoint(60, -40))
    assert window.canvas.windowing != before
    for spec in ACTIONS:
        if spec.id not in ("quit", "open_files", "open_folder", "export", "keys", "about"):
            window.actions_by_id[spec.id].trigger()
            assert strip.isVisible(), spec.id


def test_the_mouse_windows_pans_and_zooms(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={})
    canvas = window.canvas

    def drag(button: Qt.MouseButton, dx: int, dy: int) -> None:
        start = canvas.rect().center()
        qtbot.mousePress(canvas, button, pos=start)
        qtbot.mouseMove(canvas, start + QPoint(dx, dy))
        qtbot.mouseRelease(canvas, button, pos=start + QPoint(dx, dy))

    window_before, view_before = canvas.windowing, canvas.view
    drag(Qt.MouseButton.LeftButton, 50, 0)
    assert canvas.windowing != window_before and canvas.view == view_before
    drag(Qt.MouseButton.MiddleButton, 40, 30)
    assert (canvas.view.x, canvas.view.y) == (view_before.x + 40, view_before.y + 30)
    drag(Qt.MouseButton.RightButton, 0, -60)
    assert canvas.view.scale > view_before.scale
    canvas.reset()
    assert canvas.view == view_before and canvas.windowing.voi is None


def test_a_right_click_without_a_drag_asks_for_the_menu(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={})
    view = window.canvas.view
    with qtbot.waitSignal(window.canvas.menu_wanted):
        qtbot.mouseClick(window.canvas, Qt.MouseButton.RightButton)
    menu = QApplication.activePopupWidget()
    assert menu is not None
    menu.close()
    assert window.canvas.view == view


def test_reset_of_monochrome1_shows_it_as_opened(window: MainWindow, opened: Open) -> None:
    opened(a={"PhotometricInterpretation": "MONOCHROME1"})
    first = window.canvas.grab().toImage()
    window.canvas.toggle_invert()
    assert window.canvas.grab().toImage() != first
    window.canvas.reset()
    assert window.canvas.grab().toImage() == first


def test_the_value_under_the_mouse(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={"RescaleSlope": "2", "RescaleIntercept": "-100"})
    canvas = window.canvas
    assert canvas.radiograph is not None
    x, y = canvas.view.to_screen(30.5, 40.5)
    qtbot.mouseMove(canvas, QPoint(round(x), round(y)))
    stored = int(canvas.radiograph.stored[40, 30])
    assert canvas.readout() == f"(30, 40)  stored {stored}  value {2 * stored - 100}"


def test_presets_and_one_to_one(window: MainWindow, opened: Open) -> None:
    opened(a={})
    window.actions_by_id["preset_2"].trigger()
    assert window.canvas.windowing.voi is not None
    window.actions_by_id["preset_0"].trigger()
    assert window.canvas.windowing.voi is None
    window.actions_by_id["one_to_one"].trigger()
    assert window.canvas.view.scale == pytest.approx(1.0)


def test_every_key_has_one_meaning() -> None:
    keys = [key for spec in ACTIONS for key in spec.keys] + [PEEK_KEY]
    assert len(keys) == len(set(keys))
    assert len({spec.id for spec in ACTIONS}) == len(ACTIONS)
    assert all(spec.menu in (*MENUS, "") and spec.tooltip for spec in ACTIONS)


def test_help_names_every_key(window: MainWindow) -> None:
    page = help_page()
    assert all(key in page for spec in ACTIONS for key in spec.keys if not spec.id.startswith("preset_"))
    assert "hold G" in page and set(window.actions_by_id) == {spec.id for spec in ACTIONS}


def test_every_control_has_an_accessible_name(window: MainWindow, opened: Open) -> None:
    opened(a={})
    kinds = (QAbstractButton, QAbstractSlider, QLineEdit, QComboBox, QListWidget, QProgressBar, QScrollArea)
    nameless = [
        widget
        for widget in window.findChildren(QWidget)
        if isinstance(widget, kinds)
        and not isinstance(widget, QScrollBar)
        and not widget.objectName().startswith("qt_")
        and not widget.accessibleName()
    ]
    assert [f"{type(w).__name__} {w.objectName()} in {type(w.parent()).__name__}" for w in nameless] == []


def test_browser_lists_every_image_and_choosing_one_shows_it(window: MainWindow, opened: Open, qtbot: Any) -> None:
    first, second = opened(a={}, b={"PatientName": "SECOND^BEN"})
    texts = [window.browser.list.item(n).text() for n in range(window.browser.list.count())]
    assert any("SECOND, BEN" in text for text in texts) and any("TEST, ANNA" in text for text in texts)
    window.actions_by_id["next"].trigger()
    assert window.session.current_key == second
    qtbot.waitUntil(lambda: window.canvas.radiograph is window.session.images[second].radiograph, timeout=5000)
    window.actions_by_id["previous"].trigger()
    assert window.session.current_key == first


def test_headings_stand_where_patient_or_study_changes_in_whatever_order_files_are_read(
    qtbot: Any, tmp_path: Path
) -> None:
    browser = StudyBrowser()
    qtbot.addWidget(browser)
    names = ["A", "A", "B", "B", "B", "A", "C"]
    images = [OpenImage(str(n), tmp_path / f"{n}.dcm") for n in range(len(names))]
    browser.add(images)
    for place in (4, 0, 6, 2, 5, 1, 3):
        images[place].identity = Identity(
            sop_instance_uid="1", patient_name=names[place], series_description=f"s{place}"
        )
        browser.update_image(images[place])
    lines = [browser.list.item(n).text().split("\n")[0] for n in range(browser.list.count())]
    assert lines == ["A", "s0", "s1", "B", "s2", "s3", "s4", "A", "s5", "C", "s6"]


def test_many_images_can_be_shown_again_after_their_pixels_were_released(
    window: MainWindow, opened: Open, qtbot: Any
) -> None:
    keys = opened(**{f"i{n}": {} for n in range(9)})
    assert sum(window.session.images[k].radiograph is not None for k in keys) <= 6
    for key in (keys[0], keys[8], keys[3]):
        window.session.show(key)
        qtbot.waitUntil(
            lambda k=key: (
                window.canvas.radiograph is not None and window.canvas.radiograph is window.session.images[k].radiograph
            ),
            timeout=10000,
        )
        qtbot.waitUntil(lambda k=key: window.session.images[k].work is Work.DONE, timeout=10000)
