"""`saerad-train evaluate reports` as a person calls it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from training.cli import main

REFERENCES = (
    "id,patient_id,findings,impression\na,p,Small left effusion.,\nb,p,The lungs are clear.,No acute disease.\n"
    "c,q,Edema.,\n"
)
CANDIDATES = (
    'study_id,report\nc,"FINDINGS: Edema.\n\nIMPRESSION: None."\na,Small right effusion.\nb,"INDICATION: Pneumonia?\n\n'
    'FINDINGS: The lungs are clear. No acute disease."\n'
)


@pytest.fixture
def tables(tmp_path: Path) -> list[str]:
    (tmp_path / "candidates.csv").write_text(CANDIDATES, encoding="utf-8")
    (tmp_path / "references.csv").write_text(REFERENCES, encoding="utf-8")
    return ["--candidates", str(tmp_path / "candidates.csv"), "--references", str(tmp_path / "references.csv")]


def test_measures_are_written_and_printed(
    tables: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["evaluate", "reports", *tables, "--out", str(out), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads((out / "report-metrics.json").read_text(encoding="utf-8"))
    assert (printed["reports"], printed["groups"], printed["resamples"]) == (3, 2, 500)
    measures = printed["measures"]
    # The indication's pneumonia is no finding: all observations are right, one side of three findings is not.
    assert measures["CheXpert labels, 14"]["micro F1"]["value"] == 1.0
    assert measures["Findings"]["findings F1"]["value"] == 1.0
    assert measures["Findings"]["with side F1"]["value"] == 0.5
    assert measures["RadFact, judged by rules"]["logical precision"]["value"] == pytest.approx(2 / 3)
    assert "grounding precision" not in measures["RadFact, judged by rules"]
    assert 0 < measures["Words"]["BLEU-4"]["value"] < 1
    assert printed["judge_agreement"]["sentences"] == 67
    page = (out / "README.md").read_text(encoding="utf-8")
    assert "saerad-train evaluate reports --candidates" in page and "| METEOR | " in page and "67 sentences" in page


def test_the_same_seed_gives_the_same_intervals(tables: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    texts = []
    for seed in ("1", "1", "2"):
        assert main(["evaluate", "reports", *tables, "--json", "--seed", seed]) == 0
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1]


def test_grounded_reports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    box = {"x_min": 0.0, "y_min": 0.0, "x_max": 0.5, "y_max": 1.0}
    phrase = {"text": "Right effusion.", "boxes": [box]}
    path = tmp_path / "grounded.json"
    path.write_text(json.dumps([{"example_id": 0, "prediction": [phrase], "target": [phrase]}]), encoding="utf-8")
    assert main(["evaluate", "reports", "--grounded", str(path)]) == 0
    text = capsys.readouterr().out
    assert "1 reports" in text and "spatial recall" in text and "the rule judge agrees with human labels" in text


@pytest.mark.parametrize(
    ("candidates", "code"),
    [
        ("", "REPORTS_COLUMNS"),
        ("report\nEdema.\n", "REPORTS_COLUMNS"),
        ("id,view\na,PA\n", "REPORTS_COLUMNS"),
        ("id,report\na,x\nb,y\n", "REPORTS_UNPAIRED"),
        ("id,report\na,x\na,y\nb,y\nc,z\n", "REPORTS_UNPAIRED"),
        ("id,report\na,x\n,y\nb,y\nc,z\n", "REPORTS_UNPAIRED"),
    ],
)
def test_tables_that_do_not_fit_are_refused(
    tables: list[str], candidates: str, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(tables[1]).write_text(candidates, encoding="utf-8")
    assert main(["evaluate", "reports", *tables]) == 2
    assert f"error [{code}]" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '[{"example_id": 1, "prediction": [{"text": "x", "boxes": [{}]}], "target": []}]']
)
def test_grounded_reports_of_another_form_are_refused(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "grounded.json"
    path.write_text(text, encoding="utf-8")
    assert main(["evaluate", "reports", "--grounded", str(path)]) == 2
    assert "error [REPORTS_GROUNDED]" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["reports"],
        ["reports", "--candidates", "x.csv"],
        ["reports", "--grounded", "x.json"],
        ["reports", "--candidates", "a", "--references", "b", "--grounded", "c"],
        [],
    ],
)
def test_arguments_that_do_not_fit_together_are_refused(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", *arguments]) == 2
    assert "error [USAGE]" in capsys.readouterr().err
