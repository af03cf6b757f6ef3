"""The FHIR bundle is valid, preliminary, and links each sentence to its region."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from fhir.resources.R4B.bundle import Bundle

from engine.dicom.radiograph import Radiograph
from engine.export.fhir import REGION, write_fhir
from engine.export.fhir_coding import human_names, iso_date, iso_time
from engine.report.compose import compose
from tests.engine.report.factories import analysis, busy, radiograph

CR = {
    "sop_class_uid": "1.2.840.10008.5.1.4.1.1.1",
    "study_instance_uid": "1.2.3.4",
    "series_instance_uid": "1.2.3.5",
    "patient_birth_date": "19500317",
    "patient_sex": "F",
    "study_time": "101500",
    "accession_number": "A1",
}


def bundle(folder: Path, image: Radiograph) -> dict[str, dict[str, Any]]:
    """Write and validate a bundle; return its resources by fullUrl."""
    made = busy(image)
    path = write_fhir(folder, image, made, compose(made))
    Bundle.model_validate_json(path.read_bytes())
    return {e["fullUrl"]: e["resource"] for e in json.loads(path.read_bytes())["entry"]}


def of_type(resources: dict[str, dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [resource for resource in resources.values() if resource["resourceType"] == kind]


@pytest.mark.parametrize(
    "identity",
    [{}, {"patient_name": "Yamada^Tarou=山田^太郎", "patient_sex": "", "study_date": "", "patient_birth_date": "1950"}],
)
def test_the_bundle_is_valid_and_all_of_it_preliminary(tmp_path: Path, identity: dict[str, str]) -> None:
    resources = bundle(tmp_path, radiograph(**CR | identity))
    (report,) = of_type(resources, "DiagnosticReport")
    observations = of_type(resources, "Observation")
    assert {r["status"] for r in [report, *observations]} == {"preliminary"}
    assert [r["reference"] for r in report["result"]] == [u for u, r in resources.items() if r in observations]
    (patient,), (study,), (device,) = (of_type(resources, kind) for kind in ("Patient", "ImagingStudy", "Device"))
    assert patient["identifier"] == [{"value": "P1"}]
    assert study["identifier"][0]["value"] == "urn:oid:1.2.3.4" and study["identifier"][1]["value"] == "A1"
    assert device["modelNumber"] == "toy 1.0.0"
    for reference in (report["subject"], report["imagingStudy"][0], observations[0]["device"]):
        assert reference["reference"] in resources


def test_a_positive_finding_has_code_side_probability_features_and_outline(tmp_path: Path) -> None:
    image = radiograph(**CR)
    effusion = of_type(bundle(tmp_path, image), "Observation")[0]
    assert effusion["code"]["coding"][0]["code"] == "60046008"
    assert effusion["bodySite"]["text"].startswith("Right ")
    parts = {c["code"]["text"]: c for c in effusion["component"]}
    assert parts["Probability"]["valueQuantity"]["value"] == pytest.approx(0.9)
    assert parts["Features"]["valueString"] == "11"
    (derived,) = effusion["derivedFrom"]
    assert derived["identifier"]["value"] == f"urn:oid:{image.identity.sop_instance_uid}"
    (region,) = derived["extension"]
    assert region["url"] == REGION
    values = [part["valueDecimal"] for part in region["extension"][1:]]
    assert len(values) > 8 and values[:2] == values[-2:]
    assert min(values) >= 0 and max(values[::2]) <= image.columns and max(values[1::2]) <= image.rows


def test_a_denial_has_a_code_of_its_own_and_no_region(tmp_path: Path) -> None:
    observations = of_type(bundle(tmp_path, radiograph(**CR)), "Observation")
    (denial,) = [o for o in observations if o["valueCodeableConcept"]["text"] == "Absent"]
    assert denial["code"]["text"] == "No Pneumothorax" and "extension" not in denial["derivedFrom"][0]


def test_each_sentence_of_the_page_links_to_its_observation(tmp_path: Path) -> None:
    resources = bundle(tmp_path, radiograph(**CR, patient_name="<b>Doe&Co</b>"))
    (report,) = of_type(resources, "DiagnosticReport")
    page = base64.b64decode(report["presentedForm"][0]["data"]).decode()
    root = ElementTree.fromstring(page.removeprefix("<!DOCTYPE html>"))
    links = [a.get("href") for a in root.iter("a")]
    assert set(links) == {r["reference"] for r in report["result"]}
    assert "not for diagnostic use" in "".join(root.itertext())
    assert "<b>Doe" not in page and "<script" not in page


def test_a_draft_that_states_nothing_has_no_results(tmp_path: Path) -> None:
    image = radiograph(**CR)
    made = analysis(image=image, observations=())
    path = write_fhir(tmp_path, image, made, compose(made))
    Bundle.model_validate_json(path.read_bytes())
    report = json.loads(path.read_bytes())["entry"][0]["resource"]
    assert "result" not in report and "not for diagnostic use until reviewed." in report["conclusion"]


def test_what_is_no_date_is_left_out() -> None:
    assert (iso_date("20240230"), iso_date("2024"), iso_date("20240229")) == (None, None, "2024-02-29")
    assert iso_time("20240229", "") == "2024-02-29" and iso_time("", "101500") is None
    assert str(iso_time("20240229", "101500.25")).startswith("2024-02-29T10:15:00")


def test_every_group_of_a_name_is_kept() -> None:
    names = human_names("Adams^John Robert Quincy^^Rev.^B.A.=山田^太郎")
    assert names[0] == {
        "text": "Rev. John Robert Quincy Adams B.A.",
        "family": "Adams",
        "given": ["John Robert Quincy"],
        "prefix": ["Rev."],
        "suffix": ["B.A."],
    }
    assert names[1]["family"] == "山田"
    assert human_names("") == []
