"""Measures of heat maps on cases whose answer is known, and the whole measurement as a command."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from training.cli import main
from training.data.phantom.dataset import write_phantoms
from training.evaluation.heat_maps.figures import Measured, Part
from training.evaluation.heat_maps.mapped import BASELINES, METHODS
from training.evaluation.heat_maps.measures import (
    SHARES,
    above_half,
    area,
    exchange,
    overlap,
    pointing,
    share_inside,
    strongest,
)
from training.evaluation.heat_maps.targets import rows_with_boxes, rows_with_lungs

MASK = np.zeros((20, 20), dtype=np.bool_)
MASK[4:8, 10:14] = True


def heat(*spots: tuple[int, int, float]) -> npt.NDArray[np.float32]:
    values = np.zeros(MASK.shape, dtype=np.float32)
    for row, column, value in spots:
        values[row, column] = value
    return values


def test_the_pointing_game_looks_at_the_peak_alone() -> None:
    assert pointing(heat((5, 11, 1.0), (15, 2, 0.9)), MASK, 2.0) == (True, True)
    assert pointing(heat((5, 11, 0.9), (15, 2, 1.0)), MASK, 2.0) == (False, False)
    assert pointing(heat((9, 12, 1.0)), MASK, 2.0) == (False, True)
    assert pointing(heat((10, 12, 1.0)), MASK, 2.0) == (False, False)


def test_overlap_by_threshold_and_by_area() -> None:
    values = np.zeros(MASK.shape, dtype=np.float32)
    values[4:8, 12:16] = 1.0
    values[4:8, 10:12] = 0.4
    assert overlap(above_half(values), MASK) == pytest.approx(8 / 24)
    assert overlap(strongest(values, 16), MASK) == pytest.approx(8 / 24)
    assert overlap(strongest(values, 24), MASK) == pytest.approx(16 / 24)
    assert overlap(MASK, MASK) == 1.0
    assert overlap(above_half(np.zeros_like(values)), MASK) == 0.0
    assert overlap(~MASK & False, MASK & False) == 0.0


def test_the_share_inside_counts_what_is_positive() -> None:
    assert share_inside(heat((5, 11, 3.0), (15, 2, 1.0), (16, 2, -9.0)), MASK) == pytest.approx(0.75)
    assert np.isnan(share_inside(heat((5, 11, -1.0)), MASK))


GRID = (10, 10)


def test_exchanging_patches_of_a_sum_gives_the_known_curves() -> None:
    """Ten of a hundred patches are worth a tenth each: the right map takes the score away in the first tenth."""
    image, nothing = np.zeros((1, 3, 20, 20), dtype=np.float32), np.zeros((1, 3, 20, 20), dtype=np.float32)
    image[:, :, :2] = 1.0  # the upper row of patches, 2 x 2 pixels each

    def score(pixels: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        found: npt.NDArray[np.float64] = pixels.sum(axis=(1, 2, 3), dtype=np.float64) / 120.0
        return found

    right = np.zeros(GRID)
    right[0] = 1.0
    shares = np.array(SHARES)
    for patches, gone in (
        (right.ravel(), np.minimum(shares * 10.0, 1.0)),
        (-right.ravel(), np.maximum(0.0, shares * 10.0 - 9.0)),
    ):
        deletion = exchange(score, image, nothing, (1.0, 0.0), patches=patches, grid=GRID)
        insertion = exchange(score, nothing, image, (0.0, 1.0), patches=patches, grid=GRID)
        assert deletion == pytest.approx(1.0 - gone, abs=1e-6)
        assert insertion == pytest.approx(gone, abs=1e-6)
    best = exchange(score, image, nothing, (1.0, 0.0), patches=right.ravel(), grid=GRID)
    # Read at 8 % (0.2 left) and 12 % (nothing left): a trapezoid of 0.04 lies between them.
    assert area(best) == pytest.approx((1.0 + 0.2) / 2 * 0.08 + 0.2 / 2 * 0.04)
    assert area(np.array(SHARES)) == pytest.approx(0.5)


def measured(group: str, name: str = "Edema", **pointing_of: float) -> Measured:
    values = {method: {"pointing": value} for method, value in pointing_of.items()}
    return Measured(name, group, True, 0.1, values, {})


def test_differences_are_of_the_same_targets() -> None:
    part = Part(
        targets=[
            measured("a", messages=1.0, occlusion=1.0),
            measured("b", messages=0.0, occlusion=1.0),
            measured("c", "Atelectasis", messages=0.0, occlusion=float("nan")),
        ]
    )
    assert part.mean("messages", "pointing").value == pytest.approx(1 / 3)
    assert part.mean("messages", "pointing", "Edema").value == pytest.approx(1 / 2)
    assert part.difference("occlusion", "pointing").value == pytest.approx(1 / 2)
    assert np.isnan(part.mean("occlusion", "pointing", "Atelectasis").value)
    assert part.names() == {"Atelectasis": 1, "Edema": 2}


@pytest.mark.slow
def test_the_command_measures_every_method(demo_pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_phantoms(tmp_path / "phantoms", 30, 5, 224, progress=False)
    out = tmp_path / "out"
    options = ["--pack", str(demo_pack), "--phantoms", str(tmp_path / "phantoms"), "--out", str(out)]
    assert main(["bench", "heat-maps", "--quick", "--json", "--threads", "1", *options]) == 0
    values = json.loads(capsys.readouterr().out)
    assert set(values["ours"]) == set(METHODS) and set(values["peers"]) == set(BASELINES)
    assert values["parts"]["phantoms"]["targets"] > 0
    assert set(values["milliseconds"]) == {*METHODS, "encoder"}
    assert values["milliseconds"]["occlusion"] > 10 * values["milliseconds"]["encoder"]
    for name in METHODS:
        assert values["ours"][name]["phantoms"]["near"][0] is not None
    assert sorted(path.name for path in out.iterdir()) == ["README.md", "curves.png", "heat-maps.json", "measures.png"]
    assert "| **messages** |" in (out / "README.md").read_text(encoding="utf-8")


def test_wrong_options_are_usage_errors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "heat-maps", "--phantoms", str(tmp_path / "none")]) == 2
    assert capsys.readouterr().err.startswith("error [NO_FOLDER]: ")
    assert main(["bench", "heat-maps", "--phantoms", str(tmp_path), "--limit", "0"]) == 2
    assert capsys.readouterr().err.startswith("error [BENCH_OPTION]: ")
    assert main(["bench", "heat-maps", "--phantoms", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith("error [PHANTOM_NONE]: ")


def test_boxes_and_masks_of_the_real_table(shared_data: Path) -> None:
    folder = shared_data / "cxrtrain"
    if not (folder / "cxrtrain.csv").is_file():
        pytest.skip(f"{folder} holds no cxrtrain.csv")
    boxes, lungs = rows_with_boxes(folder), rows_with_lungs(folder)
    assert len(boxes) > 20 and all(row.path.name.startswith("nih_") and row.path.is_file() for row in boxes)
    assert all(width > 0 and height > 0 for row in boxes for each in row.boxes.values() for _, _, width, height in each)
    assert len(lungs) > 200 and all(row.lungs is not None and row.lungs.is_file() for row in lungs)
    drawn = [row for row in lungs if row.lungs is not None and row.lungs.stem.endswith("_v7")]
    assert len(drawn) > len(lungs) / 2
