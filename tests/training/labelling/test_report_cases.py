"""What is known of images from the reports of a manifest; the reports are invented."""

from __future__ import annotations

import pytest

from training.data.manifest import IndexRow, write_manifest
from training.labelling.case_tables import CaseTable, report_table
from training.labelling.cases import DEVICES, Attribute, Case, Claim, concept_attributes, refinements

REPORTS: dict[str, dict[str, str | tuple[str, ...]]] = {
    "effusion": {"findings": "Small left pleural effusion. No pneumothorax.", "impression": "Effusion."},
    "open side": {"findings": "Pleural effusion."},
    "denied": {"findings": "No effusion. Left lower lobe consolidation."},
    "suspected": {"findings": "Possible pneumonia. Right PICC."},
    "compared": {"unsupported": ("findings: The right effusion has increased.", "impression: The edema has resolved.")},
    "clear": {"impression": "No acute cardiopulmonary disease. Endotracheal tube."},
    "scoliosis": {"findings": "Scoliosis. Clear lungs."},
    "pneumothorax": {"findings": "Right apical pneumothorax. Nodule or mass in the right rib."},
    "none": {},
}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> CaseTable:
    path = tmp_path_factory.mktemp("manifest") / "m.parquet"
    rows = [
        IndexRow(name, "dicom", "a.png", "", 1, f"p-{name}", f"s-{name}", "train", **texts)  # type: ignore[arg-type]
        for name, texts in REPORTS.items()
    ]
    write_manifest(rows, path, source="dicom", root="r", command="c", split_rule="hash")
    return report_table(path)


def says(case: Case, observation: str, **details: str) -> bool | None:
    return Attribute(observation, **details).holds(case)  # type: ignore[arg-type]


def test_what_is_stated_denied_left_out_and_suspected(table: CaseTable) -> None:
    effusion = "Pleural Effusion"
    expected = {
        "effusion": True, "open side": True, "denied": False, "suspected": False, "compared": True, "clear": False,
        "scoliosis": False, "pneumothorax": False, "none": None,
    }  # fmt: skip
    assert {name: says(case, effusion) for name, case in table.items()} == expected
    # A suspected pneumonia leaves the opacity open, too; a consolidation is one. Of cardiomegaly no report speaks.
    assert says(table["suspected"], "Lung Opacity") is None and says(table["denied"], "Lung Opacity") is True
    assert says(table["effusion"], "Cardiomegaly") is None
    assert says(table["effusion"], "Pneumothorax") is False and says(table["pneumothorax"], "Pneumothorax") is True


def test_sides_severities_and_places_are_known_where_they_are_said(table: CaseTable) -> None:
    effusion = "Pleural Effusion"
    assert says(table["effusion"], effusion, laterality="left", severity="small") is True
    assert says(table["effusion"], effusion, laterality="left", severity="large") is None  # "Effusion." does not tell.
    assert says(table["open side"], effusion, laterality="left") is None
    assert says(table["compared"], effusion, laterality="right") is True
    assert says(table["compared"], effusion, laterality="left") is False
    assert says(table["denied"], "Consolidation", location="lower zone") is True
    assert says(table["denied"], "Consolidation", location="upper zone") is False
    assert says(table["denied"], effusion, laterality="left") is False
    # Descriptions have no words for a nodule in a rib.
    assert table["pneumothorax"].claims == (
        Claim("Lung Lesion", "right"), Claim("Lung Opacity", "right"), Claim("Pneumothorax", "right", "apex"),
    )  # fmt: skip


def test_devices_have_names(table: CaseTable) -> None:
    assert says(table["suspected"], DEVICES, location="central venous line") is True
    assert says(table["suspected"], DEVICES, location="endotracheal tube") is False
    assert says(table["clear"], DEVICES, location="endotracheal tube") is True


def test_normal_is_what_states_and_suspects_nothing_but_devices(table: CaseTable) -> None:
    expected = {"clear": True, "effusion": False, "scoliosis": False, "suspected": None, "none": None}
    assert {name: table[name].normal for name in expected} == expected


def test_no_word_of_a_report_gets_into_a_case(table: CaseTable) -> None:
    assert {case.text for case in table.values()} == {""}


def test_features_can_be_described_with_sides(table: CaseTable) -> None:
    cases = list(table.values())
    assert Attribute("Pleural Effusion") in concept_attributes(cases, 3)
    assert Attribute("Pleural Effusion", laterality="left") in refinements(Attribute("Pleural Effusion"), cases, 1)
