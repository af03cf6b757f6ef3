"""Firing, coherence and stability on dictionaries whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest

from training.sae.coherence import coherence
from training.sae.config import sweep
from training.sae.firing import ACTIVATION_EDGES, DENSITY_EDGES, firing
from training.sae.folded import FloatArray, FoldedSae
from training.sae.stability import stability, twins

RNG = np.random.default_rng(0)


def identity_sae(width: int) -> FoldedSae:
    """An autoencoder whose latents are the token's positive numbers."""
    zeros = np.zeros(width, dtype=np.float32)
    return FoldedSae(np.eye(width, dtype=np.float32), zeros, zeros, zeros, np.eye(width, dtype=np.float32))


def unit(rows: FloatArray) -> FloatArray:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def orthonormal(width: int, seed: int = 0) -> FloatArray:
    return np.linalg.qr(np.random.default_rng(seed).standard_normal((width, width)))[0].astype(np.float32)


def test_firing_counts_rates_and_strengths() -> None:
    tokens = np.zeros((2000, 4), dtype=np.float32)
    tokens[:, 0], tokens[:20, 1], tokens[:2, 2] = 10.0, 0.1, 1e9
    found = firing(identity_sae(4), tokens)
    np.testing.assert_allclose(found.rate, [1.0, 0.01, 0.001, 0.0])
    assert found.alive.tolist() == [True, True, True, False]
    assert found.density.sum() == 3 and found.density[-1] == 1
    assert found.density[np.searchsorted(DENSITY_EDGES, -2.0 + 1e-9) - 1] == 1
    assert found.activations.sum() == 2022 and found.activations[-1] == 2
    assert found.activations[np.searchsorted(ACTIVATION_EDGES, 1.0 + 1e-9) - 1] == 2000


def test_orthogonal_directions_have_no_coherence_and_copies_have_all() -> None:
    found = coherence(orthonormal(32))
    assert found.mean == pytest.approx(0.0, abs=1e-5) and found.largest == pytest.approx(0.0, abs=1e-5)
    rows = np.concatenate([orthonormal(32), orthonormal(32)[:8]])
    found = coherence(rows)
    assert found.largest == pytest.approx(1.0) and found.mean == pytest.approx(16 / 40, abs=1e-5)
    opposite = coherence(np.concatenate([orthonormal(8)[:1], -orthonormal(8)[:1]]))
    assert opposite.largest == pytest.approx(-1.0)
    assert coherence(orthonormal(4)[:1]).largest == 0.0


def test_coherence_does_not_depend_on_the_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = unit(RNG.standard_normal((50, 8)).astype(np.float32))
    whole = coherence(rows)
    monkeypatch.setattr("training.sae.coherence.PIECE", 7)
    assert coherence(rows).mean == pytest.approx(whole.mean) and coherence(rows).largest == pytest.approx(whole.largest)


def test_the_same_directions_in_another_order_are_found_again() -> None:
    rows = unit(RNG.standard_normal((60, 24)).astype(np.float32))
    found = stability(rows, rows[RNG.permutation(60)])
    assert (found.shared, found.matched) == (1.0, 60) and found.mean_cosine == pytest.approx(1.0)


def test_half_shared_directions_are_half_shared() -> None:
    # 128 dimensions: two directions drawn at random are nearly orthogonal, and no match of them reaches 0.7.
    rows = orthonormal(128)
    other = np.concatenate([rows[:32], unit(RNG.standard_normal((32, 128)).astype(np.float32))])
    assert stability(rows[:64], other).shared == pytest.approx(0.5)
    assert stability(rows[:16], other).shared == 1.0  # all of the smaller one are in the larger
    assert stability(rows[:0], other).matched == 0


def test_each_direction_is_matched_once() -> None:
    # Both of the first are nearest to the same of the second; one of them must take another.
    first = unit(np.array([[1, 0.05, 0], [1, -0.05, 0]], dtype=np.float32))
    second = np.eye(3, dtype=np.float32)[:2]
    assert stability(first, second).shared == 0.5


def test_large_dictionaries_are_matched_by_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.sae.stability.MOST", 10)
    found = stability(orthonormal(40), orthonormal(40)[::-1])
    assert (found.shared, found.matched) == (1.0, 10)


def test_twins_differ_in_the_seed_alone() -> None:
    configs = sweep("topk", 64, k=(2, 4), seeds=(0, 1, 2), learning_rate=1e-3)
    pairs = twins(configs)
    assert len(pairs) == 2 * 3 and all(a.k == b.k and a.seed != b.seed for a, b in pairs)
