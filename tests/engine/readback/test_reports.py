"""Structured reports of any make as readable text, with regions on their own image only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset

from engine.errors import ReadError
from engine.readback import limits
from engine.readback.drawing import drawing_on
from engine.readback.objects import ResultObject
from engine.readback.read import read_result
from engine.readback.report import Report
from engine.readback.report_text import report_lines
from engine.readback.target import Target
from tests.engine.readback.states import file, image_of, item, save, to_image

ENHANCED = "1.2.840.10008.5.1.4.1.1.88.22"


def code(meaning: str, value: str = "1", scheme: str = "99X") -> list[Dataset]:
    return [item(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)]


def content(kind: str, name: str = "", *below: Dataset, **elements: Any) -> Dataset:
    made = item(ValueType=kind, RelationshipType="CONTAINS", **elements)
    if name:
        made.ConceptNameCodeSequence = code(name)
    if below:
        made.ContentSequence = list(below)
    return made


def region(kind: str, data: list[float], *images: Dataset) -> Dataset:
    pointed = [content("IMAGE", ReferencedSOPSequence=[image]) for image in images]
    return content("SCOORD", "Region", *pointed, GraphicType=kind, GraphicData=data)


def read_report(folder: Path, *below: Dataset, **elements: Any) -> tuple[ResultObject, Report]:
    made = file(
        ENHANCED,
        "1.2.3.99",
        Modality="SR",
        Manufacturer="Somebody",
        ValueType="CONTAINER",
        ConceptNameCodeSequence=code("Chest report"),
        CompletionFlag="COMPLETE",
        VerificationFlag="VERIFIED",
        **elements,
    )
    made.ContentSequence = list(below)
    result = read_result(save(folder / "report.dcm", made))
    assert isinstance(result.content, Report)
    return result, result.content


def measured(value: str, unit: str) -> list[Dataset]:
    return [item(NumericValue=value, MeasurementUnitsCodeSequence=code(unit, unit, "UCUM"))]


def test_the_text_holds_headings_values_units_and_codes(tmp_path: Path) -> None:
    result, report = read_report(
        tmp_path,
        content(
            "CONTAINER",
            "Findings",
            content("TEXT", "Finding", TextValue="Verschattung rechts\r\nbasal"),
            content("NUM", "Diameter", MeasuredValueSequence=measured("3.5", "cm")),
            content("NUM", "Rows", MeasuredValueSequence=measured("1955", "{pixels}")),
            content("TEXT", "Impression", TextValue="Impression: none"),
            content("NUM", "Ratio", MeasuredValueSequence=measured("0.52", "1")),
            content("NUM", "Area", NumericValueQualifierCodeSequence=code("Value unknown")),
            content("CODE", "Diagnosis", ConceptCodeSequence=code("Effusion", "60046008", "SCT")),
            content("PNAME", "Reader", PersonName="Muster^Anna"),
        ),
    )
    assert [line.whole for line in report_lines(report)] == [
        "Chest report",
        "  Findings",
        "    Finding",
        "      Verschattung rechts",
        "      basal",
        "    Diameter: 3.5 cm",
        "    Rows: 1955 pixels",
        "    Impression: none",
        "    Ratio: 0.52",
        "    Area: Value unknown",
        "    Diagnosis: Effusion [60046008, SCT]",
        "    Reader: Muster^Anna",
    ]
    assert result.provenance.status == ("COMPLETE", "VERIFIED") and result.provenance.title == "Chest report"


def test_regions_lie_on_the_image_that_they_name(tmp_path: Path) -> None:
    group = content(
        "CONTAINER",
        "Measurement Group",
        content("CODE", ConceptCodeSequence=code("Nodule")),
        region("CIRCLE", [30, 40, 30, 50], to_image()),
        region("POLYLINE", [1, 1, 5, 1, 5, 5], to_image("1.2.99")),
        region("MULTIPOINT", [1, 1, 5, 1]),
    )
    group.ContentSequence[0].ConceptNameCodeSequence = code("Finding", "121071", "DCM")
    result, report = read_report(tmp_path, group)
    (layer,) = drawing_on(result, Target.of(image_of())).layers
    assert layer.name == "Nodule" and len(layer.strokes) == 1 and len(layer.strokes[0].points) > 20
    assert len(report.regions()) == 2 and "does not say its image" in result.warnings[0]
    with pytest.raises(ReadError, match="RESULT_OF_OTHER_IMAGE"):
        drawing_on(result, Target.of(image_of(uid="1.2.98")))


def test_a_region_that_is_none_is_said(tmp_path: Path) -> None:
    result, report = read_report(tmp_path, region("ELLIPSE", [1, 2, 3, 4], to_image()), region("", [], to_image()))
    assert report.regions() == [] and "no proper graphic type" in result.warnings[0]
    assert [line.text for line in report_lines(report) if "region" in line.text] == ["a region that cannot be read"] * 2


def test_hostile_reports_end_with_a_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_POINTS", 50)
    monkeypatch.setattr(limits, "MAX_CHARACTERS", 1000)
    deep = content("CONTAINER", "x")
    for _ in range(80):
        deep = content("CONTAINER", "x", deep)
    with pytest.raises(ReadError, match="RESULT_TOO_LARGE"):
        read_report(tmp_path, deep)
    with pytest.raises(ReadError, match="RESULT_TOO_LARGE"):
        read_report(tmp_path, region("POLYLINE", [0.5] * 102, to_image()))
    with pytest.raises(ReadError, match="RESULT_TOO_LARGE"):
        read_report(tmp_path, content("TEXT", "x", TextValue="x" * 1001))
    with pytest.raises(ReadError, match="RESULT_DAMAGED"):
        read_result(save(tmp_path / "empty.dcm", file(ENHANCED, "1.2.3.99")))
    with pytest.raises(ReadError, match="NOT_A_RESULT"):
        read_result(save(tmp_path / "other.dcm", file("1.2.840.10008.5.1.4.1.1.104.1", "1.2.3.99")))
