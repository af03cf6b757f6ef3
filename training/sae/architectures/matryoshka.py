"""Matryoshka BatchTopK: every prefix of the dictionary reconstructs (Bussmann et al. 2025, arXiv 2503.17547)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from training.sae.active import Active
from training.sae.architectures.base import Residuals, grad
from training.sae.architectures.batchtopk import BatchTopK
from training.sae.encoding import Scratch
from training.sae.products import decode, dots, gather_rows

GROUPS = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 17 / 32)
"""Shares of the dictionary that each prefix adds to the one before (design §6)."""


class Matryoshka(BatchTopK):
    """Loss ``mean over prefixes m of |x - (b_dec + Σ_{i < m} f_i d_i)|²``, plus AuxK on the last residual.

    Parameters
    ----------
    groups : sequence of float
        Shares of the latents, in sum one.
    """

    def __init__(
        self,
        d_model: int,
        n_features: int,
        k: int,
        groups: Sequence[float] = GROUPS,
        scratch: Scratch | None = None,
    ) -> None:
        super().__init__(d_model, n_features, k, scratch)
        ends = [round(sum(groups[: i + 1]) * n_features) for i in range(len(groups) - 1)]
        self.bounds = [0, *ends, n_features]

    def reconstruction_gradients(self, active: Active, f: Tensor, x: Tensor) -> tuple[Residuals, Tensor]:
        """Write the gradients of decoder and ``b_dec``; return those of the activations."""
        groups = list(zip(self.bounds[:-1], self.bounds[1:], strict=True))
        parts = [active.between(first, last) for first, last in groups]
        share = 1.0 / len(groups)
        residual = self.b_dec - x
        gradients: list[Tensor] = []
        loss = 0.0
        for (first, last), (part, place) in zip(groups, parts, strict=True):
            residual = residual + decode(part, f[place], self.w_dec[first:last])
            gradients.append(residual * (2.0 * share / len(x)))
            loss += share * float(residual.square().sum()) / len(x)
        df = torch.empty_like(f)
        # A latent is in its own prefix and in all longer ones, so the derivatives are summed from the longest down.
        total = torch.zeros_like(residual)
        for (first, last), (part, place), gradient in reversed(list(zip(groups, parts, gradients, strict=True))):
            total.add_(gradient)
            df[place] = dots(part, total, self.w_dec[first:last])
            gather_rows(part, f[place], total, grad(self.w_dec)[first:last])
        torch.sum(total, 0, out=grad(self.b_dec))
        return Residuals(total, residual, loss), df
