"""The gated autoencoder: folding, export, and training to a wanted sparsity."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
import pytest
import torch

from training.sae.architectures.gated import SAE_RAD_VARIANTS, Gated
from training.sae.controller import SparsityController
from training.sae.export import InSpace, fold
from training.sae.folded import FoldedSae
from training.sae.metrics import measure, random_features
from training.sae.space import Space, geometric_median
from training.sae.train import SaeOptions, train_sae

FloatArray = npt.NDArray[np.float32]


def quiet(_message: str, _share: float) -> None:
    """Report nothing."""


def some_model() -> Gated:
    generator = torch.Generator().manual_seed(0)
    model = Gated(12, 40, SAE_RAD_VARIANTS["sae-rad"])
    for weight in model.parameters():
        weight.copy_(torch.randn(weight.shape, generator=generator) * (0.3 if weight.dim() == 1 else 0.5))
    return model


def fold_plainly(model: Gated) -> FoldedSae:
    return fold(model, plain_space(), torch.zeros(1, 12))


def plain_space() -> Space:
    return Space(torch.zeros(12), torch.eye(12), torch.eye(12))


def dictionary_data(seed: int, count: int) -> tuple[FloatArray, FloatArray]:
    """Return tokens that are sparse sums of known directions, and these directions."""
    directions = np.random.default_rng(0).standard_normal((48, 24))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    rng = np.random.default_rng(seed)
    active = rng.random((count, 48)) < 0.06
    tokens = (active * (0.5 + np.abs(rng.standard_normal((count, 48))))) @ directions + 2.0
    return tokens.astype(np.float32), directions.astype(np.float32)


@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.0])
def test_the_folded_form_computes_what_the_model_computes(exponent: float) -> None:
    model = some_model()
    tokens = torch.randn(64, 12) * torch.linspace(0.2, 3.0, 12) + 1.0
    space = Space.fit(tokens, exponent)
    folded, native = fold(model, space, tokens), InSpace(model, space)
    activations = native.encode(tokens.numpy())
    found = folded.encode(tokens.numpy())
    assert ((found > 0) == (activations > 0)).mean() > 0.999
    np.testing.assert_allclose(folded.decode(found), native.decode(activations), atol=1e-3)
    np.testing.assert_allclose(np.linalg.norm(folded.w_dec, axis=1), 1.0, atol=1e-5)


def test_the_space_evens_out_directions_as_far_as_asked() -> None:
    tokens = torch.randn(4000, 6, generator=torch.Generator().manual_seed(0)) * torch.tensor(
        [9.0, 3.0, 1.0, 1.0, 1.0, 0.5]
    )
    for exponent, ratio in ((0.0, 18.0), (0.5, 18.0**0.5), (1.0, 1.0)):
        spread = Space.fit(tokens, exponent).enter(tokens).std(0)
        assert float(spread.max() / spread.min()) == pytest.approx(ratio, rel=0.1)
        assert float(Space.fit(tokens, exponent).enter(tokens).square().sum(1).mean()) == pytest.approx(6.0, rel=1e-3)


def test_the_threshold_is_that_of_the_design() -> None:
    model = some_model()
    expected = torch.clamp_min(model.b_mag - model.r_mag.exp() * model.b_enc, 0.0) * model.w_dec.norm(dim=1)
    np.testing.assert_allclose(fold_plainly(model).threshold, expected.numpy(), rtol=1e-6)


def test_the_graph_is_single_and_equal_to_the_arrays(tmp_path: Path) -> None:
    folded = fold_plainly(some_model())
    model = folded.to_onnx()
    assert [node.op_type for node in model.graph.node] == ["MatMul", "Add", "Greater", "Cast", "Mul"]
    tokens = np.random.default_rng(1).standard_normal((33, 12)).astype(np.float32)
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (given,) = session.run(["activations"], {"class_token": tokens})
    np.testing.assert_allclose(given, folded.encode(tokens), atol=1e-5)
    folded.save(tmp_path / "sae.safetensors")
    again = FoldedSae.load(tmp_path / "sae.safetensors")
    np.testing.assert_array_equal(again.encode(tokens), folded.encode(tokens))


def test_the_geometric_median_ignores_a_far_outlier() -> None:
    points = torch.cat([torch.randn(99, 3, generator=torch.Generator().manual_seed(0)), torch.full((1, 3), 1e4)])
    assert float(geometric_median(points).norm()) < 0.5


def test_the_controller_pushes_towards_the_target() -> None:
    controller = SparsityController(start=1.0, target=10.0)
    controller.update(40.0)
    raised = controller.weight
    assert raised > 1.0
    controller.update(5.0)
    controller.update(5.0)
    assert controller.weight < raised


@pytest.mark.slow
@pytest.mark.parametrize("variant", ["sae-rad", "detached-norm"])
def test_training_finds_the_directions_at_the_wanted_sparsity(variant: str) -> None:
    train, directions = dictionary_data(1, 4000)
    validation, _ = dictionary_data(2, 800)
    options = SaeOptions(96, target_l0=4.0, variant=variant, steps=1200, batch=256, resample_every=100)
    result = train_sae(train, validation, options, quiet)
    assert result.metrics.mean_l0 == pytest.approx(4.0, rel=0.05)
    control = measure(random_features(train, 96, 4.0, 0), validation)
    assert result.metrics.explained_variance > max(0.6, control.explained_variance + 0.1)
    fires = (result.sae.encode(validation) > 0).any(0)
    best = (directions @ result.sae.w_dec[fires].T).max(1)
    assert float(np.mean(best)) > 0.85
    torch_gives, folded_gives = result.native.encode(validation), result.sae.encode(validation)
    both = (torch_gives > 0) == (folded_gives > 0)
    assert both.mean() > 0.9999
    np.testing.assert_allclose(torch_gives[both], folded_gives[both], atol=1e-3)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_autoencoder() -> None:
    train, _ = dictionary_data(1, 600)
    options = SaeOptions(64, target_l0=4.0, steps=60, batch=128, seed=5)
    first, second = (train_sae(train, train[:100], options, quiet).sae for _ in range(2))
    np.testing.assert_array_equal(first.w_enc, second.w_enc)
    np.testing.assert_array_equal(first.threshold, second.threshold)
