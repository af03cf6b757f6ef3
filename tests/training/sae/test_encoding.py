"""The search for active latents is exact, and sparse products equal dense ones."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from tests.training.sae import reference
from training.sae import encoding, products
from training.sae.active import Active
from training.sae.encoding import Encoder, Scratch, above, top


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a batch of 64 rows come in several pieces."""
    monkeypatch.setattr(encoding, "PIECE", 1)
    monkeypatch.setattr(encoding, "LEAST_ROWS", 24)


def batch(features: int, seed: int = 0, bias: float = 0.0) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(64, 8, generator=generator)
    return x, torch.randn(features, 8, generator=generator), torch.full((features,), bias)


def encoder(x: Tensor, weight: Tensor, bias: Tensor, *, low: bool = False) -> Encoder:
    return Encoder(x, weight, bias, Scratch(), low_precision=low)


@pytest.mark.parametrize("features", [256, 250])
@pytest.mark.parametrize("level", [-20.0, 0.0, 6.0, 7.5])
def test_everything_above_a_level_is_found(features: int, level: float) -> None:
    x, weight, bias = batch(features, bias=0.3)
    active, values = encoder(x, weight, bias).above(level)
    z = x @ weight.T + bias
    torch.testing.assert_close(active.dense(values), torch.where(z > level, z, 0.0))
    places, found = above(z, level)
    assert torch.equal(z.view(-1)[places], found)
    assert len(found) == int((z > level).sum())


@pytest.mark.parametrize(("features", "k"), [(256, 3), (256, 8), (256, 40), (250, 3), (1024, 32), (16, 40)])
def test_each_row_keeps_its_largest(features: int, k: int) -> None:
    x, weight, bias = batch(features)
    z = x @ weight.T
    values, _ = top(z, k)
    assert torch.equal(values.sort(1).values, z.topk(min(k, features)).values.sort(1).values)
    active, kept = encoder(x, weight, bias).top(k)
    torch.testing.assert_close(active.dense(kept), reference.largest(torch.relu(z), min(k, features), 1))


@pytest.mark.parametrize(("features", "k"), [(256, 3), (250, 3), (256, 60), (256, 200)])
def test_the_batch_keeps_its_largest(features: int, k: int) -> None:
    x, weight, bias = batch(features)
    active, values = encoder(x, weight, bias).top_of_batch(k * len(x))
    z = torch.relu(x @ weight.T)
    expected = reference.largest(z.view(-1), k * len(x), 0).view_as(z)
    torch.testing.assert_close(active.dense(values), expected)


def test_a_batch_whose_beginning_misleads_is_searched_again() -> None:
    x, weight, bias = batch(256)
    x[24:] *= 0.01
    asked = 24 * 30
    assert asked < int((x @ weight.T > 0).sum())
    x[:24] *= torch.linspace(50.0, 100.0, 24)[:, None]
    active, values = encoder(x, weight, bias).top_of_batch(64 * 60)
    z = torch.relu(x @ weight.T)
    torch.testing.assert_close(active.dense(values), reference.largest(z.view(-1), 64 * 60, 0).view_as(z))


def test_a_look_sees_every_piece_once() -> None:
    x, weight, bias = batch(256)
    seen: list[tuple[int, int]] = []
    encoder(x, weight, bias).top_of_batch(100, lambda first, z: seen.append((first, len(z))))
    assert seen == [(0, 24), (24, 24), (48, 16)]


def test_bfloat16_finds_almost_the_same() -> None:
    x, weight, bias = batch(256)
    exact, _ = encoder(x, weight, bias).top(8)
    low, _ = encoder(x, weight, bias, low=True).top(8)
    one, two = exact.dense(torch.ones(len(exact))), low.dense(torch.ones(len(low)))
    assert float((one * two).sum()) > 0.97 * len(exact)


@pytest.mark.parametrize("dense", [False, True])
@pytest.mark.parametrize("share", [0.0, 0.05, 0.9])
def test_products_equal_dense_ones(monkeypatch: pytest.MonkeyPatch, dense: bool, share: float) -> None:
    monkeypatch.setattr(products, "DENSE_FROM", 0.0 if dense else 2.0)
    monkeypatch.setattr(products, "ROWS", 10)
    monkeypatch.setattr(products, "FEATURES", 7)
    generator = torch.Generator().manual_seed(4)
    matrix = torch.randn(33, 40, generator=generator, dtype=torch.float64)
    matrix[torch.rand(33, 40, generator=generator) >= share] = 0.0
    weight, x = torch.randn(40, 6, dtype=torch.float64), torch.randn(33, 6, dtype=torch.float64)
    rows, features = matrix.nonzero(as_tuple=True)
    active = Active(rows, features, (33, 40))
    values = matrix[active.row, active.feature]
    torch.testing.assert_close(active.dense(values), matrix)
    torch.testing.assert_close(products.decode(active, values, weight), matrix @ weight)
    torch.testing.assert_close(products.dots(active, x, weight), (x @ weight.T)[active.row, active.feature])
    out = torch.ones(40, 6, dtype=torch.float64)
    products.gather_rows(active, values, x, out)
    torch.testing.assert_close(out, matrix.T @ x)
    products.gather_rows(active, values, x, out, add=True)
    torch.testing.assert_close(out, 2 * (matrix.T @ x))
    torch.testing.assert_close(active.sum_by_feature(values), matrix.sum(0))
    assert torch.equal(active.count_by_feature(values > 0), (matrix > 0).sum(0))
    part, place = active.between(10, 25)
    torch.testing.assert_close(part.dense(values[place]), matrix[:, 10:25])
