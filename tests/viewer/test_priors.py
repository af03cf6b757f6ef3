"""Earlier studies that the index knows: whose they are, how they hang, and that a person is not disturbed by them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

from engine.catalog.look import look
from engine.catalog.priors import Offer, find_priors
from engine.dicom.files import read_radiograph
from tests.viewer.factories import ramp, write_dicom
from tests.viewer.test_hanging import own
from tests.viewer.test_studies import index, indexed  # noqa: F401 - fixtures
from viewer.hanging.prior_line import offer_lines
from viewer.settings.hanging import PRIORS
from viewer.studies.index import StudyIndex
from viewer.window import MainWindow

BORN = "19600501"
NOW = {"PatientBirthDate": BORN, "StudyDate": "20240705", "StudyInstanceUID": "1.1"}
THEN = {"PatientBirthDate": BORN, "StudyDate": "20230504", "StudyInstanceUID": "1.2"}
LONG_AGO = {"PatientBirthDate": BORN, "StudyDate": "20190201", "StudyInstanceUID": "1.3"}
Make = Callable[..., Path]


@pytest.fixture
def archive(tmp_path: Path, index: StudyIndex) -> Make:  # noqa: F811
    """Write an image and let the index know it."""

    def make(name: str, **tags: str) -> Path:
        folder = tmp_path / "archive"
        folder.mkdir(exist_ok=True)
        path = write_dicom(folder / f"{name}.dcm", ramp(90, 70), **tags)
        look(index.catalog.path, [path])
        return path

    return make


def show(window: MainWindow, path: Path, qtbot: Any) -> str:
    window.controller.open([path])
    key = str(path.resolve())
    qtbot.waitUntil(lambda: window.session.current_key == key, timeout=10000)
    qtbot.waitUntil(lambda: window.priors.offer is not None and window.session.draft is not None, timeout=20000)
    return key


def test_the_prior_hangs_beside_and_nothing_that_a_person_does_is_disturbed(
    indexed: MainWindow,  # noqa: F811
    archive: Make,
    tmp_path: Path,
    qtbot: Any,
) -> None:
    old, _older = archive("old", **THEN), archive("older", **LONG_AGO)
    indexed.preferences.set(PRIORS, "offer")
    now = show(indexed, write_dicom(tmp_path / "now.dcm", **NOW), qtbot)
    line = indexed.hanging.active.priors
    assert line.isVisible() and line.button.isVisible()
    assert line.label.text() == "Earlier: 2023-05-04, 1 y 2 mo before; 2019-02-01, 5 y 5 mo before"
    assert indexed.hanging.state.keys == (now,) and list(indexed.session.images) == [now]
    indexed.commands.choose_sentence("s3")
    indexed.session.set_overlay(indexed.session.overlay.show([5]))
    indexed.canvas.zoom_by(2.0)
    seen, chosen = (indexed.canvas, indexed.canvas.windowing), indexed.session.selection
    indexed.preferences.set(PRIORS, "hang")
    indexed.session.image_changed.emit(now)
    assert indexed.hanging.state.layout == "1x2" and indexed.hanging.state.keys == (now, str(old.resolve()))
    beside = indexed.panes.each[1]
    qtbot.waitUntil(lambda: beside.canvas.radiograph is not None, timeout=10000)
    QApplication.processEvents()
    assert indexed.session.current_key == now and indexed.session.selection == chosen
    assert indexed.session.overlay.visible == {5}
    assert (indexed.canvas, indexed.canvas.windowing) == seen and not indexed.canvas.view.fitted
    assert beside.banner.text() == "PRIOR 2023-05-04, 1 y 2 mo before  ·  10:15  ·  PA"
    assert not line.isVisible()
    own(indexed)


def test_it_goes_with_its_image_and_stays_away_when_it_was_put_away(
    indexed: MainWindow,  # noqa: F811
    archive: Make,
    tmp_path: Path,
    qtbot: Any,
) -> None:
    old = str(archive("old", **THEN).resolve())
    now = show(indexed, write_dicom(tmp_path / "now.dcm", **NOW), qtbot)
    qtbot.waitUntil(lambda: indexed.hanging.state.keys == (now, old))
    indexed.actions_by_id["pane_next"].trigger()
    assert indexed.session.current_key == old and indexed.hanging.state.keys == (now, old)
    indexed.actions_by_id["pane_previous"].trigger()
    other = write_dicom(tmp_path / "other.dcm", PatientID="T2", PatientName="DOE^JOHN", StudyInstanceUID="1.9")
    assert indexed.priors.layout == "1x1"
    john = show(indexed, other, qtbot)
    assert indexed.hanging.state.keys == (john,) and not indexed.actions_by_id["hang_prior"].isEnabled()
    indexed.session.show(now)
    assert indexed.hanging.state.keys == (now, old)
    indexed.actions_by_id["layout_1x1"].trigger()
    indexed.session.show(john)
    indexed.session.show(now)
    assert indexed.hanging.state.keys == (now,) and indexed.hanging.active.priors.isVisible()
    indexed.actions_by_id["hang_prior"].trigger()
    assert indexed.hanging.state.keys == (now, old)
    # Panes that a person has empty are theirs: they are there again, and empty, beside another patient.
    indexed.actions_by_id["layout_1x1"].trigger()
    indexed.actions_by_id["layout_2x2"].trigger()
    indexed.actions_by_id["hang_prior"].trigger()
    assert indexed.hanging.state.keys == (now, old) and indexed.priors.layout == "2x2"
    indexed.session.show(john)
    assert indexed.hanging.state.keys == (john, None, None, None)
    own(indexed)


@pytest.mark.parametrize(
    "tags",
    [
        {"PatientBirthDate": "19600502"},
        {"PatientBirthDate": ""},
        {"PatientName": "DOE^JANE"},
        {"IssuerOfPatientID": "ELSEWHERE"},
    ],
)
def test_no_study_of_what_may_be_another_patient_is_offered(
    tags: dict[str, str],
    archive: Make,
    index: StudyIndex,  # noqa: F811
    tmp_path: Path,
) -> None:
    archive("old", **(THEN | tags))
    now = read_radiograph(write_dicom(tmp_path / "now.dcm", **NOW))
    offer = find_priors(index.catalog.path, now.identity, "CHEST")
    assert offer == Offer("1.1", (), 1)
    (line,) = offer_lines(offer, now.identity)
    assert line.startswith("1 earlier under this patient ID left out") and "DOE" not in line


def test_the_file_decides_and_not_the_index(
    archive: Make,
    index: StudyIndex,  # noqa: F811
    tmp_path: Path,
) -> None:
    """A file that was replaced, damaged or removed since it was indexed."""
    paths = {name: archive(name, **(THEN | {"StudyInstanceUID": f"1.{n}"})) for n, name in enumerate("pqrs", 4)}
    archive("hand", **LONG_AGO, BodyPartExamined="HAND")
    now = read_radiograph(write_dicom(tmp_path / "now.dcm", **NOW))
    write_dicom(paths["p"], **(THEN | {"PatientID": "T2", "StudyInstanceUID": "1.4"}))
    paths["q"].write_bytes(b"\0" * 200)
    paths["r"].unlink()
    offer = find_priors(index.catalog.path, now.identity, "CHEST")
    assert offer.unsure == 1
    assert {image.path.name: image.problem for image in offer.images} == {
        "q.dcm": "NOT_DICOM",
        "r.dcm": "FILE_MISSING",
        "s.dcm": "",
    }
    said = offer_lines(offer, now.identity)
    assert any(f"2023-05-04, 1 y 2 mo before: the file is gone: {paths['r']}" == line for line in said)
    assert find_priors(index.catalog.path, now.identity, "HAND").images == ()


def test_a_missing_file_is_said_in_the_window_and_hangs_nothing(
    indexed: MainWindow,  # noqa: F811
    archive: Make,
    tmp_path: Path,
    qtbot: Any,
) -> None:
    old = archive("old", **THEN)
    old.unlink()
    now = show(indexed, write_dicom(tmp_path / "now.dcm", **NOW), qtbot)
    line = indexed.hanging.active.priors
    assert "the file is gone" in line.label.text() and not line.button.isVisible()
    assert indexed.hanging.state.keys == (now,)
    menu = next(m for m in indexed.findChildren(type(indexed.presets).__mro__[1]) if m.title() == "Ea&rlier studies")
    menu.aboutToShow.emit()
    (entry,) = menu.actions()
    assert not entry.isEnabled() and "the file is gone" in entry.text()
