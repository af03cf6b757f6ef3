"""`saerad-train harvest` as a person calls it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from training.activations.store import ActivationStore
from training.cli import main
from training.data.manifest import IndexRow, write_manifest


def call(*arguments: str | Path) -> int:
    return main(["harvest", *map(str, arguments)])


def summary(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_a_manifest_becomes_a_store_and_is_verified(
    toy_pack: Path, pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest, out = tmp_path / "m.parquet", tmp_path / "store"
    names = ["000.png", "003-cut.png", "001.png", "gone.png", "002.png"]
    rows = [IndexRow(f"id {name}", "dicom", name, "", 9, "p", "s", "train") for name in names]
    write_manifest(rows, manifest, source="dicom", root="pictures", command="index", split_rule="hash")
    wanted = ["--pack", toy_pack, "--manifest", manifest, "--root", pictures, "--out", out, "--workers", "0"]
    assert call(*wanted, "--limit", "4", "--json", "--device", "cpu") == 3
    found = summary(capsys)
    assert found["complete"] and (found["images"], found["rows"], found["images_new"]) == (4, 2, 4)
    assert found["failures"] == {"FILE_MISSING": 1, "PICTURE_DAMAGED": 1}
    assert [(x["path"], x["code"]) for x in found["failed"]] == [
        ("003-cut.png", "PICTURE_DAMAGED"),
        ("gone.png", "FILE_MISSING"),
    ]
    assert ActivationStore(out).sha256 == found["sha256"]
    assert ActivationStore(out).index(["sample_id"])["sample_id"].to_pylist() == ["id 000.png", "id 001.png"]
    # Other rows of the same manifest are another store.
    assert call(*wanted, "--device", "cpu") == 3
    assert "[STORE_OTHER]" in capsys.readouterr().err
    assert call("--out", out, "--verify") == 0
    assert "every byte" in capsys.readouterr().out


def test_a_harvest_of_nothing_is_tried_again(
    toy_pack: Path, pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest, out, other = tmp_path / "m.parquet", tmp_path / "store", tmp_path / "other"
    other.mkdir()
    rows = [IndexRow(name, "dicom", name, "", 9, "p", "s", "train") for name in ("000.png", "001.png")]
    write_manifest(rows, manifest, source="dicom", root="pictures", command="index", split_rule="hash")
    wanted = ["--pack", toy_pack, "--manifest", manifest, "--out", out, "--workers", "0", "--device", "cpu"]
    assert call(*wanted, "--root", other) == 3
    err = capsys.readouterr().err
    assert "[STORE_EMPTY]" in err and "the same command tries all of them again" in err
    assert call(*wanted, "--root", pictures) == 0
    assert ActivationStore(out).rows == 2 and not len(ActivationStore(out).failures())


def test_the_layers_are_listed(toy_pack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("--pack", toy_pack, "--list-layers") == 0
    assert capsys.readouterr().out.split() == ["last", "embeddings", "block0", "block1"]
    assert call("--pack", toy_pack, "--list-layers", "--json") == 0
    assert summary(capsys) == {"layers": ["last", "embeddings", "block0", "block1"]}


def test_a_layer_with_its_patches_is_kept(
    toy_pack: Path, pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "store"
    arguments = ["--pack", toy_pack, "--images", pictures, "--out", out, "--workers", "1", "--dtype", "float32"]
    assert call(*arguments, "--layer", "block0", "--tokens", "class+patches") == 3
    told = capsys.readouterr()
    assert f"{out}: 13 images of 16" in told.out
    assert "1 LATERAL_VIEW" in told.err and "  005-lateral.dcm [LATERAL_VIEW]" in told.err
    store = ActivationStore(out)
    assert store.recipe.layer == "block0" and store.has_patches and store.rows == 13


def test_empty_and_foreign_files_with_the_name_of_a_picture_are_named_and_end_with_3(
    toy_pack: Path, pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "p"
    folder.mkdir()
    (folder / "a.png").write_bytes((pictures / "000.png").read_bytes())
    for n in range(22):
        (folder / f"empty-{n:02d}.png").touch()
    (folder / "page.jpg").write_text("<html>login</html>")
    (folder / "notes.txt").touch()
    arguments = ["--pack", toy_pack, "--images", folder, "--out", tmp_path / "s", "--workers", "0"]
    assert call(*arguments) == 3
    told = capsys.readouterr()
    assert "1 images of 24" in told.out
    assert "22 FILE_EMPTY, 1 NOT_DICOM" in told.err and "  empty-00.png [FILE_EMPTY]" in told.err
    assert told.err.endswith("  and 3 more\n")
    assert call(*arguments, "--json") == 3
    assert len(summary(capsys)["failed"]) == 20


def test_a_manifest_without_its_root_says_which_folder_is_wanted(
    toy_pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [IndexRow("id", "dicom", "000.png", "", 9, "p", "s", "train")]
    write_manifest(rows, tmp_path / "m.parquet", source="dicom", root="pictures", command="index", split_rule="hash")
    wanted = ["--pack", toy_pack, "--manifest", tmp_path / "m.parquet", "--out", tmp_path / "s"]
    for more, code in (([], "USAGE"), (["--root", tmp_path / "none"], "NO_FOLDER")):
        assert call(*wanted, *more) == 2
        told = capsys.readouterr().err
        assert f"[{code}]" in told and "--root" in told and "was called 'pictures'" in told


def test_a_store_without_images_is_an_error(
    toy_pack: Path, pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "cut.png").write_bytes((pictures / "003-cut.png").read_bytes())
    assert call("--pack", toy_pack, "--images", tmp_path / "p", "--out", tmp_path / "s", "--workers", "0") == 3
    assert "[STORE_EMPTY]" in capsys.readouterr().err


@pytest.mark.parametrize(
    "case",
    [
        ([], 2, "USAGE"),
        (["--out", "s"], 2, "USAGE"),
        (["--out", "s", "--pack", "PACK"], 2, "USAGE"),
        (["--out", "s", "--pack", "PACK", "--images", "gone"], 2, "NO_FOLDER"),
        (["--out", "s", "--pack", "PACK", "--manifest", "m"], 3, "MANIFEST_MISSING"),
        (["--out", "s", "--pack", "PACK", "--manifest", "m", "--root", "."], 3, "MANIFEST_MISSING"),
        (["--out", "s", "--pack", "PACK", "--images", "."], 2, "HARVEST_ROWS"),
        (["--out", "s", "--encoder", "e.onnx", "--images", "."], 2, "ENCODER_SPEC"),
        (["--out", "s", "--verify"], 3, "STORE_MISSING"),
    ],
)
def test_mistakes_are_told_in_one_line(
    toy_pack: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    case: tuple[list[str], int, str],
) -> None:
    arguments, status, code = case
    monkeypatch.chdir(tmp_path)
    assert call(*(str(toy_pack) if text == "PACK" else text for text in arguments)) == status
    told = capsys.readouterr().err
    assert told.startswith(f"error [{code}]: ") and told.count("\n") == 1
    assert not (tmp_path / "s").exists()
