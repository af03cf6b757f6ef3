"""Result objects in the window: found beside images, switched over their own image only, read as text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import generate_uid
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor

from engine.dicom.voi import Window
from engine.readback.read import read_result
from tests.engine.readback.states import file, graphic, item, save, state, to_image
from tests.viewer.factories import FakeEngine, write_dicom
from viewer.controller import Controller
from viewer.image.orientation import Orientation
from viewer.state.autosave import DraftStore
from viewer.state.session import Session
from viewer.studies.index import StudyIndex
from viewer.tasks import running
from viewer.window import MainWindow

OpenStudy = Callable[..., list[str]]
ELSEWHERE = "1.2.3.4.5.6"


def uid_of(name: str) -> str:
    return str(generate_uid(entropy_srcs=[f"{name}.dcm"]))


def state_of(uid: str, own: str = "1.2.3.77", **elements: Any) -> Dataset:
    made = state(**elements)
    made.SOPInstanceUID = own
    series = item(SeriesInstanceUID="1.2.3.5", ReferencedImageSequence=[to_image(uid)])
    made.ReferencedSeriesSequence = Sequence([series])
    return made


def box(kind: str = "POLYLINE") -> dict[str, Any]:
    corners = [20, 30, 60, 30, 60, 80, 20, 80, 20, 30]
    return {
        "GraphicAnnotationSequence": [item(GraphicLayer="L", GraphicObjectSequence=[graphic(kind, corners)])],
        "GraphicLayerSequence": [
            item(GraphicLayer="L", GraphicLayerOrder=1, GraphicLayerRecommendedDisplayCIELabValue=[57492, 10883, 53993])
        ],
    }


def report_of(uid: str) -> Dataset:
    text = item(ValueType="TEXT", RelationshipType="CONTAINS", TextValue="<b>3 cm</b> & more")
    image = item(ValueType="IMAGE", RelationshipType="CONTAINS", ReferencedSOPSequence=[to_image(uid)])
    return file(
        "1.2.840.10008.5.1.4.1.1.88.11",
        "1.2.3.99",
        Modality="SR",
        Manufacturer="Somebody",
        SoftwareVersions="7.1",
        ValueType="CONTAINER",
        ConceptNameCodeSequence=[item(CodeValue="1", CodingSchemeDesignator="99X", CodeMeaning="Report")],
        CompletionFlag="PARTIAL",
        VerificationFlag="UNVERIFIED",
        ContentSequence=[text, image],
    )


@pytest.fixture
def study(window: MainWindow, qtbot: Any, tmp_path: Path) -> OpenStudy:
    """Open two images, a and b, with result objects beside them; returns the keys of the images."""

    def open_study(**objects: Dataset) -> list[str]:
        folder = tmp_path / "study"
        folder.mkdir()
        keys = [str(write_dicom(folder / f"{name}.dcm").resolve()) for name in "ab"]
        for name, made in objects.items():
            save(folder / f"{name}.dcm", made)
        window.controller.open([folder])
        results, image = window.results.shown, window.session.images
        qtbot.waitUntil(lambda: keys[0] in image and image[keys[0]].analysis is not None, timeout=20000)
        qtbot.waitUntil(lambda: len(results.objects) == len(objects), timeout=20000)
        wanted = {(r.provenance.sop_instance_uid, uid_of("a")) for r in results.of_image(uid_of("a"))}
        qtbot.waitUntil(lambda: all(results.drawing(*pair) is not None for pair in wanted), timeout=20000)
        return keys

    return open_study


def check(window: MainWindow, on: bool = True) -> None:
    """Click the box of the first object in the list."""
    row = window.results.panel.tree.topLevelItem(0)
    assert row is not None
    row.setCheckState(0, Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)


def greenish(window: MainWindow, point: tuple[float, float] = (20.0, 55.0)) -> bool:
    """Whether the picture has the layer's green at a place of the image."""
    place: QPointF = window.canvas.widget_point(point)
    picture = window.canvas.grab().toImage()
    near = [picture.pixelColor(round(place.x()) + dx, round(place.y())) for dx in (-1, 0, 1)]
    return any(colour.green() > colour.red() + 60 and colour.green() > colour.blue() + 60 for colour in near)


def test_objects_are_switched_over_their_own_image_and_back(window: MainWindow, study: OpenStudy) -> None:
    keys = study(state=state_of(uid_of("a"), **box()))
    assert list(window.session.images) == keys, "the object is not opened as an image"
    assert "GSPS" in window.browser.list.item(1).text() and "GSPS" not in window.browser.list.item(2).text()
    assert not greenish(window)
    check(window)
    assert greenish(window) and window.session.steps.undo_name == "show results"
    window.session.set_overlay(window.session.overlay.with_peek(True))
    assert not greenish(window)
    window.session.set_overlay(window.session.overlay.with_peek(False))
    window.session.undo()
    assert not greenish(window)
    window.session.redo()
    window.results.panel.off.click()
    assert not greenish(window) and window.session.steps.undo_name == "hide results"
    window.session.undo()
    assert greenish(window)


def test_nothing_stays_on_the_next_image(window: MainWindow, study: OpenStudy, qtbot: Any) -> None:
    keys = study(state=state_of(uid_of("a"), **box()))
    check(window)
    window.session.show(keys[1])
    qtbot.waitUntil(lambda: window.canvas.radiograph is not None, timeout=20000)
    assert not greenish(window)
    assert "another image" in window.results.panel.text.toPlainText()
    assert not window.results.panel.present.isEnabled()
    window.results.present("1.2.3.77")
    assert window.canvas.gray is None
    window.session.show(keys[0])
    qtbot.waitUntil(lambda: window.canvas.radiograph is not None, timeout=20000)
    assert greenish(window)


def test_an_object_without_its_image_is_listed_and_not_drawn(window: MainWindow, study: OpenStudy) -> None:
    study(state=state_of(ELSEWHERE, **box()))
    assert "is not open; nothing of it is drawn" in window.results.panel.text.toPlainText()
    row = window.results.panel.tree.topLevelItem(0)
    assert row is not None and row.childCount() == 0 and row.data(0, Qt.ItemDataRole.CheckStateRole) is None
    assert window.results.tabs.tabText(1) == "Results"


def test_the_image_is_shown_as_a_state_asks_for(window: MainWindow, study: OpenStudy) -> None:
    area = item(DisplayedAreaTopLeftHandCorner=[60, 21], DisplayedAreaBottomRightHandCorner=[11, 70])
    study(
        state=state_of(
            uid_of("a"),
            ImageRotation=90,
            ImageHorizontalFlip="Y",
            PresentationLUTShape="INVERSE",
            SoftcopyVOILUTSequence=[item(WindowCenter="1000", WindowWidth="500")],
            DisplayedAreaSelectionSequence=[area],
            ShutterShape="RECTANGULAR",
            ShutterLeftVerticalEdge=30,
            ShutterRightVerticalEdge=50,
            ShutterUpperHorizontalEdge=30,
            ShutterLowerHorizontalEdge=60,
        )
    )
    canvas, panel = window.canvas, window.results.panel
    assert "black and white" in panel.text.toPlainText()
    view = canvas.view
    panel.present.click()
    assert canvas.orientation == Orientation(1, mirrored=True) and canvas.view != view
    shown = canvas.windowing.voi
    assert isinstance(shown, Window) and (shown.center, shown.width) == (1000.0, 500.0)
    # Column 10, of low values, is white now.
    assert canvas.table is not None and canvas.radiograph is not None
    first, table = canvas.table
    assert table[int(canvas.radiograph.stored[60, 10]) - first] == 255
    middle = canvas.widget_point((35.0, 45.0))
    assert abs(middle.x() - canvas.width() / 2) < 4
    check(window)
    covered = canvas.grab().toImage().pixelColor(canvas.widget_point((20.0, 45.0)).toPoint())
    assert covered == QColor(0, 0, 0)
    window.session.undo()
    window.session.undo()
    assert canvas.gray is None and canvas.orientation.plain and canvas.view == view
    window.session.redo()
    canvas.reset()
    assert canvas.gray is None and canvas.orientation.plain


def test_a_report_is_read_beside_its_image_letter_by_letter(window: MainWindow, study: OpenStudy) -> None:
    study(report=report_of(uid_of("a")))
    said = window.results.panel.text.toPlainText()
    for words in ("Somebody; software 7.1", "PARTIAL, UNVERIFIED", "<b>3 cm</b> & more", "the image shown"):
        assert words in said, said
    window.actions_by_id["results"].trigger()
    assert window.results.tabs.currentWidget() is window.results.panel


def test_a_commercial_product_s_state_is_displayed(
    window: MainWindow, qtbot: Any, tmp_path: Path, shared_data: Path
) -> None:
    source = shared_data / "dicom" / "sr_pr_seg" / "GSPS_softneta.dcm"
    uid = read_result(source).images[0]
    # The data set has only a stub of the image: another one of its size takes its place under its UID.
    image = write_dicom(tmp_path / "a.dcm", np.full((2688, 2688), 1000, np.uint16), SOPInstanceUID=uid)
    window.controller.open([image, source])
    shown = window.results.shown
    qtbot.waitUntil(
        lambda: bool(shown.objects) and shown.drawing(next(iter(shown.objects)), uid) is not None, timeout=20000
    )
    before = window.canvas.grab().toImage()
    check(window)
    after, at = window.canvas.grab().toImage(), window.canvas.widget_point((2110.6, 616.2)).toPoint()
    assert any(before.pixelColor(at.x(), at.y() + d) != after.pixelColor(at.x(), at.y() + d) for d in (-1, 0, 1))
    window.results.panel.present.click()
    voi = window.canvas.windowing.voi
    assert isinstance(voi, Window) and (voi.center, voi.width) == (2048.0, 4096.0)
    assert "Mean: 2651.41" in window.results.panel.text.toPlainText()


def test_damaged_objects_are_listed_with_their_code(window: MainWindow, study: OpenStudy, qtbot: Any) -> None:
    broken = file("1.2.840.10008.5.1.4.1.1.88.11", "1.2.3.98", Modality="SR")
    pdf = file("1.2.840.10008.5.1.4.1.1.104.1", "1.2.3.97", Modality="DOC")
    keys = study(state=state_of(uid_of("a")))
    folder = Path(keys[0]).parent
    window.controller.open([save(folder / "broken.dcm", broken), save(folder / "pdf.dcm", pdf)])
    qtbot.waitUntil(lambda: bool(window.results.shown.unread), timeout=20000)
    tree = window.results.panel.tree
    rows = [tree.topLevelItem(n) for n in range(tree.topLevelItemCount())]
    assert "broken.dcm  ·  RESULT_DAMAGED" in [row.text(0) for row in rows if row is not None]
    key = str((folder / "pdf.dcm").resolve())
    qtbot.waitUntil(lambda: window.session.images[key].problem is not None, timeout=20000)
    assert window.session.images[key].problem.code == "NOT_AN_IMAGE"  # type: ignore[union-attr]


def test_results_are_found_when_a_study_is_opened_from_the_index(
    dark: Any, qtbot: Any, decoder: None, tmp_path: Path
) -> None:
    folder = tmp_path / "study"
    folder.mkdir()
    image = write_dicom(folder / "a.dcm")
    save(folder / "state.dcm", state_of(uid_of("a"), **box()))
    index = StudyIndex(tmp_path / "index.sqlite", tmp_path / "thumbnails")
    session = Session(DraftStore(tmp_path / "drafts"))
    window = MainWindow(session, Controller(session, FakeEngine(), index))  # type: ignore[arg-type]
    qtbot.addWidget(window)
    window.show()
    window.controller.open([folder])
    qtbot.waitUntil(lambda: len(window.results.shown.objects) == 1, timeout=20000)
    assert list(session.images) == [str(image.resolve())]
    assert index.catalog.other_objects([image]) == [folder / "state.dcm"]
    window.results.shown.objects.clear()
    window.controller.open_images([image], image)
    qtbot.waitUntil(lambda: len(window.results.shown.objects) == 1, timeout=20000)
    window.close()
    qtbot.waitUntil(lambda: running() == 0, timeout=10000)


def test_a_segmentation_is_drawn_by_its_place(window: MainWindow, study: OpenStudy) -> None:
    frame = np.zeros((120, 100), np.uint8)
    frame[30:80, 20:60] = 1
    study(seg=segmentation_of(frame))
    check(window)
    assert greenish(window, (20.0, 55.0)) and not greenish(window, (5.0, 55.0))


def segmentation_of(frame: np.ndarray) -> Dataset:
    green = [57492, 10883, 53993]
    return file(
        "1.2.840.10008.5.1.4.1.1.66.4",
        "1.2.3.88",
        Modality="SEG",
        Rows=frame.shape[0],
        Columns=frame.shape[1],
        NumberOfFrames=1,
        SamplesPerPixel=1,
        PhotometricInterpretation="MONOCHROME2",
        BitsAllocated=1,
        BitsStored=1,
        HighBit=0,
        PixelRepresentation=0,
        SegmentationType="BINARY",
        SegmentSequence=[item(SegmentNumber=1, SegmentLabel="part", RecommendedDisplayCIELabValue=green)],
        ReferencedSeriesSequence=[item(ReferencedInstanceSequence=[to_image(uid_of("a"))])],
        PerFrameFunctionalGroupsSequence=[item(SegmentIdentificationSequence=[item(ReferencedSegmentNumber=1)])],
        PixelData=np.packbits(frame, bitorder="little").tobytes(),
    )
