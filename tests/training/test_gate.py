"""The input gate's fit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from engine.inference.gate import ModelGate
from engine.pack.arrays import GateArrays
from engine.pack.manifest import GateSpec
from training.build_pack import _by_source
from training.drawings import lateral, panoramic, pelvis, skull
from training.gate import DIRECTIONS, FittedGate, fit_gate, mahalanobis, principal_directions, shrunk_precision
from training.labelling.cases import Case
from training.not_chest import limb, noise, not_chest_readers, spoiled_chest, texture
from training.patterns import lattice, line_pairs, page, pattern, rings, smpte, step_wedge
from training.sae.folded import FoldedSae
from training.tokens import Embedded

D = 12
WIDTH = 5 * D


def identity_sae() -> FoldedSae:
    """Return an autoencoder that rebuilds every token: one feature for each direction and its opposite."""
    both = np.concatenate([np.eye(D), -np.eye(D)]).astype(np.float32)
    zero = np.zeros(2 * D, dtype=np.float32)
    return FoldedSae(both, zero, zero, np.zeros(D, dtype=np.float32), both)


def images(seed: int, count: int, centre: float = 0.0) -> Embedded:
    """Return images whose class tokens tell nothing; what they show is in the rest of their descriptors."""
    noise_ = np.random.default_rng(seed).standard_normal((count, WIDTH)) * np.linspace(0.2, 2.0, WIDTH)
    noise_[:, D:] += centre
    descriptor = noise_.astype(np.float32)
    return Embedded(descriptor[:, :D], descriptor)


def fitted(count: int = 1500) -> FittedGate:
    return fit_gate(
        identity_sae(),
        [images(0, count), images(7, 60)],
        validation=[images(1, 400), images(2, 300)],
        other_train=images(3, 400, 1.5).descriptor,
        other_validation=images(4, 300, 1.5).descriptor,
    )


def test_the_gate_passes_chests_and_refuses_others_through_the_engine() -> None:
    gate = fitted()
    assert gate.spec.descriptor == "regions"
    assert gate.metrics["gate share of chests refused"] < 0.01
    assert gate.metrics["gate share of non-chests refused"] > 0.95
    engine = ModelGate(gate.spec, gate.arrays)
    suitable = [engine.descriptor_verdict(x).verdict for x in images(5, 200).descriptor]
    assert suitable.count("refused") <= 2
    refused = [engine.descriptor_verdict(x).verdict for x in images(6, 200, 1.5).descriptor]
    assert refused.count("refused") >= 190
    assert engine.descriptor_verdict(np.full(WIDTH, 60.0, dtype=np.float32)).verdict == "refused"
    assert engine.reconstruction_verdict(0.0).verdict == "suitable"
    assert engine.reconstruction_verdict(5.0).verdict == "refused"


def test_two_odd_images_of_a_small_source_do_not_open_the_gate() -> None:
    odd = images(8, 36)
    odd.descriptor[:2, D:] += 1.5
    gate = fit_gate(
        identity_sae(),
        [images(0, 1500)],
        validation=[images(1, 400), odd],
        other_train=images(3, 400, 1.5).descriptor,
        other_validation=images(4, 300, 1.5).descriptor,
    )
    assert gate.spec.frontal_probability_refusal == 0.5


def test_small_sources_are_one_group() -> None:
    names = ["a"] * 40 + ["b"] * 9 + ["a"] * 5 + ["c"] * 8
    cases = [Case(str(i), name, "val", "", (), frozenset(), None, sided=False, text="") for i, name in enumerate(names)]
    x = np.arange(len(names), dtype=np.float32)[:, None]
    groups = _by_source(Embedded(x, x), cases, least=30)
    assert [len(group.descriptor) for group in groups] == [45, 17]
    assert groups[1].class_token.ravel().tolist() == [*range(40, 49), *range(54, 62)]
    assert [len(group.descriptor) for group in _by_source(Embedded(x, x), cases, least=1)] == [45, 9, 8]


def test_a_small_source_counts_though_another_is_large() -> None:
    rare = images(9, 150)
    rare.descriptor[:, -1] += 6.0
    others = images(3, 400).descriptor
    others[:, -1] += 5.0
    others[:, -2] += 4.0
    gate = fit_gate(
        identity_sae(),
        [images(0, 9000), rare],
        validation=[images(1, 400)],
        other_train=others[:200],
        other_validation=others[200:],
    )
    engine = ModelGate(gate.spec, gate.arrays)
    probe = images(10, 200)
    probe.descriptor[:, -1] += 6.0
    refused = np.mean([engine.descriptor_verdict(x).code == "NOT_A_CHEST" for x in probe.descriptor])
    # 0.24 when every image counts the same.
    assert refused < 0.15


def test_distances_are_those_of_the_engine_and_unused_directions_stay_finite() -> None:
    x = images(0, 500).descriptor
    x[:, 3] = 0.0
    projection = principal_directions(x, 20)
    assert projection.shape == (20, WIDTH)
    mean, precision = shrunk_precision(x @ projection.T)
    assert np.isfinite(projection).all() and np.isfinite(precision).all()
    engine = ModelGate(GateSpec(mahalanobis_warning=4.0), GateArrays(mean, precision, None, 0.0, projection))
    expected = mahalanobis(x[:20] @ projection.T, mean, precision)
    np.testing.assert_allclose([engine.distance(t) for t in x[:20]], expected, rtol=1e-4)


def test_the_strongest_direction_comes_first_whatever_its_unit() -> None:
    rng = np.random.default_rng(0)
    common = rng.standard_normal((400, 1))
    x = rng.standard_normal((400, 6))
    x[:, 2:5] = common + 0.1 * x[:, 2:5]
    x[:, 0] *= 1000.0
    first = principal_directions(x.astype(np.float32), 2)[0] * x.std(0)
    assert set(np.argsort(-np.abs(first))[:3]) == {2, 3, 4}


def test_the_arrays_are_what_the_engine_reads(tmp_path: Path) -> None:
    gate = fitted(300)
    gate.save(tmp_path / "gate.safetensors")
    arrays = load_file(tmp_path / "gate.safetensors")
    shapes = {name: value.shape for name, value in arrays.items()}
    k = min(DIRECTIONS, WIDTH)
    assert shapes == {
        "mean": (k,),
        "precision": (k, k),
        "frontal_weight": (WIDTH,),
        "frontal_bias": (1,),
        "projection": (k, WIDTH),
    }
    assert all(value.dtype == np.float32 for value in arrays.values())


@pytest.mark.parametrize(
    "make",
    [
        *(noise, texture, limb, lateral, panoramic, skull, pelvis),
        *(pattern, smpte, step_wedge, line_pairs, lattice, rings, page),
    ],
)
def test_drawn_images_have_greys_and_differ(make: Callable[[np.random.Generator], np.ndarray]) -> None:
    pictures = [make(np.random.default_rng(seed)) for seed in range(8)]
    for picture in pictures:
        assert picture.dtype == np.float32 and picture.ndim == 2
        assert 0.0 <= picture.min() < picture.max() <= 1.0
    assert len({picture.tobytes() for picture in pictures}) == 8


def test_a_drawn_side_view_carries_the_structure_of_a_radiograph() -> None:
    chest = np.random.default_rng(0).random((70, 90)).astype(np.float32)
    plain, grained = (lateral(np.random.default_rng(1), given) for given in (None, chest))
    centre = slice(80, 140), slice(100, 150)
    assert np.diff(grained[centre], axis=0).std() > 2 * np.diff(plain[centre], axis=0).std()


def test_images_that_are_no_chest_are_reproducible_and_of_every_kind() -> None:
    rng = np.random.default_rng(0)
    chest = rng.random((60, 50)).astype(np.float32)
    for _ in range(30):
        picture = spoiled_chest(chest, rng)
        assert min(picture.shape) >= 16
        assert picture.shape != chest.shape or not np.array_equal(picture, chest)
    first, again = (not_chest_readers([lambda: chest], 24, 7) for _ in range(2))
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one(), other())
    assert len(not_chest_readers([], 12, 7)) == 12
    assert all(read().max() <= 1.0 for read in not_chest_readers([], 12, 7))
