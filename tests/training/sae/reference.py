"""The losses in a few plain lines of autograd, dense: what the hand-written gradients are held against."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from training.sae.architectures.base import Architecture
from training.sae.architectures.gated import GatedVariant

Parameters = dict[str, Tensor]


def loss_and_gradients(loss: Callable[[Parameters], Tensor], model: Architecture) -> tuple[float, Parameters]:
    """Return the loss at a model's parameters and its gradient by each of them (zeros where it has none)."""
    leaves = {name: value.detach().clone().requires_grad_() for name, value in model.named_parameters()}
    value = loss(leaves)
    found = torch.autograd.grad(value, list(leaves.values()), allow_unused=True)
    zeros = [torch.zeros_like(leaf) for leaf in leaves.values()]
    given = [z if g is None else g for g, z in zip(found, zeros, strict=True)]
    return float(value.detach()), dict(zip(leaves, given, strict=True))


def preactivations(p: Parameters, x: Tensor) -> Tensor:
    return (x - p["b_dec"]) @ p["w_enc"].T + p["b_enc"]


def squared(difference: Tensor) -> Tensor:
    return difference.square().sum(1).mean()


def relu(p: Parameters, x: Tensor, weight: float) -> Tensor:
    f = torch.relu(preactivations(p, x))
    return squared(x - f @ p["w_dec"] - p["b_dec"]) + weight * (f @ p["w_dec"].norm(dim=1)).mean()


def gated(p: Parameters, x: Tensor, weight: float, variant: GatedVariant) -> Tensor:
    gate = preactivations(p, x)
    if variant.magnitude == "tied":
        z = p["r_mag"].exp() * ((x - p["b_dec"]) @ p["w_enc"].T) + p["b_mag"]
    else:
        z = (x - p["b_dec"]) @ p["w_mag"].T + p["b_mag"]
    f = (gate > 0) * torch.relu(z)
    opened = torch.relu(gate)
    frozen = variant.auxiliary == "frozen"
    w_aux = p["w_dec"].detach() if frozen else p["w_dec"]
    b_aux = p["b_dec"].detach() if frozen else p["b_dec"]
    norm = {
        "l1": torch.ones_like(p["b_enc"]),
        "norm": p["w_dec"].norm(dim=1),
        "detached-norm": p["w_dec"].detach().norm(dim=1),
    }[variant.penalty]
    return (
        squared(x - f @ p["w_dec"] - p["b_dec"]) + weight * (opened @ norm).mean() + squared(x - opened @ w_aux - b_aux)
    )


class _Step(torch.autograd.Function):
    """1[z > θ] with the paper's derivative by θ (arXiv 2407.14435, equation 12)."""

    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, z: Tensor, theta: Tensor, width: float) -> Tensor:
        ctx.save_for_backward(z, theta)
        ctx.width = width  # type: ignore[attr-defined]
        return (z > theta).to(z.dtype)

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, *grads: Tensor) -> tuple[None, Tensor, None]:
        z, theta = ctx.saved_tensors  # type: ignore[attr-defined]
        width: float = ctx.width  # type: ignore[attr-defined]
        window = ((z - theta).abs() < width / 2).to(z.dtype)
        return None, (-window / width * grads[0]).sum(0), None


class _JumpRelu(torch.autograd.Function):
    """z 1[z > θ] with the paper's derivative by θ (equation 11)."""

    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, z: Tensor, theta: Tensor, width: float) -> Tensor:
        ctx.save_for_backward(z, theta)
        ctx.width = width  # type: ignore[attr-defined]
        return z * (z > theta)

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, *grads: Tensor) -> tuple[Tensor, Tensor, None]:
        z, theta = ctx.saved_tensors  # type: ignore[attr-defined]
        width: float = ctx.width  # type: ignore[attr-defined]
        window = ((z - theta).abs() < width / 2).to(z.dtype)
        return grads[0] * (z > theta), (-theta * window / width * grads[0]).sum(0), None


def jumprelu(p: Parameters, x: Tensor, weight: float, width: float) -> Tensor:
    z = preactivations(p, x)
    f = _JumpRelu.apply(z, p["threshold"], width)  # type: ignore[no-untyped-call]
    steps = _Step.apply(z, p["threshold"], width)  # type: ignore[no-untyped-call]
    return squared(x - f @ p["w_dec"] - p["b_dec"]) + weight * torch.as_tensor(steps).sum(1).mean()


def largest(z: Tensor, count: int, dim: int) -> Tensor:
    kept = z.topk(count, dim=dim)
    return torch.zeros_like(z).scatter(dim, kept.indices, kept.values)


def auxk(p: Parameters, x: Tensor, x_hat: Tensor, dead: Tensor, coefficient: float) -> Tensor:
    z = torch.relu((x - p["b_dec"].detach()) @ p["w_enc"][dead].T + p["b_enc"][dead])
    f = largest(z, min(x.shape[1] // 2, len(dead)), 1)
    return coefficient * squared((x - x_hat).detach() - f @ p["w_dec"][dead])


def topk(p: Parameters, x: Tensor, k: int, dead: Tensor | None, coefficient: float) -> Tensor:
    f = largest(torch.relu(preactivations(p, x)), k, 1)
    x_hat = f @ p["w_dec"] + p["b_dec"]
    return squared(x - x_hat) + (0.0 if dead is None else auxk(p, x, x_hat, dead, coefficient))


def batchtopk(
    p: Parameters, x: Tensor, k: int, *, dead: Tensor | None, coefficient: float, bounds: tuple[int, ...]
) -> Tensor:
    z = torch.relu(preactivations(p, x))
    f = largest(z.reshape(-1), k * len(x), 0).view_as(z)
    prefixes = [f[:, :end] @ p["w_dec"][:end] + p["b_dec"] for end in bounds]
    loss = torch.stack([squared(x - x_hat) for x_hat in prefixes]).mean()
    return loss + (0.0 if dead is None else auxk(p, x, prefixes[-1], dead, coefficient))
