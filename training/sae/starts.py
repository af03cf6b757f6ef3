"""Where an autoencoder begins: bias in the middle of the data, directions at data points, few latents active."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import normalize

from training.sae.architectures.base import Architecture
from training.sae.space import geometric_median

SHARE = 0.8
"""How much of a direction is a data point; the rest is noise."""
SAMPLE = 1024


def start(
    model: Architecture, tokens: Tensor, generator: torch.Generator, *, l0: float, bias: str, directions: str
) -> None:
    """Set all weights.

    Parameters
    ----------
    tokens : Tensor, shape (N, d)
        A sample of the training data, in the space of training.
    l0 : float
        Mean number of latents that are to fire at first. Untrained latents without a level would fire on every other
        row: the penalty that silences them would destroy what they have not learnt yet, and no product would be sparse.
    bias : {"median", "mean"}
        Start of ``b_dec``: geometric median, which outliers do not move, or mean.
    directions : {"data", "random"}
        Data points mixed with noise, which leaves fewer latents dead, or noise alone.
    """
    model.b_dec.copy_(geometric_median(tokens) if bias == "median" else tokens.mean(0))
    device = tokens.device
    noise = torch.randn(model.n_features, model.d_model, generator=generator, device=generator.device)
    rows = normalize(noise.to(device), dim=1)
    if directions == "data":
        pick = torch.randint(len(tokens), (model.n_features,), generator=generator, device=generator.device)
        points = normalize(tokens[pick.to(device)] - model.b_dec, dim=1)
        rows = normalize(rows.mul_(1.0 - SHARE).add_(points, alpha=SHARE), dim=1)
    model.w_enc.copy_(rows)
    model.w_dec.copy_(rows)
    sample = tokens[:SAMPLE]
    kth = ((sample - model.b_dec) @ rows.T).topk(min(model.n_features, max(1, round(l0))), dim=1).values[:, -1]
    everyone = torch.arange(model.n_features, device=device)
    level = kth.median().expand(model.n_features)
    model.set_level(everyone, level)
    # Directions taken from data overlap, and together they overshoot: one length fits best.
    guess = model.reconstruct(*model.activate(sample)) - model.b_dec
    length = float((guess * (sample - model.b_dec)).sum() / guess.square().sum().clamp_min(1e-12))
    length = max(length, 1e-3)
    if model.unit_norm:
        model.w_enc.mul_(length)
        model.set_level(everyone, level * length)
    else:
        model.w_dec.mul_(length)
