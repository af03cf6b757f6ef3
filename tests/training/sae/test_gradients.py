"""Hand-written gradients equal autograd's, sparse or dense, with and without dead latents."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from tests.training.sae import reference
from training.sae import products
from training.sae.architectures.base import Architecture, Step
from training.sae.architectures.batchtopk import BatchTopK
from training.sae.architectures.gated import ORIGINAL, SAE_RAD_VARIANTS, Gated, GatedVariant
from training.sae.architectures.jumprelu import JumpReluSae
from training.sae.architectures.matryoshka import Matryoshka
from training.sae.architectures.relu import Relu
from training.sae.architectures.topk import TopK
from training.sae.auxk import COEFFICIENT

D, F, ROWS, K, WEIGHT = 12, 96, 40, 5, 0.3
DEAD = torch.tensor([1, 7, 30, 31, 60, 80, 95, 3, 44])


def scattered(model: Architecture, level: float) -> Architecture:
    """Fill a model with random float64 weights; latents fire above about the given level."""
    generator = torch.Generator().manual_seed(1)
    model.double()
    for name, value in model.named_parameters():
        value.normal_(0.0, 1.0 if value.ndim > 1 else 0.3, generator=generator)
        if name == "threshold":
            value.abs_()
    model.b_enc.sub_(level)
    return model


def tokens() -> Tensor:
    return torch.randn(ROWS, D, generator=torch.Generator().manual_seed(2), dtype=torch.float64) + 0.2


def check(model: Architecture, loss: Callable[[reference.Parameters], Tensor], step: Step) -> None:
    expected, gradients = reference.loss_and_gradients(loss, model)
    for _ in range(2):  # twice: nothing may be left over from the step before
        outcome = model.gradients(tokens(), step)
    assert sum(outcome.terms.values()) == pytest.approx(expected, rel=1e-9)
    for name, value in model.named_parameters():
        assert value.grad is not None
        scale = float(gradients[name].abs().max())
        assert scale > 0, name
        torch.testing.assert_close(value.grad, gradients[name], rtol=1e-8, atol=1e-9 * scale, msg=name)


@pytest.fixture(params=["sparse", "dense"], autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take either way through all products."""
    monkeypatch.setattr(products, "DENSE_FROM", 2.0 if request.param == "sparse" else 0.0)


@pytest.mark.parametrize("level", [1.0, 6.0])
def test_relu(level: float) -> None:
    check(scattered(Relu(D, F), level), lambda p: reference.relu(p, tokens(), WEIGHT), Step(WEIGHT))


@pytest.mark.parametrize("variant", [ORIGINAL, *SAE_RAD_VARIANTS.values()], ids=["original", *SAE_RAD_VARIANTS])
def test_gated(variant: GatedVariant) -> None:
    model = scattered(Gated(D, F, variant), 3.0)
    check(model, lambda p: reference.gated(p, tokens(), WEIGHT, variant), Step(WEIGHT))


def test_jumprelu() -> None:
    model = scattered(JumpReluSae(D, F, bandwidth=0.7), 3.0)
    check(model, lambda p: reference.jumprelu(p, tokens(), WEIGHT, 0.7), Step(WEIGHT))


@pytest.mark.parametrize("dead", [None, DEAD], ids=["alive", "dead"])
def test_topk(dead: Tensor | None) -> None:
    model = scattered(TopK(D, F, K), 0.0)
    check(model, lambda p: reference.topk(p, tokens(), K, dead, COEFFICIENT), Step(dead=dead))


@pytest.mark.parametrize("dead", [None, DEAD], ids=["alive", "dead"])
def test_batchtopk(dead: Tensor | None) -> None:
    model = scattered(BatchTopK(D, F, K), 0.0)
    check(
        model,
        lambda p: reference.batchtopk(p, tokens(), K, dead=dead, coefficient=COEFFICIENT, bounds=(F,)),
        Step(dead=dead),
    )


@pytest.mark.parametrize("dead", [None, DEAD], ids=["alive", "dead"])
def test_matryoshka(dead: Tensor | None) -> None:
    model = Matryoshka(D, F, K)
    scattered(model, 0.0)
    bounds = tuple(model.bounds[1:])
    assert bounds == (3, 9, 21, 45, 96)
    check(
        model,
        lambda p: reference.batchtopk(p, tokens(), K, dead=dead, coefficient=COEFFICIENT, bounds=bounds),
        Step(dead=dead),
    )


def test_a_row_with_fewer_positive_values_than_k_keeps_those() -> None:
    model = scattered(TopK(D, F, K), 12.0)
    outcome = model.gradients(tokens(), Step())
    assert 0 < outcome.mean_l0() < K
    check(model, lambda p: reference.topk(p, tokens(), K, None, COEFFICIENT), Step())
