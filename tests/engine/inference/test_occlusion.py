from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from engine.errors import Cancelled
from engine.inference.analyzer import Analyzer
from engine.inference.attribution import METHOD_TITLES
from engine.inference.occlusion import blur_sigma, blurred, occlusion, windows
from engine.pack.arrays import SaeRows
from engine.pack.library import load_pack
from tests.engine.pictures import picture, radiograph
from tests.engine.toy_vit import GRID, PATCH, SIDE, WIDTH, forward, make_toy_vit

FloatArray = npt.NDArray[np.float32]


def rows_of(w_enc: FloatArray) -> SaeRows:
    k, d = w_enc.shape
    zeros = np.zeros(k, dtype=np.float32)
    return SaeRows(tuple(range(k)), w_enc, zeros + 0.5, zeros, w_enc, np.full(d, 0.25, dtype=np.float32))


@pytest.mark.parametrize("grid", [(8, 8), (16, 16), (37, 37), (5, 40), (1, 1)])
def test_every_patch_lies_in_four_windows(grid: tuple[int, int]) -> None:
    cover = np.zeros(grid)
    for window in windows(grid):
        assert cover[window].size
        cover[window] += 1
    assert np.all(cover == 4)


def test_of_an_encoder_that_adds_patches_up_the_shares_are_known() -> None:
    """A window's drop is then the sum of its patches' own, and the shares add up to image less blurred image."""
    rng = np.random.default_rng(0)
    pixels = rng.standard_normal((1, 3, SIDE, SIDE)).astype(np.float32)
    weights = rng.standard_normal((WIDTH, 3, SIDE, SIDE))
    rows = rows_of(rng.standard_normal((4, WIDTH)).astype(np.float32))

    def encode(inputs: FloatArray) -> FloatArray:
        return np.einsum("nchw,dchw->nd", inputs, weights).astype(np.float32)

    def preactivations(inputs: FloatArray) -> npt.NDArray[np.float64]:
        found: npt.NDArray[np.float64] = rows.w_enc.astype(np.float64) @ (encode(inputs)[0] - rows.b_dec) + rows.b_enc
        return found

    z, told = preactivations(pixels), []
    shares = occlusion(encode, pixels, rows, z, grid=(GRID, GRID), tell=told.append)
    veiled = blurred(pixels, blur_sigma(pixels, (GRID, GRID)))
    lost = np.einsum("dchw,kd->kchw", weights, rows.w_enc.astype(np.float64)) * (pixels - veiled)
    own = lost.sum(axis=1).reshape(4, GRID, PATCH, GRID, PATCH).sum(axis=(2, 4))
    # Windows of 2 x 2 patches: an inner patch takes part of itself and of its eight neighbours, 1 2 1 by 1 2 1.
    kernel = np.outer([1, 2, 1], [1, 2, 1]) / 16.0
    expected = sum(kernel[i, j] * own[:, i : GRID - 2 + i, j : GRID - 2 + j] for i in range(3) for j in range(3))
    inner = shares.patches.reshape(4, GRID, GRID)[:, 1:-1, 1:-1]
    assert inner == pytest.approx(expected, abs=1e-3)
    assert shares.patches.sum(axis=1) == pytest.approx(z - preactivations(veiled), abs=1e-3)
    assert shares.patches.sum(axis=1) + shares.remainder == pytest.approx(z, abs=1e-9)
    assert told == sorted(told) and told[-1] == 1.0 and len(told) > 1


def test_evidence_that_is_there_twice_is_found_at_both_places() -> None:
    """The brightest patch alone counts, so that hiding either of two loses nothing."""
    pixels = np.zeros((1, 3, SIDE, SIDE), dtype=np.float32)
    for patch in (1, 6):
        pixels[:, :, patch * PATCH : (patch + 1) * PATCH, 4 * PATCH : 5 * PATCH] = 1.0

    def encode(inputs: FloatArray) -> FloatArray:
        patches = inputs.reshape(len(inputs), 3, GRID, PATCH, GRID, PATCH).mean(axis=(1, 3, 5))
        return patches.max(axis=(1, 2))[:, None].repeat(WIDTH, axis=1)

    rows = rows_of(np.full((1, WIDTH), 1.0 / WIDTH, dtype=np.float32))
    z = (encode(pixels).astype(np.float64) - rows.b_dec) @ rows.w_enc[0].astype(np.float64) + rows.b_enc
    shares = occlusion(encode, pixels, rows, z, grid=(GRID, GRID)).patches.reshape(GRID, GRID)
    assert shares[1, 4] == pytest.approx(shares[6, 4], rel=0.05) and shares[1, 4] > 0.05
    assert shares[:, 0].max() < 0.1 * shares[1, 4]


def test_the_only_bright_patch_is_found_through_a_whole_transformer() -> None:
    vit = make_toy_vit()
    pixels = np.full((1, 3, SIDE, SIDE), -1.0, dtype=np.float32)
    pixels[:, :, 5 * PATCH : 6 * PATCH, 2 * PATCH : 3 * PATCH] = 2.0
    token = forward(vit, pixels)["class_token"][0]
    rows = rows_of(np.eye(WIDTH, dtype=np.float32))
    z = rows.w_enc.astype(np.float64) @ (token - rows.b_dec) + rows.b_enc
    shares = occlusion(lambda x: forward(vit, x)["class_token"].astype(np.float32), pixels, rows, z, grid=(GRID, GRID))
    strongest = np.abs(shares.patches).sum(axis=0).reshape(GRID, GRID)
    assert np.unravel_index(int(strongest.argmax()), strongest.shape) == (5, 2)
    assert strongest[:2].max() < 0.05 * strongest.max()


def test_an_analysis_by_occlusion_names_it_and_tells_how_far_it_is(toy_pack: Path) -> None:
    steps: list[tuple[str, float]] = []
    analyzer = Analyzer(load_pack(toy_pack), "cpu", method="occlusion")
    analysis = analyzer.analyse(radiograph(picture(200, 120)), lambda name, share: steps.append((name, share)))
    assert set(analysis.maps) == {f.id for f in analysis.features} != set()
    for feature in analysis.features:
        shown = analysis.maps[feature.id]
        assert shown.method == METHOD_TITLES["occlusion"] and np.abs(shown.values).max() > 0.0
        assert float(shown.values.sum()) + shown.remainder == pytest.approx(shown.preactivation, abs=1e-4)
    shares = [share for name, share in steps if name == "heat maps"]
    assert len(shares) > 3 and shares == sorted(shares) and shares[-1] == 1.0


def test_occlusion_can_be_cancelled_between_its_batches(toy_pack: Path) -> None:
    told: list[str] = []
    analyzer = Analyzer(load_pack(toy_pack), "cpu", method="occlusion")
    with pytest.raises(Cancelled):
        analyzer.analyse(radiograph(), lambda name, _: told.append(name), lambda: told.count("heat maps") >= 3)
    assert told.count("heat maps") == 3
