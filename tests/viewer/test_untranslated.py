"""Every text of the window and its dialogs passes through ``tr``: asked in a language that marks each of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QDialog, QMessageBox, QWidget

from engine.measure.shapes import Kind, Measurement
from tests.viewer.factories import FakeEngine, write_dicom
from tests.viewer.untranslated import marking_words, outside, shown, strange
from viewer.controller import Controller
from viewer.features.pack_dialog import PackDialog
from viewer.marking import set_words
from viewer.state.autosave import DraftStore
from viewer.state.images import Problem
from viewer.state.reader import system_reader
from viewer.state.session import Session
from viewer.studies.index import StudyIndex
from viewer.tasks import running
from viewer.window import MainWindow

DATA = (
    # of the image and the draft
    *(
        "TEST, ANNA",
        "a.dcm",
        "b.dcm",
        "Small left effusion.",
        "No pneumothorax.",
        "Large heart.",
        "Heart and mediastinum",
    ),
    *("HEART AND MEDIASTINUM", "Pleura", "PLEURA", "CR", "PA"),
    # of the pack
    *("Pleural Effusion", "PLEURAL EFFUSION", "feature number", "other", "toy", "int8", "CPUExecutionProvider", "CPU"),
    *("set/", "FINDINGS: report", "POSITIVE", "abcdef", "ab"),
    # of a finding, in English the pack's own words; tests/viewer/test_vocabulary.py has the German ones
    *("left", "LEFT", "base", "BASE", "small", "SMALL"),
    # a step of the test's engine, and Qt's own words
    *("step one", "Cancel", "Scroll"),
    # names
    *("Qt", "SHA", "OK", "English", "Deutsch", "DICOM"),
    # keys
    *(
        "Ctrl",
        "Shift",
        "Alt",
        "Meta",
        "PgUp",
        "PgDown",
        "Del",
        "Delete",
        "Return",
        "Esc",
        "Left",
        "Right",
        "Up",
        "Down",
    ),
)


@pytest.fixture
def marked(dark: QApplication, qtbot: Any, decoder: None, tmp_path: Path) -> Iterator[MainWindow]:
    """A window of a language in which every text stands in brackets, with an image, its draft and a measurement."""
    set_words(marking_words())
    session = Session(DraftStore(tmp_path / "drafts"))
    index = StudyIndex(tmp_path / "studies.sqlite", tmp_path / "thumbnails")
    window = MainWindow(session, Controller(session, FakeEngine(), index))  # type: ignore[arg-type]
    qtbot.addWidget(window)
    window.show()
    folder = tmp_path / "images"
    folder.mkdir()
    window.controller.open([write_dicom(folder / "a.dcm"), write_dicom(folder / "b.dcm", BodyPartExamined="HAND")])
    qtbot.waitUntil(lambda: session.draft is not None and session.current_key in window.controller.maps, timeout=20000)
    yield window
    window.close()
    set_words({})
    qtbot.waitUntil(lambda: running() == 0, timeout=10000)


def untranslated(root: QWidget, *data: str) -> str:
    """Say which words of which texts below a widget are neither marked nor data; empty where there are none."""
    found = ((place, text, strange(text, (*DATA, *data, system_reader()))) for place, text in shown(root))
    return "\n".join(sorted({f"{place}: {words!r} of {text!r}" for place, text, words in found if words}))


def test_what_is_not_marked_is_seen() -> None:
    assert outside("⟦a ⟦b⟧ c⟧ d").split() == ["d"]
    assert strange("⟦Open {name}⟧ x.dcm 3", ("x.dcm",)) == "" and strange("Open ⟦a⟧", ()) == "Open"
    assert strange("<b>⟦Open⟧</b> file", ()) == "file"


def test_the_window(marked: MainWindow, tmp_path: Path, qtbot: Any) -> None:
    session = marked.session
    for kind, points in (
        (Kind.LENGTH, ((5.0, 5.0), (40.0, 5.0))),
        (Kind.CARDIOTHORACIC, ((20.0, 50.0), (60.0, 50.0), (10.0, 70.0), (90.0, 70.0), (50.0, 10.0), (50.0, 90.0))),
    ):
        session.board.put("", Measurement(session.board.new_key(), kind, points))
    marked.commands.confirm("s1")
    session.set_overlay(session.overlay.show((3, 5)))
    marked.studies.setCurrentIndex(1)
    assert marked.studies.studies is not None
    tree = marked.studies.studies.tree
    qtbot.waitUntil(lambda: tree.topLevelItemCount() > 0, timeout=10000)
    assert untranslated(marked, str(tmp_path)) == ""
    session.show(next(key for key in session.images if key.endswith("b.dcm")))
    qtbot.waitUntil(lambda: session.current is not None and session.current.analysis is not None, timeout=10000)
    assert untranslated(marked, str(tmp_path), "LATERAL_VIEW", "This is a lateral view.") == ""


@pytest.mark.parametrize(
    "action",
    [
        "preferences",
        "shortcuts",
        "keys",
        "welcome",
        "about",
        "export",
        "audit",
        "why",
        "confirm_all",
    ],
)
def test_each_dialog(marked: MainWindow, qtbot: Any, tmp_path: Path, action: str) -> None:
    marked.commands.confirm("s1")
    marked.actions_by_id[action].trigger()
    qtbot.waitUntil(lambda: running() == 0, timeout=10000)
    (dialog,) = (d for d in marked.findChildren(QDialog) if d.isVisible())
    assert untranslated(dialog, str(tmp_path)) == ""
    dialog.close()


def test_messages_and_the_choice_of_a_pack(marked: MainWindow) -> None:
    marked.show_problem(Problem("CODE", "", ""))
    (box,) = marked.findChildren(QMessageBox)
    assert untranslated(box, "CODE") == ""
    box.close()
    dialog = PackDialog((), marked)
    assert untranslated(dialog) == ""
