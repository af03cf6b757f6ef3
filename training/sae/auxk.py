"""AuxK: dead latents learn to explain what the living leave over (Gao et al. 2024, arXiv 2406.04093, appendix A.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from training.sae.active import Active
from training.sae.products import decode, dots, gather_rows

if TYPE_CHECKING:
    from training.sae.architectures.base import Architecture, Residuals

COEFFICIENT = 1.0
"""α. With the paper's 1/32, which its code takes of a loss normalised by the residual's energy, latents of a BatchTopK
autoencoder die faster towards the end than they are revived (docs/sae-training.md)."""


class AuxK:
    """The auxiliary loss ``α |(x - x_hat) - f_aux w_dec|²`` of one step, f_aux the `k` most excited dead latents.

    The residual is a constant here, and ``b_dec`` is no part of the reconstruction (it already is one of x_hat) nor
    trained: encoder rows, encoder biases and decoder rows of dead latents are, and nothing else.

    Parameters
    ----------
    dead : Tensor of int64, shape (m,)
    d_model : int
        Half of it is `k`, or m where fewer are dead.
    """

    def __init__(self, dead: Tensor, d_model: int) -> None:
        self.dead = dead
        self.k = min(d_model // 2, len(dead))
        self._features: list[Tensor] = []
        self._values: list[Tensor] = []

    def look(self, _first: int, z: Tensor) -> None:
        """Note the most excited dead latents of a piece of the encoder's product, which is computed anyway."""
        values, features = z.index_select(1, self.dead).topk(self.k, dim=1, sorted=False)
        self._values.append(values)
        self._features.append(features)

    def add_gradients(self, model: Architecture, centred: Tensor, error: Residuals) -> float:
        """Add the loss's gradients to the model's and return its value."""
        features, z = torch.cat(self._features), torch.cat(self._values)
        rows = torch.arange(len(z), device=z.device).repeat_interleave(self.k)
        active = Active(rows, features.view(-1), (len(z), len(self.dead)))
        w_enc, w_dec = model.w_enc[self.dead], model.w_dec[self.dead]
        if model.low_precision:
            values = dots(active, centred, w_enc).add_(model.b_enc[self.dead][active.feature])
        else:
            values = z.view(-1)[active.order]
        f = values.clamp_min(0.0)
        # The target is x - x_hat, so the difference to it is the sum with x_hat - x.
        difference = decode(active, f, w_dec).add_(error.residual)
        loss = COEFFICIENT * float(difference.square().sum()) / len(z)
        gradient = difference.mul_(2.0 * COEFFICIENT / len(z))
        dz = dots(active, gradient, w_dec).mul_(f > 0)
        self._add(model.w_dec, active, f, gradient)
        self._add(model.w_enc, active, dz, centred)
        assert model.b_enc.grad is not None
        model.b_enc.grad.index_add_(0, self.dead, active.sum_by_feature(dz))
        return loss

    def _add(self, weight: Tensor, active: Active, values: Tensor, x: Tensor) -> None:
        piece = torch.empty(len(self.dead), x.shape[1], dtype=x.dtype, device=x.device)
        gather_rows(active, values, x, piece)
        assert weight.grad is not None
        weight.grad.index_add_(0, self.dead, piece)
