"""The fourteen labels, beside those that the CheXpert labeler gave to its own sample reports."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from engine.pack.manifest import OBSERVATIONS
from engine.text.chexpert import chexpert_labels
from engine.text.extract import extract_findings


def labels(text: str) -> dict[str, int]:
    """The labels that are given."""
    return {name: value for name, value in chexpert_labels(extract_findings(text)).items() if value is not None}


def test_the_labelers_own_samples(shared_data: Path) -> None:
    with (shared_data / "peers" / "chexpert_labeler_labeled_reports.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert rows and set(rows[0]) == {"Reports", *OBSERVATIONS}
    for row in rows:
        expected = {name: int(float(row[name])) for name in OBSERVATIONS if row[name]}
        assert labels(row["Reports"]) == expected, row["Reports"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Lungs are clear.", {"No Finding": 1}),
        ("No effusion. Small right effusion.", {"Pleural Effusion": 1}),
        ("No edema. Possible edema.", {"Edema": -1}),
        ("Possible edema. Mild edema.", {"Edema": 1}),
        ("Right PICC. No pneumothorax.", {"No Finding": 1, "Support Devices": 1, "Pneumothorax": 0}),
        ("Scoliosis. No effusion.", {"Pleural Effusion": 0}),
        ("Low lung volumes.", {"No Finding": 1}),
        ("Findings of heart failure.", {"Edema": 1, "Cardiomegaly": -1}),
        ("No heart failure.", {"No Finding": 1, "Edema": 0}),
        ("Stable mediastinal contours.", {"Enlarged Cardiomediastinum": -1}),
        ("Pneumothorax and effusion have resolved.", {"No Finding": 1, "Pneumothorax": 0, "Pleural Effusion": 0}),
    ],
)
def test_rules_of_aggregation(text: str, expected: dict[str, int]) -> None:
    assert labels(text) == expected
