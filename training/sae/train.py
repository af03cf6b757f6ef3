"""Train a gated sparse autoencoder on class tokens to a requested sparsity."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from training.sae.controller import SparsityController
from training.sae.folded import FloatArray, FoldedSae
from training.sae.gated import VARIANTS, GatedSae
from training.sae.metrics import SaeMetrics, measure
from training.sae.space import Space

Progress = Callable[[str, float], None]


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
        Key of :data:`training.sae.gated.VARIANTS`.
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
    model: GatedSae
    space: Space
    metrics: SaeMetrics
    sparsity_weight: float

    def activations(self, tokens: FloatArray) -> FloatArray:
        """Return what the torch model makes of tokens, in the units of the folded form: shape (N, n_features)."""
        with torch.no_grad():
            norm = (self.model.w_dec @ self.space.inverse).norm(dim=1)
            raw = self.model(self.space.enter(torch.from_numpy(tokens))) * norm
        return np.asarray(raw.numpy(), dtype=np.float32)


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
    model = GatedSae(x.shape[1], options.n_features, VARIANTS[options.variant])
    model.start_from(x, generator, 3.0 * options.target_l0)
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
        loss, activations = model.loss(batch)
        optimizer.zero_grad(set_to_none=True)
        loss.total(controller.weight).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 10.0 * math.sqrt(x.shape[1]))
        optimizer.step()
        model.after_step()
        fired |= (activations > 0).any(0)
        done = (step + 1) / options.steps
        if (step + 1) % 10 == 0:
            controller.update(_mean_l0(model, held_out))
        if (step + 1) % options.resample_every == 0:
            progress(f"sparse autoencoder: L0 {_mean_l0(model, held_out):.1f}, alive {int(fired.sum())}", done)
            if done < 0.6:
                _resample(model, optimizer, x, ~fired, generator)
            fired.zero_()
    _settle(model, held_out, options.target_l0)
    sae = model.fold(space)
    return SaeResult(sae, model, space, measure(sae, validation), controller.weight)


def _schedule(done: float) -> float:
    if done < 0.05:
        return done / 0.05
    return 1.0 if done < 0.5 else 0.1 + 0.9 * 0.5 * (1.0 + math.cos(math.pi * (done - 0.5) / 0.5))


@torch.no_grad()
def _mean_l0(model: GatedSae, tokens: torch.Tensor) -> float:
    return float((model(tokens[:1024]) > 0).sum(1).float().mean())


@torch.no_grad()
def _settle(model: GatedSae, tokens: torch.Tensor, target: float) -> None:
    """Shift all gates by one small amount so that the mean L0 on validation is the target (bisection)."""
    pi, z = model.gates(tokens[:4096])
    pi[z <= 0] = -torch.inf
    finite = pi[torch.isfinite(pi)]
    low, high = -float(finite.max()), -float(finite.min())
    # Few enough halvings to stay clear of the very unit that would be next to fire: rounding must not decide on it.
    for _ in range(18):
        middle = (low + high) / 2
        if float((pi + middle > 0).sum(1).float().mean()) > target:
            high = middle
        else:
            low = middle
    model.b_gate.add_(low)


@torch.no_grad()
def _resample(
    model: GatedSae, optimizer: torch.optim.Adam, tokens: torch.Tensor, dead: torch.Tensor, generator: torch.Generator
) -> None:
    """Point dead features at tokens that are reconstructed badly (Bricken et al. 2023), with fresh optimiser state."""
    count = int(dead.sum())
    if count == 0:
        return
    sample = tokens[torch.randint(len(tokens), (min(4096, len(tokens)),), generator=generator)]
    residual = sample - (model(sample) @ model.w_dec + model.b_dec)
    pick = torch.multinomial(residual.square().sum(1) + 1e-9, count, replacement=True, generator=generator)
    direction = torch.nn.functional.normalize(residual[pick], dim=1)
    living = ~dead
    length = float(model.w_gate[living].norm(dim=1).mean()) if living.any() else 1.0
    model.w_gate[dead] = direction * length
    model.w_dec[dead] = direction * (float(model.w_dec[living].norm(dim=1).mean()) if living.any() else 1.0)
    for bias in (model.b_gate, model.b_mag, model.r_mag):
        bias[dead] = 0.0
    for parameter in (model.w_gate, model.w_dec, model.b_gate, model.b_mag, model.r_mag):
        for name in ("exp_avg", "exp_avg_sq"):
            optimizer.state[parameter][name][dead] = 0.0
