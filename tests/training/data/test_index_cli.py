"""The command as a person calls it."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.training.data.indexing import Indexer
from tests.training.data.layouts import mimic, nih
from training.cli import main
from training.data.listing import age_of, is_plain_name, sex_of
from training.data.manifest import read_info
from training.data.splits import SplitCheck, split_of_group


def test_the_summary_for_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = mimic(tmp_path / "set")
    next((root / "files" / "p11").rglob("*.jpg")).unlink()
    out = tmp_path / "m.parquet"
    assert main(["index", "mimic-cxr-jpg", str(root), "--out", str(out)]) == 3
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "mimic-cxr-jpg (split: official; labels of mimic-cxr-2.0.0-chexpert.csv.gz)"
    assert printed[2].split() == ["images", "patients", "studies"]
    assert [line.split() for line in printed[3:6]] == [
        ["train", "3", "1", "2"],
        ["val", "1", "1", "1"],
        ["test", "0", "0", "0"],
    ]
    assert "6 sentences of 3 reports set apart; 6 marks" in printed
    assert ["IMAGE_MISSING", "1"] in [line.split() for line in printed]
    assert printed[-2] == "left out, or in two splits"
    assert printed[-1].split()[0] == "IMAGE_MISSING" and printed[-1].endswith(".jpg")
    info = read_info(out)
    assert info.root == "set"
    assert info.command.startswith("saerad-train index mimic-cxr-jpg ")


def test_a_clean_run_removes_the_problems_of_an_earlier_one(index: Indexer, tmp_path: Path) -> None:
    root = nih(tmp_path / "set")
    assert index("nih-cxr14", root).problems != []
    table = root / "Data_Entry_2017.csv"
    table.write_text(table.read_text().replace("414", "41"))
    assert index("nih-cxr14", root).problems == []


def test_the_same_manifest_whatever_the_number_of_workers(index: Indexer, tmp_path: Path) -> None:
    root = mimic(tmp_path / "set")
    assert index("mimic-cxr-jpg", root, "--workers", "1").rows == index("mimic-cxr-jpg", root, "--workers", "4").rows


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--out", "{root}/m.parquet"], "INDEX_OUT"),
        (["--out", "{tmp}"], "INDEX_OUT"),
        (["--out", "{tmp}/m.parquet", "--reports", "{tmp}/none"], "INDEX_REPORTS"),
        (["--out", "{tmp}/m.parquet", "--tables", "{tmp}/none"], "NO_FOLDER"),
    ],
)
def test_wrong_options(tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], code: str) -> None:
    root = mimic(tmp_path / "set")
    filled = [option.format(root=root, tmp=tmp_path) for option in options]
    assert main(["index", "mimic-cxr-jpg", str(root), *filled]) == 2
    assert f"error [{code}]" in capsys.readouterr().err


def test_a_folder_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["index", "openi", str(tmp_path / "none"), "--out", str(tmp_path / "m.parquet")]) == 2
    assert "error [NO_FOLDER]" in capsys.readouterr().err


def test_help_of_the_program_loads_neither_arrow_nor_torch(repository: Path) -> None:
    check = "import sys; from training.cli import main; main(['index', '--help']); sys.exit('pyarrow' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", check],
        cwd=repository,
        env=os.environ | {"PYTHONPATH": str(repository)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "saerad-train index mimic-cxr-jpg" in done.stdout


def test_a_patient_in_two_splits_is_told_once() -> None:
    check = SplitCheck()
    assert check.conflict("a", "train") is None
    assert check.conflict("b", "test") is None
    assert check.conflict("a", "train") is None
    assert check.conflict("a", "test") == "train"
    assert check.conflict("a", "val") is None


def test_the_split_of_a_patient_never_changes() -> None:
    names = ("nih1", "nih11", "nih1280", "iuCXR7", "mimic10000764", "dicomP1")
    assert [split_of_group(name) for name in names] == ["train", "val", "test", "val", "val", "train"]


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("58", 58),
        ("058Y", 58),
        ("006M", 0.5),
        ("000D", 0),
        ("414", None),
        ("", None),
        ("Y", None),
        ("-3", None),
        ("nan", None),
    ],
)
def test_ages(text: str, age: float | None) -> None:
    assert age_of(text) == age


def test_sexes_and_names() -> None:
    assert [sex_of(text) for text in ("male", "F", "other", "", "x")] == ["M", "F", "O", "", ""]
    assert is_plain_name("a.png")
    assert not any(is_plain_name(name) for name in ("", ".", "..", "a/b", "../a", "a\\b", "/a"))


CODE = re.compile(r"(?:INDEX|REPORT|IMAGE|SPLIT|MANIFEST)_[A-Z_]+")


def test_every_code_of_data_sets_is_documented_and_no_other(repository: Path) -> None:
    files = (repository / "training" / "data").glob("*.py")
    nodes = (node for path in files for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    texts = (node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))
    page = (repository / "docs" / "error-codes.md").read_text(encoding="utf-8")
    section = page.partition("\n## Data sets for training")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `([A-Z_]+)`", section, re.MULTILINE)) == {t for t in texts if CODE.fullmatch(t)}
