"""What is written, what is refused, and in which order that is decided."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.errors import DraftError, ExportError, InferenceError, SaeRadError, UsageError
from engine.export import DICOM, WRITERS, export_all, resolve_formats, skipped_formats
from engine.export.analysis_json import write_analysis
from engine.inference.analysis import GateVerdict
from engine.pack.manifest import OBSERVATIONS
from engine.report.compose import compose
from tests.engine.report.factories import PACK_SHA256, analysis, busy, feature, radiograph

CR = {
    "sop_class_uid": "1.2.840.10008.5.1.4.1.1.1",
    "study_instance_uid": "1.2.3.4",
    "series_instance_uid": "1.2.3.5",
}


def test_all_writes_every_format(tmp_path: Path) -> None:
    image = radiograph(**CR)
    made = busy(image)
    written = export_all(tmp_path, image, made, compose(made), ["all"])
    names = [path.name for path in written]
    assert names[0] == "analysis.json"
    assert names[names.index("report.txt") :] == [
        "report.txt",
        "report.json",
        "report.pdf",
        "report.dcm",
        "narrative.dcm",
        "presentation_state.dcm",
        "segmentation.dcm",
        "capture_01.dcm",
        "capture_02.dcm",
        "report_pdf.dcm",
        "key_object.dcm",
        "report.fhir.json",
        "report.hl7",
    ]
    assert {path.name for path in tmp_path.iterdir()} == set(names)
    assert all(path.stat().st_size for path in written)


@pytest.mark.parametrize("name", list(WRITERS))
def test_every_format_refuses_another_image(tmp_path: Path, name: str) -> None:
    image, other = radiograph(**CR), radiograph(81, **CR)
    draft = compose(busy(image))
    with pytest.raises(InferenceError) as wrong_analysis:
        export_all(tmp_path, other, busy(image), draft, [name])
    with pytest.raises(DraftError) as wrong_draft:
        export_all(tmp_path, other, busy(other), draft, [name])
    assert wrong_analysis.value.code == wrong_draft.value.code == "WRONG_IMAGE"
    assert list(tmp_path.iterdir()) == []


def test_a_refused_image_gets_its_verdict_and_no_report(tmp_path: Path) -> None:
    image = radiograph()
    refused = analysis(gate=GateVerdict("refused", "NOT_A_CHEST", "this is no chest"), image=image)
    written = export_all(tmp_path, image, refused, None, ["all"])
    assert [path.name for path in written] == ["analysis.json"]
    saved = json.loads(written[0].read_text(encoding="utf-8"))
    assert saved["gate"] == {"verdict": "refused", "code": "NOT_A_CHEST", "message": "this is no chest"}
    assert saved["features"] == saved["observations"] == []


@pytest.mark.parametrize("name", DICOM)
def test_a_refusal_is_not_hidden_by_a_format_that_the_image_cannot_have(tmp_path: Path, name: str) -> None:
    image = radiograph(is_dicom=False)
    refused = analysis(gate=GateVerdict("refused", "NOT_A_CHEST", "this is no chest"), image=image)
    assert [path.name for path in export_all(tmp_path, image, refused, None, [name])] == ["analysis.json"]


def test_a_research_image_has_no_dicom_object(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    image = radiograph(is_dicom=False)
    made = busy(image)
    with pytest.raises(ExportError) as caught:
        export_all(tmp_path, image, made, compose(made), ["text", "sr"])
    assert caught.value.code == "NOT_DICOM_SOURCE"
    assert list(tmp_path.iterdir()) == []
    with caplog.at_level(logging.WARNING):
        written = export_all(tmp_path, image, made, compose(made), ["all"])
    assert [path.name for path in written][-3:] == ["report.txt", "report.json", "report.pdf"]
    assert all(f"format {name} left out" in caplog.text for name in DICOM)
    assert tuple(skipped_formats(image)) == DICOM


@pytest.mark.parametrize("name", DICOM)
@pytest.mark.parametrize("uids", [{"sop_class_uid": ""}, CR | {"sop_instance_uid": "999.01.2"}])
def test_an_image_that_cannot_be_referred_to_has_no_dicom_object(
    tmp_path: Path, uids: dict[str, str], name: str
) -> None:
    image = radiograph(**uids)
    made = busy(image)
    with pytest.raises(ExportError) as caught:
        export_all(tmp_path, image, made, compose(made), [name])
    assert caught.value.code == "NO_VALID_UID"


def test_other_formats_are_usage_errors(tmp_path: Path) -> None:
    image = radiograph()
    with pytest.raises(UsageError) as caught:
        export_all(tmp_path, image, busy(image), compose(busy(image)), ["text", "docx"])
    assert caught.value.code == "FORMAT_UNKNOWN"
    assert caught.value.exit_status == 2
    assert list(tmp_path.iterdir()) == []


def test_formats_are_written_once() -> None:
    assert resolve_formats(["json", "all", "text"]) == ["json", "text", "pdf", *DICOM]
    assert resolve_formats([]) == []


def test_a_draft_of_another_build_of_the_pack_is_not_written(tmp_path: Path) -> None:
    image = radiograph()
    draft = replace(compose(busy(image)), pack_sha256="f" * 64)
    with pytest.raises(DraftError) as caught:
        export_all(tmp_path, image, busy(image), draft, ["text"])
    assert caught.value.code == "WRONG_PACK"
    assert list(tmp_path.iterdir()) == []


def test_a_missing_draft_is_a_usage_error(tmp_path: Path) -> None:
    image = radiograph()
    with pytest.raises(UsageError) as caught:
        export_all(tmp_path, image, busy(image), None, ["text"])
    assert caught.value.code == "DRAFT_MISSING"


def test_analysis_json_has_the_agreed_keys(tmp_path: Path) -> None:
    made = busy()
    saved = json.loads(write_analysis(tmp_path, made)[0].read_text(encoding="utf-8"))
    agreed = {"sop_instance_uid", "pixel_sha256", "pack", "provider", "gate", "features", "observations", "timing_ms"}
    assert agreed <= set(saved)
    assert saved["pack"] == {"name": "toy", "version": "1.0.0", "sha256": PACK_SHA256}
    keys = ["id", "description", "activation", "percentile", "observation", "polarity", "laterality", "map"]
    assert [list(f) for f in saved["features"]] == [keys] * 5
    assert [r["observation"] for r in saved["observations"]] == list(OBSERVATIONS)
    assert all(list(r) == ["observation", "probability"] for r in saved["observations"])


def test_every_map_is_a_float32_grid_beside_the_analysis(tmp_path: Path) -> None:
    made = busy()
    write_analysis(tmp_path, made)
    saved = json.loads((tmp_path / "analysis.json").read_text(encoding="utf-8"))
    for entry in saved["features"]:
        grid = np.load(tmp_path / entry["map"], allow_pickle=False)
        assert grid.dtype == np.float32
        assert np.array_equal(grid, made.maps[entry["id"]].values)


def test_a_feature_without_a_map_says_so(tmp_path: Path) -> None:
    made = analysis((feature(1, "Edema"),))
    made.maps.clear()
    saved = json.loads(write_analysis(tmp_path, made)[0].read_text(encoding="utf-8"))
    assert saved["features"][0]["map"] is None


def test_unwritable_folders_are_errors_with_a_code(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    image = radiograph()
    with pytest.raises(SaeRadError) as caught:
        export_all(tmp_path / "taken", image, busy(image), compose(busy(image)), ["text"])
    assert caught.value.code == "EXPORT_WRITE"
