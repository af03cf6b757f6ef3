"""Sets on disk: complete, readable, split without shared backgrounds."""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.errors import UsageError
from training.data.phantom.background import load_background
from training.data.phantom.cli import add_parser
from training.data.phantom.dataset import list_backgrounds, read_phantoms, split_of, write_phantoms
from training.data.phantom.draw import draw_phantom
from training.data.phantom.types import PhantomFinding


@pytest.fixture(scope="module")
def backgrounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixteen drawn normals saved as if they were real."""
    folder = tmp_path_factory.mktemp("normals")
    for seed in range(16):
        Image.fromarray(draw_phantom(900 + seed, 224, findings=[]).image).save(folder / f"normal-{seed:02d}.png")
    return folder


def command(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser()
    add_parser(parser.add_subparsers())
    args = parser.parse_args(["phantom", *arguments])
    return int(args.run(args))


def test_a_set_is_not_drawn_over(tmp_path: Path) -> None:
    assert command(["--out", str(tmp_path), "--count", "2", "--size", "64"]) == 0
    before = (tmp_path / "phantoms.csv").read_bytes()
    with pytest.raises(UsageError, match="PHANTOM_EXISTS"):
        command(["--out", str(tmp_path), "--count", "1", "--size", "64"])
    assert (tmp_path / "phantoms.csv").read_bytes() == before


def test_a_file_in_place_of_the_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("mine")
    for out in ("x.txt", "x.txt/phantoms"):
        with pytest.raises(UsageError, match="PHANTOM_FOLDER"):
            command(["--out", str(tmp_path / out), "--count", "1", "--size", "64"])
    assert (tmp_path / "x.txt").read_text() == "mine"


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    written = write_phantoms(tmp_path, 8, seed=4, size=96, progress=False)
    read = read_phantoms(tmp_path)
    assert read == written
    for record in read:
        phantom, drawn = record.load(), draw_phantom(record.seed, 96)
        assert np.array_equal(phantom.image, drawn.image)
        assert (phantom.findings, phantom.report, phantom.background) == (drawn.findings, drawn.report, "procedural")
        assert all(np.array_equal(a, b) for a, b in zip(phantom.masks, drawn.masks, strict=True))
        assert np.array_equal(phantom.lungs, drawn.lungs)
        assert np.array_equal(phantom.heart, drawn.heart)


def test_splits_share_no_background(tmp_path: Path, backgrounds: Path) -> None:
    records = write_phantoms(tmp_path, 60, seed=1, size=64, backgrounds_dir=backgrounds, share_real=0.8, progress=False)
    real = [r for r in records if r.background != "procedural"]
    assert len(real) > 20
    splits: dict[str, set[str]] = {}
    for record in real:
        splits.setdefault(record.background, set()).add(record.split)
        assert record.split == split_of(record.group)
    assert all(len(found) == 1 for found in splits.values())
    assert {r.split for r in records} == {"train", "val", "test"}
    assert len({r.seed for r in records}) == len(records)


@pytest.mark.parametrize(("count", "val", "test"), [(3, 0, 0), (7, 1, 0), (11, 0, 1), (12, 1, 1), (27, 2, 2)])
def test_few_phantoms_leave_splits_out_as_documented(tmp_path: Path, count: int, val: int, test: int) -> None:
    records = write_phantoms(tmp_path, count, seed=0, size=64, progress=False)
    splits = [record.split for record in records]
    assert (splits.count("val"), splits.count("test")) == (val, test)


def test_table_of_radiographs_limits_what_is_drawn_upon(tmp_path: Path) -> None:
    rows = [
        ("images/a.jpg", "rsna", "No Finding", "", "g1"),
        ("images/b.jpg", "nih", "No Finding", "PA", "g2"),
        ("images/c.jpg", "nih", "No Finding", "AP", "g3"),
        ("images/d.jpg", "nih", "Effusion", "PA", "g4"),
        ("images/e.jpg", "cov", "No Finding", "PA", "g5"),
    ]
    with (tmp_path / "cxrtrain.csv").open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow(["file", "source", "labels", "view", "group"])
        writer.writerows(rows)
    (tmp_path / "images").mkdir()
    for folder in (tmp_path, tmp_path / "images"):
        assert [b.group for b in list_backgrounds(folder)] == ["g1", "g2"]


def test_lungs_of_a_background_agree_with_the_truth(backgrounds: Path) -> None:
    overlaps = []
    for seed in range(16):
        loaded = load_background(backgrounds / f"normal-{seed:02d}.png")
        if loaded is not None:
            truth = draw_phantom(900 + seed, 224, findings=[]).lungs
            found = loaded.right | loaded.left
            overlaps.append(2 * (found & truth).sum() / (found.sum() + truth.sum()))
            assert np.nonzero(loaded.right)[1].mean() < np.nonzero(loaded.left)[1].mean()
    assert len(overlaps) >= 8
    assert min(overlaps) > 0.85


def test_pictures_that_are_no_chest_are_rejected(tmp_path: Path, backgrounds: Path) -> None:
    rng = np.random.default_rng(0)
    ramp = np.tile(np.linspace(0, 255, 200), (200, 1))
    chest = np.asarray(Image.open(backgrounds / "normal-00.png"))
    for name, pixels in {
        "noise": rng.integers(0, 255, (200, 200)),
        "ramp": ramp,
        "black": np.zeros((200, 200)),
        "upside down": chest[::-1],
        "on its side": chest.T,
        "half": chest[:, :112],
    }.items():
        path = tmp_path / f"{name}.png"
        Image.fromarray(pixels.astype(np.uint8)).save(path)
        assert load_background(path) is None, name


@pytest.mark.parametrize("side", ["right", "left"])
def test_findings_on_real_backgrounds_lie_on_their_side(shared_data: Path, side: str) -> None:
    files = [b.path for b in list_backgrounds(shared_data / "cxrtrain")[:40]]
    loaded = [b for b in map(load_background, files) if b is not None]
    assert len(loaded) >= 8
    finding = PhantomFinding("Pleural Effusion", laterality=side, location="base", severity="moderate")  # type: ignore[arg-type]
    for seed, background in enumerate(loaded[:8]):
        phantom = draw_phantom(seed, 160, background, [finding])
        column = float(np.nonzero(phantom.masks[0])[1].mean()) / 160
        assert column < 0.5 if side == "right" else column > 0.5
        assert phantom.background == background.name


def test_command_writes_a_set_and_a_contact_sheet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["--out", str(tmp_path / "set"), "--count", "6", "--seed", "2", "--size", "64"]) == 0
    assert len(list((tmp_path / "set" / "images").glob("*.png"))) == 6
    assert len(read_phantoms(tmp_path / "set")) == 6
    with Image.open(tmp_path / "set" / "contact_sheet.png") as sheet:
        assert sheet.width > 500
    assert "6 phantoms" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--share-real", "2"], "PHANTOM_OPTION"),
        (["--size", "9"], "PHANTOM_OPTION"),
        (["--backgrounds", "nowhere"], "PHANTOM_BACKGROUNDS"),
    ],
)
def test_command_refuses_what_it_cannot_do(tmp_path: Path, arguments: list[str], code: str) -> None:
    with pytest.raises(UsageError) as error:
        command(["--out", str(tmp_path), *arguments])
    assert error.value.code == code


def test_too_few_backgrounds_are_refused(tmp_path: Path) -> None:
    (tmp_path / "normals").mkdir()
    Image.fromarray(np.zeros((64, 64), np.uint8)).save(tmp_path / "normals" / "one.png")
    with pytest.raises(UsageError) as error:
        write_phantoms(tmp_path / "out", 4, seed=0, size=64, backgrounds_dir=tmp_path / "normals", progress=False)
    assert error.value.code == "PHANTOM_BACKGROUNDS"
