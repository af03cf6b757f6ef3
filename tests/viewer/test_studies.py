"""The indexed studies: tree, search, recent, and a background that changes nothing of what is shown."""

from __future__ import annotations

import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QTreeWidgetItem

from tests.engine.dicom.test_dicomdir import write_dicomdir
from tests.viewer.factories import FakeEngine, ramp, write_dicom
from viewer.controller import Controller
from viewer.state.autosave import DraftStore
from viewer.state.session import Session
from viewer.studies import index as indexing
from viewer.studies.catalog_panel import CatalogPanel
from viewer.studies.index import StudyIndex
from viewer.tasks import running
from viewer.window import MainWindow

SMALL = ramp(24, 20)


@pytest.fixture
def index(tmp_path: Path) -> StudyIndex:
    return StudyIndex(tmp_path / "data" / "studies.sqlite", tmp_path / "cache" / "thumbnails")


@pytest.fixture
def indexed(
    dark: QApplication, qtbot: Any, engine: FakeEngine, decoder: None, index: StudyIndex
) -> Iterator[MainWindow]:
    """A window with an index of its own."""
    session = Session(DraftStore(index.thumbnails.parent / "drafts"))
    made = MainWindow(session, Controller(session, engine, index))  # type: ignore[arg-type]
    qtbot.addWidget(made)
    made.show()
    yield made
    made.close()
    qtbot.waitUntil(lambda: running() == 0, timeout=10000)


def panel(window: MainWindow) -> CatalogPanel:
    assert window.studies.studies is not None
    return window.studies.studies


def lines(window: MainWindow) -> list[str]:
    """Every visible line of the tree, indented by its depth."""

    def below(item: QTreeWidgetItem, depth: int) -> Iterator[str]:
        yield "  " * depth + item.text(0).replace("\n", " | ")
        for number in range(item.childCount() if item.isExpanded() else 0):
            child = item.child(number)
            assert child is not None
            yield from below(child, depth + 1)

    tree = panel(window).tree
    tops = [tree.topLevelItem(number) for number in range(tree.topLevelItemCount())]
    return [line for top in tops if top is not None for line in below(top, 0)]


def find(window: MainWindow, text: str) -> QTreeWidgetItem:
    (item,) = panel(window).tree.findItems(text, Qt.MatchFlag.MatchContains | Qt.MatchFlag.MatchRecursive)
    return item


def open_and_list(window: MainWindow, qtbot: Any, *paths: Path) -> None:
    """Open files, wait until the first is shown, and look at the studies."""
    window.controller.open(list(paths))
    qtbot.waitUntil(lambda: window.canvas.radiograph is not None, timeout=20000)
    window.studies.setCurrentIndex(1)
    qtbot.waitUntil(lambda: panel(window).tree.topLevelItemCount() > 0, timeout=10000)


def test_patients_studies_series_and_images_are_a_tree(indexed: MainWindow, qtbot: Any, tmp_path: Path) -> None:
    folder = tmp_path / "étude 患者"
    folder.mkdir()
    same = {"PatientName": "Müller^Eva", "pixels": SMALL}
    write_dicom(folder / "a.dcm", PatientID="P1", StudyDescription="Thorax", InstanceNumber=1, **same)
    write_dicom(folder / "b.dcm", PatientID="P1", StudyDescription="Thorax", InstanceNumber=2, ViewPosition="LL",
                **{**same, "BodyPartExamined": "HAND"})  # fmt: skip
    write_dicom(folder / "c.dcm", PatientID="P2", StudyInstanceUID="1.2.3", StudyDate="20200203", **same)
    open_and_list(indexed, qtbot, folder)
    assert lines(indexed) == [
        "Müller, Eva | P1  ·  F",
        "  2026-01-02  ·  CR | Thorax | 2 images",
        "Müller, Eva | P2  ·  F",
        "  2020-02-03  ·  CR | 1 image",
    ]
    shown, current = indexed.canvas.radiograph, indexed.session.current_key
    find(indexed, "Thorax").setExpanded(True)
    qtbot.waitUntil(lambda: "      Image 2 | LL" in lines(indexed), timeout=10000)
    assert lines(indexed)[2:5] == ["    CR  ·  CHEST | 2 images", "      Image 1 | PA", "      Image 2 | LL"]
    second = find(indexed, "Image 2")
    qtbot.waitUntil(lambda: not second.icon(0).isNull(), timeout=10000)
    assert (indexed.canvas.radiograph, indexed.session.current_key) == (shown, current)
    panel(indexed).tree.itemActivated.emit(second, 0)
    assert indexed.session.current_key == str((folder / "b.dcm").resolve())


def test_an_activated_study_is_opened(indexed: MainWindow, qtbot: Any, tmp_path: Path) -> None:
    for name, study in (("a", "1.1"), ("b", "1.2"), ("c", "1.2")):
        write_dicom(tmp_path / f"{name}.dcm", SMALL, StudyInstanceUID=study, StudyDescription=f"Study {study}")
    indexed.controller.index.look([tmp_path], _Control())  # type: ignore[union-attr]
    indexed.studies.setCurrentIndex(1)
    qtbot.waitUntil(lambda: len(lines(indexed)) == 3, timeout=10000)
    panel(indexed).tree.itemActivated.emit(find(indexed, "Study 1.2"), 0)
    qtbot.waitUntil(lambda: len(indexed.session.images) == 2, timeout=10000)
    assert indexed.session.current_key == str((tmp_path / "b.dcm").resolve())
    panel(indexed).which.setCurrentIndex(1)
    qtbot.waitUntil(lambda: ["Study 1.2" in line for line in lines(indexed)][:2] == [False, True], timeout=10000)
    assert not any("Study 1.1" in line for line in lines(indexed))


def test_words_are_searched_while_they_are_typed(indexed: MainWindow, qtbot: Any, tmp_path: Path) -> None:
    for name in ("ALPHA", "BETA", "GAMMA"):
        write_dicom(
            tmp_path / f"{name}.dcm",
            SMALL,
            PatientName=f"{name}^X",
            PatientID=name,
            StudyInstanceUID=f"1.{ord(name[0])}",
        )
    open_and_list(indexed, qtbot, *sorted(tmp_path.glob("*.dcm")))
    qtbot.keyClicks(panel(indexed).search, "beta 2026")
    qtbot.waitUntil(lambda: [line.split(",")[0] for line in lines(indexed)[::2]] == ["BETA"], timeout=10000)
    qtbot.keyClicks(panel(indexed).search, "nothing")
    qtbot.waitUntil(lambda: lines(indexed) == [] and "No study" in panel(indexed).note.text(), timeout=10000)
    panel(indexed).search.clear()
    qtbot.waitUntil(lambda: len(lines(indexed)) == 6, timeout=10000)


def test_archives_and_discs_that_are_dropped_are_opened(indexed: MainWindow, qtbot: Any, tmp_path: Path) -> None:
    disc = tmp_path / "disc"
    disc.mkdir()
    image = write_dicom(disc / "IM1", SMALL, PatientName="DISC^X")
    with zipfile.ZipFile(tmp_path / "étude.zip", "w") as archive:
        archive.write(write_dicom(tmp_path / "z.dcm", SMALL, PatientName="ZIP^X"), "in/患者.dcm")
    data = QMimeData()
    paths = (tmp_path / "étude.zip", write_dicomdir(disc, ["IM1"]))
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    none, left = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton
    over = QDragEnterEvent(QPoint(10, 10), Qt.DropAction.CopyAction, data, left, none)
    QApplication.sendEvent(indexed, over)
    assert over.isAccepted()
    QApplication.sendEvent(indexed, QDropEvent(QPointF(10, 10), Qt.DropAction.CopyAction, data, left, none))
    member = tmp_path / "étude.zip" / "in" / "患者.dcm"
    keys = [str(path.resolve()) for path in (member, image)]
    qtbot.waitUntil(lambda: indexed.canvas.radiograph is not None, timeout=20000)
    qtbot.waitUntil(lambda: all(key in indexed.controller.thumbnails for key in keys), timeout=20000)
    assert indexed.session.current_key == keys[0] and indexed.canvas.radiograph.identity.patient_name == "ZIP^X"
    assert sorted(path.name for path in disc.iterdir()) == ["DICOMDIR", "IM1"]


def test_opening_in_the_background_leaves_what_a_person_went_on_to(
    indexed: MainWindow, qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [write_dicom(tmp_path / f"{name}.dcm", SMALL) for name in "abc"]
    indexed.controller.open(paths[:2])
    qtbot.waitUntil(lambda: len(indexed.features.rows) == 3, timeout=20000)
    go, original = threading.Event(), indexing.StudyIndex.look

    def slow(self: StudyIndex, asked: Any, control: Any) -> Any:
        go.wait(20)
        return original(self, asked, control)

    monkeypatch.setattr(indexing.StudyIndex, "look", slow)
    indexed.controller.open([paths[2]])
    assert indexed.work.cancel.isVisible()
    second = str(paths[1].resolve())
    indexed.session.show(second)
    qtbot.waitUntil(lambda: len(indexed.features.rows) == 3, timeout=10000)
    indexed.commands.choose_sentence("s1")
    before = (indexed.session.selection, indexed.session.overlay, indexed.canvas.radiograph)
    go.set()
    third = str(paths[2].resolve())
    qtbot.waitUntil(lambda: third in indexed.controller.thumbnails, timeout=20000)
    assert indexed.session.current_key == second
    assert (indexed.session.selection, indexed.session.overlay, indexed.canvas.radiograph) == before


def test_opening_can_be_cancelled(
    indexed: MainWindow, qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, begun, ended = write_dicom(tmp_path / "a.dcm", SMALL), threading.Event(), threading.Event()

    def endless(self: StudyIndex, asked: Any, control: Any) -> Any:
        begun.set()
        while not control.cancelled():
            ended.wait(0.01)
        ended.set()
        control.check()

    monkeypatch.setattr(indexing.StudyIndex, "look", endless)
    indexed.controller.open([path])
    qtbot.waitUntil(begun.is_set, timeout=10000)
    qtbot.mouseClick(indexed.work.cancel, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(ended.is_set, timeout=10000)
    assert indexed.session.images == {} and not indexed.work.cancel.isVisible()


def test_images_are_opened_without_an_index_that_can_be_used(
    indexed: MainWindow, qtbot: Any, tmp_path: Path, index: StudyIndex
) -> None:
    index.catalog.path.parent.mkdir()
    index.catalog.path.write_bytes(b"no database" * 500)
    told: list[str] = []
    indexed.session.noticed.connect(lambda problem: told.append(problem.code))
    indexed.controller.open([write_dicom(tmp_path / "a.dcm", SMALL)])
    qtbot.waitUntil(lambda: len(indexed.features.rows) == 3, timeout=20000)
    indexed.studies.setCurrentIndex(1)
    qtbot.waitUntil(lambda: "CATALOG_DAMAGED" in panel(indexed).note.text(), timeout=10000)
    assert told == ["CATALOG_DAMAGED"]


def test_a_file_that_vanished_says_so_when_it_is_chosen(indexed: MainWindow, qtbot: Any, tmp_path: Path) -> None:
    write_dicom(tmp_path / "a.dcm", SMALL, StudyInstanceUID="1.1", StudyDescription="Gone")
    indexed.controller.index.look([tmp_path / "a.dcm"], _Control())  # type: ignore[union-attr]
    (tmp_path / "a.dcm").unlink()
    indexed.studies.setCurrentIndex(1)
    qtbot.waitUntil(lambda: len(lines(indexed)) == 2, timeout=10000)
    panel(indexed).tree.itemActivated.emit(find(indexed, "Gone"), 0)
    qtbot.waitUntil(lambda: "FILE_MISSING" in indexed.frame.verdict.text(), timeout=10000)


class _Control:
    """Work that nobody stops."""

    def progress(self, text: str, fraction: float) -> None:
        assert text and 0 <= fraction <= 1

    def cancelled(self) -> bool:
        return False
