"""NIH ChestX-ray14 in both editions and both places of its images."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.training.data.indexing import Indexer
from tests.training.data.layouts import nih, table
from training.data.nih_cxr14 import LABELS
from training.data.splits import split_of_group, train_or_val


@pytest.mark.parametrize("edition", [2017, 2020])
@pytest.mark.parametrize("numbered", [True, False])
def test_layouts(index: Indexer, tmp_path: Path, edition: int, numbered: bool) -> None:
    done = index("nih-cxr14", nih(tmp_path / "set", edition=edition, numbered=numbered))
    assert done.status == 0
    assert done.problems == [("INDEX_AGE", "remark", "00000003_000.png")]
    row = done.rows["00000001_001"]
    assert row.path == ("images_001/images" if numbered else "images") + "/00000001_001.png"
    assert (row.patient_id, row.study_id, row.view, row.age, row.sex) == ("1", "1_1", "PA", 58, "M")
    assert row.labels_present == ("Cardiomegaly", "Emphysema")
    assert set(row.labels_absent) == set(LABELS) - {"Cardiomegaly", "Emphysema"}
    assert done.rows["00000002_000"].labels_present == ("No Finding",)
    assert done.rows["00000002_000"].labels_absent == LABELS
    assert done.rows["00000003_000"].age is None
    assert [r.split for r in done.rows.values()] == [train_or_val("nih1")] * 2 + ["test", train_or_val("nih3")]


def test_without_lists_the_split_is_that_of_the_demo_encoder(index: Indexer, tmp_path: Path) -> None:
    root = nih(tmp_path / "set", lists=False)
    done = index("nih-cxr14", root, "--split", "official")
    assert done.status == 2
    assert "[INDEX_SPLIT]" in done.errors
    done = index("nih-cxr14", root)
    assert {row.split for row in done.rows.values()} == {split_of_group(f"nih{n}") for n in (1, 2, 3)}


def test_val_is_one_patient_in_eight() -> None:
    names = [train_or_val(f"nih{number}") for number in range(4000)]
    assert 0.11 < names.count("val") / len(names) < 0.14


def test_broken_rows_and_lists(index: Indexer, tmp_path: Path) -> None:
    root = nih(tmp_path / "set")
    with (root / "Data_Entry_2017.csv").open("a") as file:
        file.write("00000004_000.png,Edema,0,5,50,M,PA,16,16\r\n")  # the name says patient 4
        file.write("00000006_000.png,Edema,0,6,50,M,PA,16,16\r\n")  # in no list
        file.write("../x.png,Edema,0,six,50,M,PA,16,16\r\n")
    (root / "images_001" / "images" / "00000001_001.png").unlink()
    done = index("nih-cxr14", root)
    assert done.status == 3
    assert done.codes == ["IMAGE_MISSING", "INDEX_AGE", "INDEX_NO_SPLIT", "INDEX_PATIENTS", "INDEX_ROW"]
    assert (
        "Image Index is '../x.png', which is no name of a file"
        in index.out.with_name("manifest.problems.csv").read_text()
    )
    with (root / "test_list.txt").open("a") as file:
        file.write("\n00000003_000.png\n")
    done = index("nih-cxr14", root)
    assert done.status == 2
    assert "[INDEX_SPLIT]" in done.errors


def test_images_and_table_must_be_there(index: Indexer, tmp_path: Path) -> None:
    root = nih(tmp_path / "set", numbered=False)
    (root / "images").rename(tmp_path / "elsewhere")
    assert "[INDEX_IMAGES]" in index("nih-cxr14", root).errors
    (tmp_path / "elsewhere").rename(root / "images")
    table(root / "Data_Entry_2017.csv", ("Image Index", "Finding Labels"), [])
    assert "has no column Follow-up #" in index("nih-cxr14", root).errors
    (root / "Data_Entry_2017.csv").unlink()
    assert "[INDEX_TABLE]" in index("nih-cxr14", root).errors
