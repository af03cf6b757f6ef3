"""The list of open images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QApplication

from engine.dicom.radiograph import Identity
from tests.viewer.looking import Open
from viewer.state.images import OpenImage, Work
from viewer.studies.browser import StudyBrowser
from viewer.theme.wrap import wrapped
from viewer.window import MainWindow


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


def test_pictures_without_identity_never_stand_under_one_heading(qtbot: Any, tmp_path: Path) -> None:
    browser = StudyBrowser()
    qtbot.addWidget(browser)
    images = [OpenImage(str(n), tmp_path / f"{n}.png") for n in range(4)]
    for image, study in zip(images, ("", "", "1.2", "1.2"), strict=True):
        image.identity = Identity(sop_instance_uid=image.key, study_instance_uid=study)
    browser.add(images)
    lines = [browser.list.item(n).text().split("\n")[0] for n in range(browser.list.count())]
    assert lines == ["without identity", "0.png", "without identity", "1.png", "no name", "2.png", "3.png"]


def test_studies_of_namesakes_have_headings_of_their_own(qtbot: Any, tmp_path: Path) -> None:
    browser = StudyBrowser()
    qtbot.addWidget(browser)
    images = [OpenImage(str(n), tmp_path / f"{n}.dcm") for n in range(2)]
    for image in images:
        image.identity = Identity(image.key, patient_name="DOE^JO", study_date="20260102", study_instance_uid=image.key)
    browser.add(images)
    assert browser.list.count() == 4


def test_what_was_not_done_shows_its_code(window: MainWindow, opened: Open, qtbot: Any, tmp_path: Path) -> None:
    opened(hand={"BodyPartExamined": "HAND"})
    broken = tmp_path / "broken.dcm"
    broken.write_bytes(b"no image at all")
    window.session.show(window.session.add([broken])[0])
    qtbot.waitUntil(lambda: "NOT OPENED" in window.frame.verdict.text(), timeout=20000)
    problem = window.session.images[str(broken.resolve())].problem
    assert problem is not None
    texts = [window.browser.list.item(n).text() for n in range(window.browser.list.count())]
    assert "hand.dcm\nrefused\nLATERAL_VIEW" in texts and f"broken.dcm\nnot opened\n{problem.code}" in texts


def test_names_without_room_end_with_dots(dark: QApplication) -> None:
    metrics = QFontMetrics(QApplication.font())
    width = metrics.horizontalAdvance("Chest portable")
    assert wrapped("Chest portable supine", metrics, width, 3) == ["Chest portable", "supine"]
    assert all(
        metrics.horizontalAdvance(line) <= width
        for line in wrapped("a " + "W" * 40 + " " + "b " * 60, metrics, width, 3)
    )
    assert [line[-1] for line in wrapped("W" * 40, metrics, width, 3)] == ["…"]
    assert len(wrapped("word " * 60, metrics, width, 3)) == 3
    assert wrapped("OUT_OF_DISTRIBUTION", metrics, width, 2) == ["OUT_OF_", "DISTRIBUTION"]


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
