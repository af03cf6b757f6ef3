"""The gated sparse autoencoder (Rajamanoharan et al. 2024, arXiv 2404.16014) with SAE-Rad's changes (design §6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from training.sae.folded import FoldedSae
from training.sae.space import Space, geometric_median


@dataclass(frozen=True)
class Variant:
    """One reading of the loss.

    Attributes
    ----------
    penalty : {"norm", "detached-norm", "l1"}
        Weight of each gate in the sparsity term: its decoder norm, that norm without gradient, or one.
    auxiliary : {"live", "frozen"}
        Whether the auxiliary reconstruction trains the decoder or sees a detached copy.
    unit_norm : bool
        Whether decoder rows are kept at length one during training.
    """

    penalty: Literal["norm", "detached-norm", "l1"]
    auxiliary: Literal["live", "frozen"]
    unit_norm: bool


VARIANTS: dict[str, Variant] = {
    "sae-rad": Variant("norm", "live", unit_norm=False),
    "detached-norm": Variant("detached-norm", "frozen", unit_norm=False),
    "unit-live": Variant("l1", "live", unit_norm=True),
    "gated": Variant("l1", "frozen", unit_norm=True),
}
"""Named readings; ``sae-rad`` is the reconstruction of the paper's equation 9, ``gated`` the original gated SAE."""


@dataclass(frozen=True)
class Loss:
    """Terms of the loss, each a mean over the batch."""

    reconstruction: Tensor
    sparsity: Tensor
    auxiliary: Tensor

    def total(self, sparsity_weight: float) -> Tensor:
        """Return the value to minimise."""
        return self.reconstruction + sparsity_weight * self.sparsity + self.auxiliary


class GatedSae(nn.Module):
    """``f = 1[pi > 0] ReLU(z)`` with ``pi = W x_c + b_gate``, ``z = exp(r_mag) W x_c + b_mag``, ``x_c = x - b_dec``.

    Parameters
    ----------
    d_model, n_features : int
        Width of the class token and of the dictionary.
    variant : Variant
        Reading of the loss.
    """

    def __init__(self, d_model: int, n_features: int, variant: Variant) -> None:
        super().__init__()
        self.variant = variant
        self.w_gate = nn.Parameter(torch.empty(n_features, d_model))
        self.r_mag = nn.Parameter(torch.zeros(n_features))
        self.b_gate = nn.Parameter(torch.zeros(n_features))
        self.b_mag = nn.Parameter(torch.zeros(n_features))
        self.w_dec = nn.Parameter(torch.empty(n_features, d_model))
        self.b_dec = nn.Parameter(torch.zeros(d_model))
        nn.init.kaiming_uniform_(self.w_gate)
        with torch.no_grad():
            self.w_dec.copy_(nn.functional.normalize(self.w_gate, dim=1))

    @torch.no_grad()
    def start_from(self, tokens: Tensor, generator: torch.Generator, l0: float, share: float = 0.8) -> None:
        """Start `b_dec` at the geometric median, directions at data points with noise (fewer dead), gates at `l0`.

        Without the gates' bias half the dictionary would fire on every token, and the penalty that silences it
        would destroy the magnitudes before they have learnt anything.
        """
        self.b_dec.copy_(geometric_median(tokens))
        pick = torch.randint(len(tokens), (len(self.w_gate),), generator=generator)
        points = nn.functional.normalize(tokens[pick] - self.b_dec, dim=1)
        noise = nn.functional.normalize(torch.randn(points.shape, generator=generator), dim=1)
        direction = nn.functional.normalize(share * points + (1.0 - share) * noise, dim=1)
        self.w_gate.copy_(direction)
        self.w_dec.copy_(direction)
        sample = (tokens[:1024] - self.b_dec) @ direction.T
        kth = sample.topk(min(len(direction), max(1, round(l0))), dim=1).values[:, -1]
        self.b_gate.fill_(-float(kth.median()))
        self.b_mag.copy_(self.b_gate)
        # Directions taken from data overlap, and together they overshoot: the decoder starts at the best length.
        batch = tokens[:1024]
        guess = self(batch) @ self.w_dec
        length = float((guess * (batch - self.b_dec)).sum() / guess.square().sum().clamp_min(1e-12))
        self.w_dec.mul_(max(length, 1e-3))

    def gates(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Return gate and magnitude pre-activations (pi, z), each of shape (N, n_features)."""
        projection = (tokens - self.b_dec) @ self.w_gate.T
        return projection + self.b_gate, self.r_mag.exp() * projection + self.b_mag

    def forward(self, tokens: Tensor) -> Tensor:
        """Return activations, shape (N, n_features)."""
        pi, z = self.gates(tokens)
        return (pi > 0).to(z.dtype) * torch.relu(z)

    def loss(self, tokens: Tensor) -> tuple[Loss, Tensor]:
        """Return the loss terms and the activations (design §6)."""
        pi, z = self.gates(tokens)
        open_gate = torch.relu(pi)
        activations = (pi > 0).to(z.dtype) * torch.relu(z)
        reconstruction = activations @ self.w_dec + self.b_dec
        if self.variant.auxiliary == "live":
            auxiliary = open_gate @ self.w_dec + self.b_dec
        else:
            auxiliary = open_gate @ self.w_dec.detach() + self.b_dec.detach()
        if self.variant.penalty == "l1":
            sparsity = open_gate.sum(1).mean()
        else:
            norm = self.w_dec.norm(dim=1)
            sparsity = (open_gate @ (norm.detach() if self.variant.penalty == "detached-norm" else norm)).mean()
        terms = Loss(
            reconstruction=(tokens - reconstruction).square().sum(1).mean(),
            sparsity=sparsity,
            auxiliary=(tokens - auxiliary).square().sum(1).mean(),
        )
        return terms, activations

    @torch.no_grad()
    def after_step(self) -> None:
        """Keep decoder rows at unit length where the variant asks for it."""
        if self.variant.unit_norm:
            self.w_dec.copy_(nn.functional.normalize(self.w_dec, dim=1))

    @torch.no_grad()
    def fold(self, space: Space) -> FoldedSae:
        """Return the JumpReLU form: ``threshold = max(0, b_mag - exp(r_mag) b_gate)``, decoder rows of unit length.

        Parameters
        ----------
        space : Space
            Where the model was trained; the folded form takes class tokens as they are.
        """
        decoder = self.w_dec @ space.inverse
        norm = decoder.norm(dim=1).clamp_min(1e-12)
        gain = self.r_mag.exp() * norm
        threshold = torch.clamp_min(self.b_mag - self.r_mag.exp() * self.b_gate, 0.0) * norm

        def array(value: Tensor) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
            return np.ascontiguousarray(value.detach().cpu().numpy().astype(np.float32))

        return FoldedSae(
            w_enc=array((gain[:, None] * self.w_gate) @ space.forward),
            b_enc=array(self.b_mag * norm),
            threshold=array(threshold),
            b_dec=array(space.centre + self.b_dec @ space.inverse),
            w_dec=array(decoder / norm[:, None]),
        )
