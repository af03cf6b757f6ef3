"""Latents that have stopped firing: counting them, and giving them a new start."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import normalize

from training.sae.architectures.base import Architecture

SAMPLE = 1024
LEAST_FIRING = 4
"""Rows of the sample on which a new latent fires at least."""


class DeadCounter:
    """Tokens since each latent last fired.

    Parameters
    ----------
    n_features : int
    dead_after : int
        Tokens of silence after which a latent is dead.
    device : torch.device
    """

    def __init__(self, n_features: int, dead_after: int, device: torch.device) -> None:
        self.silent = torch.zeros(n_features, dtype=torch.int64, device=device)
        self._dead_after = dead_after

    def update(self, fires: Tensor, rows: int) -> None:
        """Count a batch in which latents fired so often, shape (F,)."""
        self.silent.add_(rows)
        self.silent[fires > 0] = 0

    def dead(self) -> Tensor:
        """Return the dead latents' numbers."""
        return (self.silent >= self._dead_after).nonzero().squeeze(1)


def resample(
    model: Architecture,
    optimizer: torch.optim.Optimizer,
    dead: Tensor,
    *,
    x: Tensor,
    residual: Tensor,
    generator: torch.Generator,
    l0: float,
) -> None:
    """Point dead latents at rows that are reconstructed badly (Bricken et al. 2023), with fresh optimiser state.

    Rows are drawn in proportion to their squared error, and the residual itself is the direction: what is missing, not
    the row that lacks it. The level is that which a share of ``l0 / F`` of the rows exceeds, so that the new latent is
    neither silent nor on everywhere.

    Parameters
    ----------
    x, residual : Tensor, shape (rows, d)
        A batch and ``x_hat - x``.
    l0 : float
        Mean number of active latents of the run.
    """
    # The generator, which is saved and found again, is the processor's wherever the rows are.
    error = residual.square().sum(1).cpu() + 1e-9
    pick = torch.multinomial(error, len(dead), replacement=True, generator=generator).to(residual.device)
    direction = normalize(-residual[pick], dim=1)
    living = torch.ones(model.n_features, dtype=torch.bool, device=dead.device)
    living[dead] = False
    scale = [
        float(weight[living].norm(dim=1).mean()) if bool(living.any()) else 1.0 for weight in (model.w_enc, model.w_dec)
    ]
    model.w_enc[dead] = direction * scale[0]
    model.w_dec[dead] = direction * scale[1]
    sample = x[:SAMPLE] - model.b_dec
    firing = min(len(sample), max(LEAST_FIRING, round(len(sample) * l0 / model.n_features)))
    projections = model.w_enc[dead] @ sample.T
    model.set_level(dead, projections.topk(firing, dim=1).values[:, -1])
    for value in model.parameters():
        state = optimizer.state.get(value)
        if state and value is not model.b_dec:
            state["exp_avg"][dead] = 0.0
            state["exp_avg_sq"][dead] = 0.0
