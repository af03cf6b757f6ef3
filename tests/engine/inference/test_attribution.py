from math import erf, sqrt
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from safetensors.numpy import load_file

from engine.errors import InferenceError
from engine.inference.analysis import FeatureMap
from engine.inference.attribution import LastBlock, Method, feature_maps, upsample
from engine.inference.preprocess import encoder_image, source_box
from engine.inference.tail import Tail
from engine.pack.arrays import SaeRows
from engine.pack.library import load_pack
from tests.engine.toy_pack import encoder_spec, sample_images
from tests.engine.toy_vit import EPS, GRID, HEADS, WIDTH, ToyVit, forward, make_toy_vit, tail_tensors

METHODS: tuple[Method, ...] = ("messages", "integrated")


def pixels(seed: int = 3) -> npt.NDArray[np.float32]:
    return ((sample_images(1, seed)[:, None].repeat(3, axis=1) - 0.5) / 0.25).astype(np.float32)


@pytest.fixture(scope="module")
def rows(toy_pack: Path) -> SaeRows:
    return load_pack(toy_pack).sae.rows(range(40))


def tail_of(vit: ToyVit) -> Tail:
    return Tail(tail_tensors(vit), EPS)


def block_of(vit: ToyVit, out: dict[str, npt.NDArray[np.float64]]) -> LastBlock:
    return LastBlock(tail_of(vit), out["attn_cls"][0], out["v_last"][0], out["x0_last"][0])


def preactivations(rows: SaeRows, token: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return rows.w_enc.astype(np.float64) @ (token - rows.b_dec) + rows.b_enc


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_maps_and_remainder_add_up_to_the_preactivation(rows: SaeRows, method: Method, seed: int) -> None:
    vit = make_toy_vit(seed)
    out = forward(vit, pixels(seed))
    z = preactivations(rows, out["class_token"][0])
    shares = getattr(block_of(vit, out), method)(rows)
    maps = feature_maps(shares, rows.ids, z, grid=(GRID, GRID), box=(0, 0, 32, 32), method=method)
    assert sorted(maps) == list(range(40))
    for ident, feature_map in maps.items():
        total = float(feature_map.values.astype(np.float64).sum()) + feature_map.remainder
        assert total == pytest.approx(z[ident], abs=1e-4)
        assert feature_map.preactivation == pytest.approx(z[ident], abs=1e-9)


@pytest.mark.parametrize("centred", [True, False])
def test_messages_are_what_the_class_token_would_lose(rows: SaeRows, centred: bool) -> None:
    """With norm and MLP held, a token that says what the average patch says (or nothing) changes z by its share."""
    vit = make_toy_vit()
    out = forward(vit, pixels())
    attention, values, x0 = out["attn_cls"][0], out["v_last"][0], out["x0_last"][0]
    shares = LastBlock(tail_of(vit), attention, values, x0, centred=centred).messages(rows).patches
    t = {name: value.astype(np.float64) for name, value in tail_tensors(vit).items()}

    def update(said: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        heads = np.einsum("hj,jhd->hd", attention, said).reshape(WIDTH)
        return np.asarray(x0 + t["lambda1"] * (t["w_o"] @ heads + t["b_o"]), dtype=np.float64)

    y = update(values)
    # e = norm_weight * (z - mean) / sigma + norm_bias and z = y + MLP: recover sigma from the encoder's own output.
    normed = (out["class_token"][0] - t["norm_bias"]) / t["norm_weight"]
    sigma = float(np.linalg.norm(_before_norm(vit, y)) / np.linalg.norm(normed))
    for patch in (0, 17, 63):
        said = values.copy()
        said[patch + 1] = values[1:].mean(axis=0) if centred else 0.0
        difference = y - update(said)
        expected = rows.w_enc @ (t["norm_weight"] * (difference - difference.mean()) / sigma)
        assert shares[:, patch] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_patches_that_all_say_the_same_leave_an_empty_map(rows: SaeRows, method: Method) -> None:
    vit = make_toy_vit()
    out = forward(vit, pixels())
    out["v_last"][0, 1:] = out["v_last"][0, 5]
    assert np.abs(getattr(block_of(vit, out), method)(rows).patches).max() < 1e-12


@pytest.mark.parametrize("method", METHODS)
def test_centring_moves_shares_to_the_remainder_and_no_further(rows: SaeRows, method: Method) -> None:
    vit = make_toy_vit()
    out = forward(vit, pixels())
    for centred in (True, False):
        parts = out["attn_cls"][0], out["v_last"][0], out["x0_last"][0]
        block = LastBlock(tail_of(vit), *parts, centred=centred)
        shares = getattr(block, method)(rows)
        z = preactivations(rows, out["class_token"][0])
        assert shares.patches.sum(axis=1) + shares.remainder == pytest.approx(z, abs=1e-4)


def _before_norm(vit: ToyVit, y: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Centred z of the toy's tail, written out once more."""
    centred = y - y.mean()
    u = centred / np.sqrt((centred**2).mean() + EPS) * vit["block1.ln2.weight"] + vit["block1.ln2.bias"]
    hidden = vit["block1.fc1.weight"] @ u + vit["block1.fc1.bias"]
    hidden = hidden * np.array([0.5 * (1 + erf(v / sqrt(2))) for v in hidden])
    z = y + vit["block1.lambda2"] * (vit["block1.fc2.weight"] @ hidden + vit["block1.fc2.bias"])
    return np.asarray(z - z.mean(), dtype=np.float64)


def test_the_mean_gradient_of_the_tail_is_its_mean_slope(rows: SaeRows) -> None:
    tail = Tail(tail_tensors(make_toy_vit()), EPS, np.float64)
    points = np.random.default_rng(0).standard_normal((3, WIDTH))
    weights = np.array([0.5, 0.2, 0.3])
    gradient = tail.mean_gradient(points, weights, rows)
    for axis in range(WIDTH):
        step = np.zeros(WIDTH)
        step[axis] = 1e-5
        slopes = [(tail.preactivations(y + step, rows) - tail.preactivations(y - step, rows)) / 2e-5 for y in points]
        assert gradient[:, axis] == pytest.approx(weights @ np.array(slopes), abs=1e-6)


def test_a_patch_that_is_not_attended_has_no_share(rows: SaeRows) -> None:
    vit = make_toy_vit()
    out = forward(vit, pixels())
    out["attn_cls"][0, :, 10] = 0.0
    for method in METHODS:
        shares = getattr(block_of(vit, out), method)(rows)
        assert np.all(shares.patches[:, 9] == 0.0)
        assert np.all(np.abs(shares.patches).max(axis=1) > 0.0)


def test_a_tail_of_another_encoder_is_refused(rows: SaeRows) -> None:
    vit, other = make_toy_vit(1), make_toy_vit(2)
    out = forward(vit, pixels())
    block = LastBlock(tail_of(other), out["attn_cls"][0], out["v_last"][0], out["x0_last"][0])
    for method in METHODS:
        with pytest.raises(InferenceError) as caught:
            feature_maps(
                getattr(block, method)(rows),
                rows.ids,
                preactivations(rows, out["class_token"][0]),
                grid=(GRID, GRID),
                box=(0, 0, 32, 32),
                method=method,
            )
        assert caught.value.code == "MAP_NOT_EXACT"


def test_the_toy_pack_holds_the_same_tail(toy_pack: Path) -> None:
    tail = load_pack(toy_pack).tail
    for name, value in load_file(toy_pack / "tail.safetensors").items():
        assert np.array_equal(tail[name], value)
    assert tail["w_o"].shape == (WIDTH, WIDTH)
    assert HEADS * (WIDTH // HEADS) == WIDTH


SIZES = [(32, 32), (320, 320), (301, 517), (1024, 400), (97, 2003)]


@pytest.mark.parametrize("rule", ["stretch", "shortest_side_center_crop"])
@pytest.mark.parametrize("size", SIZES)
def test_a_single_bright_patch_peaks_at_its_own_centre(size: tuple[int, int], rule: str) -> None:
    spec = encoder_spec().model_copy(update={"resize_rule": rule})
    box = source_box(*size, spec)
    left, top, right, bottom = box
    for row in range(GRID):
        for column in (0, 3, GRID - 1):
            values = np.zeros((GRID, GRID), dtype=np.float32)
            values[row, column] = 1.0
            picture = upsample(FeatureMap(1, values, 1.0, 0.0, "test", box), *size)
            assert picture.shape == size and picture.dtype == np.float32
            peaks = np.argwhere(picture >= picture.max() - 1e-6)
            centre = np.array(
                [top + (row + 0.5) * (bottom - top) / GRID, left + (column + 0.5) * (right - left) / GRID]
            )
            distances = np.abs(peaks + 0.5 - centre).max(axis=1)
            if 0 < row < GRID - 1 and 0 < column < GRID - 1:
                assert distances.min() <= 0.5 + 1e-6
                assert distances.max() <= 1.0
            else:  # an outer patch is repeated outwards, so its peak lies between its centre and the border
                half = np.array([bottom - top, right - left]) / GRID / 2.0
                assert np.all(np.abs(peaks + 0.5 - centre) <= half + 0.5)


def test_a_finding_between_two_patches_peaks_between_them() -> None:
    values = np.zeros((GRID, GRID), dtype=np.float32)
    values[3, 4], values[3, 5] = 1.0, 0.9
    side = 20 * GRID
    picture = upsample(FeatureMap(1, values, 1.0, 0.0, "test", (0.0, 0.0, float(side), float(side))), side, side)
    row, column = np.unravel_index(int(picture.argmax()), picture.shape)
    assert abs(row + 0.5 - 70.0) <= 1.0
    assert 93.0 < column < 100.0
    assert picture.sum() / 400.0 == pytest.approx(1.9, rel=1e-3)


@pytest.mark.parametrize("size", [(40, 64), (64, 40), (333, 1000)])
def test_nothing_lies_outside_what_the_encoder_saw(size: tuple[int, int]) -> None:
    spec = encoder_spec().model_copy(update={"resize_rule": "shortest_side_center_crop"})
    left, top, right, bottom = source_box(*size, spec)
    picture = upsample(
        FeatureMap(1, np.ones((GRID, GRID), np.float32), 1.0, 0.0, "test", (left, top, right, bottom)), *size
    )
    y, x = np.mgrid[: size[0], : size[1]] + 0.5
    inside = (x > left) & (x < right) & (y > top) & (y < bottom)
    assert np.all(picture[~inside] == 0.0)
    assert picture[inside] == pytest.approx(1.0, abs=1e-6)
    assert inside.sum() < inside.size


@pytest.mark.parametrize("rule", ["stretch", "shortest_side_center_crop"])
@pytest.mark.parametrize("size", SIZES)
def test_preprocessing_and_upsampling_agree_where_a_patch_is(size: tuple[int, int], rule: str) -> None:
    """A bright square painted at a patch's place in the image is bright in that patch of the encoder's input."""
    spec = encoder_spec().model_copy(update={"resize_rule": rule, "intensity_rule": "display"})
    box = source_box(*size, spec)
    for row, column in ((1, 2), (4, 4), (6, 1), (7, 7), (0, 0)):
        values = np.zeros((GRID, GRID), dtype=np.float32)
        values[row, column] = 1.0
        seen = encoder_image(upsample(FeatureMap(1, values, 1.0, 0.0, "test", box), *size), spec)
        patches = seen.reshape(GRID, spec.input_height // GRID, GRID, spec.input_width // GRID).mean(axis=(1, 3))
        assert np.unravel_index(int(patches.argmax()), patches.shape) == (row, column)


def test_a_checkerboard_keeps_its_squares() -> None:
    board = (np.indices((GRID, GRID)).sum(axis=0) % 2).astype(np.float32)
    picture = upsample(FeatureMap(1, board, 1.0, 0.0, "test", (0.0, 0.0, 400.0, 240.0)), 240, 400)
    centres = picture[np.ix_(np.arange(15, 240, 30), np.arange(25, 400, 50))]
    assert np.array_equal(centres > 0.5, board > 0.5)
    assert picture.min() >= 0.0 and picture.max() <= 1.0
