"""Every DICOM object of a result is valid, belongs to the study and says what it is."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from highdicom import seg
from PIL import Image

from engine.dicom.files import read_radiograph
from engine.dicom.grayscale import Grayscale, LookupTable, Modality, VoiLut, Window
from engine.dicom.radiograph import Radiograph
from engine.errors import ReadError
from engine.export import DICOM, export_all
from engine.export.dicom_object import SERIES_NUMBERS
from engine.export.presentation_state import write_presentation_state
from engine.export.shown_maps import contours, shown_findings
from engine.inference.heat_scale import FULL_SCALE, THRESHOLD
from engine.report.compose import compose
from tests.engine.report.factories import analysis, busy, radiograph

CR = {
    "sop_class_uid": "1.2.840.10008.5.1.4.1.1.1",
    "study_instance_uid": "1.2.3.4",
    "series_instance_uid": "1.2.3.5",
}


def everything(folder: Path, image: Radiograph) -> dict[str, pydicom.Dataset]:
    made = busy(image)
    export_all(folder, image, made, compose(made), DICOM)
    return {path.stem: pydicom.dcmread(path) for path in sorted(folder.glob("*.dcm"))}


def run(*command: str) -> str:
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    "identity", [{}, {"patient_name": "Müller^Jürgen=山田^太郎", "patient_sex": "X", "study_date": "yesterday"}]
)
def test_every_object_is_valid_and_belongs_to_the_study(tmp_path: Path, identity: dict[str, str]) -> None:
    found = everything(tmp_path, radiograph(**CR, **identity))
    assert sorted(found) == [
        "capture_01",
        "capture_02",
        "key_object",
        "narrative",
        "presentation_state",
        "report",
        "report_pdf",
        "segmentation",
    ]
    for name, document in found.items():
        assert document.StudyInstanceUID == "1.2.3.4" and document.PatientID == "P1"
        assert str(document.PatientName) == identity.get("patient_name", "Doe^Jane")
        assert document.SpecificCharacterSet == "ISO_IR 192"
        assert "not for diagnostic use" in document.SeriesDescription
        assert "CPUExecutionProvider, int8" in document.SoftwareVersions
        errors = [e for e in run("dciodvfy", str(tmp_path / f"{name}.dcm")).splitlines() if e.startswith("Error")]
        assert errors == []
    assert sorted({int(d.SeriesNumber) for d in found.values()}) == sorted(SERIES_NUMBERS.values())
    assert len({d.SeriesInstanceUID for d in found.values()}) == len(SERIES_NUMBERS)
    assert len({d.SOPInstanceUID for d in found.values()}) == len(found)


def test_the_presentation_state_outlines_findings_and_features_beside_their_sentences(tmp_path: Path) -> None:
    image = radiograph(**CR)
    made = busy(image)
    path = write_presentation_state(tmp_path, image, made, compose(made))
    assert "Test passed" in run("dcmpschk", str(path))
    state = pydicom.dcmread(path)
    assert [item.GraphicLayer for item in state.GraphicLayerSequence] == ["AI_FEATURES", "AI", "AI_STATUS"]
    by_layer: dict[str, list[pydicom.Dataset]] = {}
    for item in state.GraphicAnnotationSequence:
        assert item.ReferencedImageSequence[0].ReferencedSOPInstanceUID == image.identity.sop_instance_uid
        by_layer.setdefault(item.GraphicLayer, []).append(item)
    texts = [t.UnformattedTextValue for item in by_layer["AI"] for t in item.TextObjectSequence]
    assert texts[0].startswith("AI 1: ") and "pleural effusion" in texts[0]
    assert [t.UnformattedTextValue for t in by_layer["AI_STATUS"][0].TextObjectSequence] == [
        "Draft - not for diagnostic use"
    ]
    drawn = [g for item in by_layer["AI_FEATURES"] for g in item.GraphicObjectSequence]
    assert {g.TrackingID for g in drawn} == {"feature 11", "feature 12"}
    points = np.reshape(drawn[0].GraphicData, (-1, 2))
    assert points.min() >= 0 and points[:, 0].max() <= image.columns and points[:, 1].max() <= image.rows
    assert np.array_equal(points[0], points[-1])


def test_an_outline_surrounds_the_place_where_the_map_is_drawn() -> None:
    image = radiograph(320, 256, **CR)
    made = busy(image)
    finding = shown_findings(made, compose(made))[0]
    (line,) = contours(image, finding.heat)
    peak = np.unravel_index(finding.heat.density.argmax(), finding.heat.density.shape)
    centre = (peak[1] + 0.5) * image.columns / 16, (peak[0] + 0.5) * image.rows / 16
    assert line[:, 0].min() < centre[0] < line[:, 0].max() and line[:, 1].min() < centre[1] < line[:, 1].max()
    assert finding.heat.density.max() > THRESHOLD * FULL_SCALE


_RAMP = np.linspace(0, 4095, 3900)
GRAYSCALES = {
    "window": Grayscale(voi=(Window(1500.0, 2000.0),), stored_range=(0, 3899)),
    "negative slope": Grayscale(
        modality=Modality(-1.0, 4000.0, unit="US"), voi=(Window(1500.0, 900.0),), stored_range=(0, 3899)
    ),
    "inverted, voi table": Grayscale(
        voi=(VoiLut((4095 - _RAMP).astype(np.uint16), 0, "curve", 12),), inverted=True, stored_range=(0, 3899)
    ),
    "modality table": Grayscale(
        modality=Modality(lut=LookupTable((_RAMP**2 / 4095).astype(np.uint16), 0), unit="OD"),
        voi=(Window(1200.0, 1800.0, "LINEAR_EXACT"),),
        stored_range=(0, 3899),
    ),
}


@pytest.mark.parametrize("name", list(GRAYSCALES))
def test_another_program_shows_the_image_as_the_viewer_does(tmp_path: Path, name: str) -> None:
    image = replace(radiograph(**CR), grayscale=GRAYSCALES[name])
    source = pydicom.Dataset()
    source.file_meta = pydicom.dataset.FileMetaDataset()
    source.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    source.SOPClassUID, source.SOPInstanceUID = image.identity.sop_class_uid, image.identity.sop_instance_uid
    source.StudyInstanceUID, source.SeriesInstanceUID = "1.2.3.4", "1.2.3.5"
    source.Rows, source.Columns, source.SamplesPerPixel = image.rows, image.columns, 1
    source.BitsAllocated, source.BitsStored, source.HighBit, source.PixelRepresentation = 16, 12, 11, 0
    source.PhotometricInterpretation = "MONOCHROME1" if image.grayscale.inverted else "MONOCHROME2"
    source.PixelData = image.stored.tobytes()
    source.save_as(tmp_path / "image.dcm", enforce_file_format=True)
    made = busy(image)
    state = write_presentation_state(tmp_path, image, made, compose(made))
    said = run("dcmp2pgm", "-p", str(state), str(tmp_path / "image.dcm"), str(tmp_path / "shown.pgm"))
    assert (tmp_path / "shown.pgm").is_file(), said
    shown = np.asarray(Image.open(tmp_path / "shown.pgm"), dtype=np.float64)
    # DCMTK keeps fewer bits between the steps than we do.
    assert np.abs(shown - image.display() * 255.0).max() <= 2.0


def test_a_sigmoid_window_is_written_as_one(tmp_path: Path) -> None:
    # DCMTK's renderer does not know this function, so the elements are looked at.
    image = replace(radiograph(**CR), grayscale=Grayscale(voi=(Window(1500.0, 900.0, "SIGMOID", "lung"),)))
    made = busy(image)
    item = pydicom.dcmread(write_presentation_state(tmp_path, image, made, compose(made))).SoftcopyVOILUTSequence[0]
    shown = (item.WindowCenter, item.WindowWidth, item.VOILUTFunction, item.WindowCenterWidthExplanation)
    assert shown == (1500.0, 900.0, "SIGMOID", "lung")


def test_a_segment_holds_a_finding_s_map_in_per_cent_of_the_scale(tmp_path: Path) -> None:
    image = radiograph(**CR)
    document = everything(tmp_path, image)["segmentation"]
    assert (document.SegmentationFractionalType, document.MaximumFractionalValue) == ("OCCUPANCY", 100)
    read = seg.segread(tmp_path / "segmentation.dcm")
    assert [s.tracking_id for s in read.SegmentSequence] == ["features 11", "features 12"]
    assert [s.SegmentDescription[:8] for s in read.SegmentSequence] == ["Heat map", "Heat map"]
    assert read.SegmentSequence[0].segmented_property_type.meaning == "Pleural effusion"
    frame = read.pixel_array[0]
    made = busy(image)
    density = shown_findings(made, compose(made))[0].heat.density
    row, column = (index // 16 for index in divmod(int(frame.argmax()), image.columns))
    peak = np.unravel_index(density.argmax(), density.shape)
    assert (
        abs(frame.argmax() // image.columns / 5 - peak[0]) < 2 and abs(frame.argmax() % image.columns / 4 - peak[1]) < 2
    )
    assert frame.max() == pytest.approx(100 * min(density.max() / FULL_SCALE, 1.0), abs=15) and (row, column) >= (0, 0)


def test_a_draft_without_a_map_has_a_plain_capture_and_no_segmentation(tmp_path: Path) -> None:
    image = radiograph(**CR)
    made = analysis(image=image)
    written = export_all(tmp_path, image, made, compose(made), ["seg", "sc", "gsps", "ko"])
    assert [p.name for p in written] == ["analysis.json", "capture_01.dcm", "presentation_state.dcm", "key_object.dcm"]
    picture = pydicom.dcmread(tmp_path / "capture_01.dcm")
    assert "No positive finding" in picture.DerivationDescription
    strip = picture.pixel_array[4, picture.Columns // 2]
    assert strip.tolist() == [255, 193, 7]


def test_a_capture_says_how_its_map_was_made_and_why_it_shows_no_colour(tmp_path: Path) -> None:
    image = radiograph(**CR)
    made = busy(image)
    faint = replace(made, maps={i: replace(m, values=m.values * 1e-3) for i, m in made.maps.items()})
    for shown, nowhere in ((made, False), (faint, True)):
        export_all(tmp_path, image, shown, compose(shown), ["sc"])
        words = pydicom.dcmread(tmp_path / "capture_01.dcm").DerivationDescription
        assert "Heat map: attention contribution" in words and ("nowhere strong enough" in words) == nowhere


def test_a_reviewed_draft_says_so_in_every_object(tmp_path: Path) -> None:
    image = radiograph(**CR)
    made = busy(image)
    draft = compose(made)
    for sentence in list(draft.sentences()):
        draft = draft.confirm(sentence.key)
    export_all(tmp_path, image, made, draft.review(), DICOM)
    for path in tmp_path.glob("*.dcm"):
        assert "reviewed, not verified" in pydicom.dcmread(path).SeriesDescription


def test_heat_maps_of_an_odd_number_of_pixels_are_written(tmp_path: Path) -> None:
    found = everything(tmp_path, radiograph(81, 63, **CR))["segmentation"]
    assert found.file_meta.TransferSyntaxUID.name == "RLE Lossless"
    assert found.pixel_array.shape == (found.NumberOfFrames, 81, 63) and found.pixel_array.max() > 0


def test_the_pdf_inside_is_the_report_s(tmp_path: Path) -> None:
    document = everything(tmp_path, radiograph(**CR))["report_pdf"]
    content = document.EncapsulatedDocument[: document.EncapsulatedDocumentLength]
    assert content.startswith(b"%PDF") and content.rstrip().endswith(b"%%EOF")
    assert document.SourceInstanceSequence[0].ReferencedSOPInstanceUID == radiograph().identity.sop_instance_uid


def test_the_objects_of_another_make_are_not_taken_for_radiographs(tmp_path: Path) -> None:
    everything(tmp_path, radiograph(**CR))
    for name in ("presentation_state", "segmentation", "key_object", "report_pdf", "report"):
        with pytest.raises(ReadError):
            read_radiograph(tmp_path / f"{name}.dcm")


def test_a_report_names_the_one_that_it_replaces(tmp_path: Path) -> None:
    image = radiograph(**CR)
    made = busy(image)
    export_all(tmp_path, image, made, compose(made), ["sr"], replaced=["report.dcm"])
    first = pydicom.dcmread(tmp_path / "report.dcm")
    assert "PredecessorDocumentsSequence" not in first
    export_all(tmp_path, image, made, compose(made), ["sr"], replaced=["report.dcm"])
    second = pydicom.dcmread(tmp_path / "report.dcm")
    series = second.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0]
    assert series.SeriesInstanceUID == first.SeriesInstanceUID
    assert series.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == first.SOPInstanceUID != second.SOPInstanceUID
    assert not [e for e in run("dciodvfy", str(tmp_path / "report.dcm")).splitlines() if e.startswith("Error")]


@pytest.mark.parametrize("content", [b"", b"no DICOM", bytes(128) + b"DICM\x00"])
def test_what_is_no_report_of_the_image_is_no_predecessor(tmp_path: Path, content: bytes) -> None:
    image, other = radiograph(**CR), radiograph(**CR, sop_instance_uid="1.2.3.9")
    made = busy(other)
    (tmp_path / "report.dcm").write_bytes(content)
    export_all(tmp_path, other, made, compose(made), ["sr"], replaced=["report.dcm"])
    assert "PredecessorDocumentsSequence" not in pydicom.dcmread(tmp_path / "report.dcm")
    made = busy(image)
    export_all(tmp_path, image, made, compose(made), ["sr"], replaced=["report.dcm"])
    assert "PredecessorDocumentsSequence" not in pydicom.dcmread(tmp_path / "report.dcm")
