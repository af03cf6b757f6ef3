"""The input gate's fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.inference.gate import ModelGate
from engine.pack.arrays import GateArrays
from training.gate import fit_gate, mahalanobis, shrunk_precision
from training.not_chest import limb, noise, not_chest_readers, spoiled_chest, texture
from training.sae.folded import FoldedSae

D = 12


def identity_sae() -> FoldedSae:
    """Return an autoencoder that rebuilds every token: one feature for each direction and its opposite."""
    both = np.concatenate([np.eye(D), -np.eye(D)]).astype(np.float32)
    zero = np.zeros(2 * D, dtype=np.float32)
    return FoldedSae(both, zero, zero, np.zeros(D, dtype=np.float32), both)


def tokens(seed: int, count: int, centre: float = 0.0) -> np.ndarray:
    noise_ = np.random.default_rng(seed).standard_normal((count, D))
    return (noise_ * np.linspace(0.2, 2.0, D) + centre).astype(np.float32)


def test_the_gate_passes_chests_and_refuses_others_through_the_engine() -> None:
    gate = fit_gate(
        identity_sae(),
        tokens(0, 1500),
        validation=[tokens(1, 400), tokens(2, 300)],
        other_train=tokens(3, 400, 2.5),
        other_validation=tokens(4, 300, 2.5),
    )
    assert gate.metrics["gate share of chests refused"] < 0.01
    assert gate.metrics["gate share of non-chests refused"] > 0.95
    engine = ModelGate(gate.spec, GateArrays(gate.mean, gate.precision, gate.frontal_weight, gate.frontal_bias))
    suitable = [engine.token_verdict(token).verdict for token in tokens(5, 200)]
    assert suitable.count("refused") <= 2
    refused = [engine.token_verdict(token).verdict for token in tokens(6, 200, 2.5)]
    assert refused.count("refused") >= 190
    assert engine.token_verdict(np.full(D, 60.0, dtype=np.float32)).verdict == "refused"
    assert engine.reconstruction_verdict(0.0).verdict == "suitable"
    assert engine.reconstruction_verdict(5.0).verdict == "refused"


def test_distances_are_those_of_the_engine_and_unused_directions_stay_finite() -> None:
    x = tokens(0, 500)
    x[:, 3] = 0.0
    mean, precision = shrunk_precision(x)
    assert np.isfinite(precision).all()
    engine = ModelGate(fit_spec(), GateArrays(mean, precision, None, 0.0))
    np.testing.assert_allclose([engine.distance(t) for t in x[:20]], mahalanobis(x[:20], mean, precision), rtol=1e-5)


def fit_spec() -> object:
    from engine.pack.manifest import GateSpec

    return GateSpec(mahalanobis_warning=4.0)


def test_the_arrays_are_what_the_engine_reads(tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    gate = fit_gate(
        identity_sae(),
        tokens(0, 300),
        validation=[tokens(1, 100)],
        other_train=tokens(3, 100, 2.5),
        other_validation=tokens(4, 100, 2.5),
    )
    gate.save(tmp_path / "gate.safetensors")
    arrays = load_file(tmp_path / "gate.safetensors")
    shapes = {name: value.shape for name, value in arrays.items()}
    assert shapes == {"mean": (D,), "precision": (D, D), "frontal_weight": (D,), "frontal_bias": (1,)}
    assert all(value.dtype == np.float32 for value in arrays.values())


def test_images_that_are_no_chest_are_images_and_reproducible() -> None:
    rng = np.random.default_rng(0)
    chest = rng.random((60, 50)).astype(np.float32)
    for make in (noise, texture, limb):
        for _ in range(6):
            picture = make(rng)
            assert picture.dtype == np.float32
            assert 0.0 <= picture.min() < picture.max() <= 1.0
    for _ in range(20):
        picture = spoiled_chest(chest, rng)
        assert min(picture.shape) >= 16
        assert picture.shape != chest.shape or not np.array_equal(picture, chest)
    first, again = (not_chest_readers([lambda: chest], 12, 7) for _ in range(2))
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one(), other())
