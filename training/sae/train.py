"""Train a gated sparse autoencoder on class tokens to a requested sparsity."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from training.sae.architectures.base import Step
from training.sae.architectures.gated import SAE_RAD_VARIANTS, Gated
from training.sae.controller import SparsityController
from training.sae.dead import resample
from training.sae.export import InSpace, fold
from training.sae.folded import FloatArray, FoldedSae
from training.sae.metrics import SaeMetrics, measure
from training.sae.space import Space
from training.sae.starts import start

Progress = Callable[[str, float], None]
RESAMPLE_ROWS = 4096
SETTLE_ROWS = 4096


@dataclass(frozen=True)
class SaeOptions:
    """How to train.

    Attributes
    ----------
    n_features : int
        Width of the dictionary.
    target_l0 : float
        Mean number of active features of an image on the validation tokens.
    variant : str
        Key of :data:`training.sae.architectures.gated.SAE_RAD_VARIANTS`, with tied magnitudes.
    learning_rate : float
        Peak; warmed up over the first twentieth, cosine to a tenth over the last half.
    whitening : float
        Exponent of :class:`training.sae.space.Space`.
    resample_every : int
        Steps between looks for dead features; none are touched in the last 40 % of the run.
    """

    n_features: int
    target_l0: float = 15.0
    variant: str = "sae-rad"
    steps: int = 3000
    batch: int = 512
    learning_rate: float = 4e-3
    whitening: float = 0.0
    resample_every: int = 250
    seed: int = 0


@dataclass(frozen=True)
class SaeResult:
    """A trained autoencoder, folded and as trained, with its measures on the validation tokens and its last penalty."""

    sae: FoldedSae
    native: InSpace
    metrics: SaeMetrics
    sparsity_weight: float


def train_sae(
    train: FloatArray,
    validation: FloatArray,
    options: SaeOptions,
    progress: Progress,
    reference: FloatArray | None = None,
) -> SaeResult:
    """Train on tokens of shape (N, d_model).

    Parameters
    ----------
    train, validation : ndarray of float32, shape (N, d_model)
        Class tokens; the validation tokens steer the penalty and are what the metrics are measured on.
    progress : callable
        Told (message, share done).
    reference : ndarray of float32, shape (M, d_model), optional
        Tokens whose deviations the space evens out; None takes `train`.

    Returns
    -------
    SaeResult
    """
    generator = torch.Generator().manual_seed(options.seed)
    raw = torch.from_numpy(np.ascontiguousarray(train, dtype=np.float32))
    space = Space.fit(raw, options.whitening, None if reference is None else torch.from_numpy(reference))
    x = space.enter(raw)
    held_out = space.enter(torch.from_numpy(np.ascontiguousarray(validation, dtype=np.float32)))
    model = Gated(x.shape[1], options.n_features, SAE_RAD_VARIANTS[options.variant])
    start(model, x, generator, l0=3.0 * options.target_l0, bias="median", directions="data")
    optimizer = torch.optim.Adam(model.parameters(), lr=options.learning_rate, betas=(0.9, 0.999))
    controller = SparsityController(start=0.3, target=options.target_l0)
    fired = torch.zeros(options.n_features, dtype=torch.bool)
    order = torch.randperm(len(x), generator=generator)
    position = 0
    batch_size = min(options.batch, len(x))
    for step in range(options.steps):
        if position + batch_size > len(x):
            order, position = torch.randperm(len(x), generator=generator), 0
        batch = x[order[position : position + batch_size]]
        position += batch_size
        for group in optimizer.param_groups:
            group["lr"] = options.learning_rate * _schedule(step / options.steps)
        found = model.gradients(batch, Step(controller.weight))
        torch.nn.utils.clip_grad_norm_(model.parameters(), 10.0 * math.sqrt(x.shape[1]))
        model.before_step()
        optimizer.step()
        model.after_step()
        fired |= found.fires() > 0
        done = (step + 1) / options.steps
        if (step + 1) % 10 == 0:
            controller.update(_mean_l0(model, held_out))
        if (step + 1) % options.resample_every == 0:
            progress(f"sparse autoencoder: L0 {_mean_l0(model, held_out):.1f}, alive {int(fired.sum())}", done)
            if done < 0.6:
                _revive(model, optimizer, x, ~fired, generator=generator, l0=options.target_l0)
            fired.zero_()
    _settle(model, held_out, options.target_l0)
    sae = fold(model, space, held_out)
    return SaeResult(sae, InSpace(model, space), measure(sae, validation), controller.weight)


def _schedule(done: float) -> float:
    if done < 0.05:
        return done / 0.05
    return 1.0 if done < 0.5 else 0.1 + 0.9 * 0.5 * (1.0 + math.cos(math.pi * (done - 0.5) / 0.5))


def _mean_l0(model: Gated, tokens: torch.Tensor) -> float:
    return int((model.encode(tokens[:1024])[1] > 0).sum()) / len(tokens[:1024])


def _settle(model: Gated, tokens: torch.Tensor, target: float) -> None:
    """Shift all gates by one small amount so that the mean L0 on validation is the target (bisection)."""
    sample, gates = tokens[:SETTLE_ROWS], model.b_enc.clone()
    furthest = float(((sample - model.b_dec) @ model.w_enc.T + gates).abs().max())
    low, high = -furthest, furthest
    # Few enough halvings to stay clear of the very unit that would be next to fire: rounding must not decide on it.
    for _ in range(18):
        middle = (low + high) / 2
        model.b_enc.copy_(gates + middle)
        _, values = model.encode(sample)
        if int((values > 0).sum()) / len(sample) > target:
            high = middle
        else:
            low = middle
    model.b_enc.copy_(gates + low)


def _revive(
    model: Gated,
    optimizer: torch.optim.Adam,
    tokens: torch.Tensor,
    dead: torch.Tensor,
    *,
    generator: torch.Generator,
    l0: float,
) -> None:
    """Give dead features, shape (n_features,) of bool, a new start at tokens that are reconstructed badly."""
    if not dead.any():
        return
    sample = tokens[torch.randint(len(tokens), (min(RESAMPLE_ROWS, len(tokens)),), generator=generator)]
    residual = model.reconstruct(*model.encode(sample)) - sample
    latents = dead.nonzero().squeeze(1)
    resample(model, optimizer, latents, x=sample, residual=residual, generator=generator, l0=l0)
