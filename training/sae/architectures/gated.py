"""Gated autoencoders: the original (Rajamanoharan et al. 2024, arXiv 2404.16014) and SAE-Rad's readings of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from engine.errors import SaeRadError
from training.sae.active import Active
from training.sae.architectures.base import Architecture, JumpRelu, Outcome, Step, grad, parameter
from training.sae.encoding import Scratch
from training.sae.products import dots, gather_rows


@dataclass(frozen=True)
class GatedVariant:
    """One reading of the loss (design §6).

    Attributes
    ----------
    penalty : {"l1", "norm", "detached-norm"}
        Weight of each gate in the sparsity term: one, its decoder norm, or that norm without gradient.
    auxiliary : {"frozen", "live"}
        Whether the auxiliary reconstruction sees a detached decoder or trains it.
    magnitude : {"tied", "free"}
        Whether magnitudes share the gate's directions (``exp(r_mag) w_gate``) or have their own.
    unit_norm : bool
        Whether decoder rows are kept at length one.
    """

    penalty: Literal["l1", "norm", "detached-norm"]
    auxiliary: Literal["frozen", "live"]
    magnitude: Literal["tied", "free"] = "tied"
    unit_norm: bool = False


ORIGINAL = GatedVariant("l1", "frozen", unit_norm=True)
SAE_RAD_VARIANTS: dict[str, GatedVariant] = {
    "sae-rad": GatedVariant("norm", "live"),
    "detached-norm": GatedVariant("detached-norm", "frozen"),
    "unit-live": GatedVariant("l1", "live", unit_norm=True),
    "detached-norm-live": GatedVariant("detached-norm", "live"),
    "norm-frozen": GatedVariant("norm", "frozen"),
    "sae-rad-free": GatedVariant("norm", "live", "free"),
    "detached-norm-free": GatedVariant("detached-norm", "frozen", "free"),
}
"""Named readings of SAE-Rad's changes; ``sae-rad`` is the reconstruction of the paper's equation 9."""


class Gated(Architecture):
    """``f = 1[π > 0] ReLU(z)`` with ``π = w_enc x_c + b_enc`` and ``z = exp(r_mag) w_enc x_c + b_mag``.

    The loss is ``|x - x_hat|² + λ Σ ReLU(π_i) n_i + |x - (ReLU(π) w_dec + b_dec)|²``, n_i by the variant. Gate,
    magnitude and auxiliary path share one product; all that the loss depends on lies where a gate is open.

    Parameters
    ----------
    variant : GatedVariant
    """

    def __init__(
        self, d_model: int, n_features: int, variant: GatedVariant = ORIGINAL, scratch: Scratch | None = None
    ) -> None:
        super().__init__(d_model, n_features, scratch)
        self.variant = variant
        self.unit_norm = variant.unit_norm
        self.b_mag = parameter(n_features)
        if variant.magnitude == "tied":
            self.r_mag = parameter(n_features)
        else:
            self.w_mag = parameter(n_features, d_model)

    def _magnitudes(self, active: Active, gate: Tensor, centred: Tensor) -> tuple[Tensor, Tensor]:
        """Return z, and what ``exp(r_mag)`` (tied) or nothing (free) multiplies in it, at the open gates."""
        bias = self.b_mag[active.feature]
        if self.variant.magnitude == "free":
            projection = dots(active, centred, self.w_mag)
            return projection + bias, projection
        projection = gate - self.b_enc[active.feature]
        return self.r_mag.exp()[active.feature] * projection + bias, projection

    def gradients(self, x: Tensor, step: Step) -> Outcome:
        """Write the gradients of the loss."""
        rows, live = len(x), self.variant.auxiliary == "live"
        per_gate = step.sparsity_weight / rows
        centred = self.centred(x)
        active, gate = self.search(centred, self.b_enc)
        open_gate = gate.clamp_min(0.0)
        z, projection = self._magnitudes(active, gate, centred)
        f = z.clamp_min(0.0).mul_(gate > 0)
        error = self.squared_error(self.reconstruct(active, f), x)
        auxiliary = self.squared_error(self.reconstruct(active, open_gate), x)
        norm = self.w_dec.norm(dim=1)
        price = torch.ones_like(norm) if self.variant.penalty == "l1" else norm

        dz = dots(active, error.gradient, self.w_dec).mul_(f > 0)
        dgate = dots(active, auxiliary.gradient, self.w_dec).add_(price[active.feature], alpha=per_gate)
        dgate.mul_(gate > 0)

        gather_rows(active, f, error.gradient, grad(self.w_dec))
        if live:
            gather_rows(active, open_gate, auxiliary.gradient, grad(self.w_dec), add=True)
        total = active.sum_by_feature(open_gate)
        if self.variant.penalty == "norm":
            grad(self.w_dec).addcmul_((total / norm.clamp_min(1e-12))[:, None], self.w_dec, value=per_gate)

        grad(self.b_enc).copy_(active.sum_by_feature(dgate))
        grad(self.b_mag).copy_(active.sum_by_feature(dz))
        if self.variant.magnitude == "tied":
            dz.mul_(self.r_mag.exp()[active.feature])
            grad(self.r_mag).copy_(active.sum_by_feature(dz * projection))
            centring = self.through_centring(self.encoder_gradients(active, dgate.add_(dz), centred))
        else:
            gather_rows(active, dz, centred, grad(self.w_mag))
            centring = self.through_centring(self.encoder_gradients(active, dgate, centred))
            centring -= active.sum_by_feature(dz) @ self.w_mag
        grad(self.b_dec).copy_(centring.add_(error.gradient.sum(0)))
        if live:
            grad(self.b_dec).add_(auxiliary.gradient.sum(0))
        terms = {
            "reconstruction": error.loss,
            "sparsity": per_gate * float(total @ price),
            "auxiliary": auxiliary.loss,
        }
        return Outcome(terms, active, f, error.residual)

    def encode(self, x: Tensor) -> tuple[Active, Tensor]:
        """Return the activations whose gate is open and whose magnitude is positive."""
        centred = self.centred(x)
        active, gate = self.search(centred, self.b_enc)
        z, _ = self._magnitudes(active, gate, centred)
        return active, z.clamp_min_(0.0).mul_(gate > 0)

    def jump_relu(self, sample: Tensor) -> JumpRelu:
        """Return the common form: ``threshold = max(0, b_mag - exp(r_mag) b_enc)``.

        Raises
        ------
        SaeRadError
            ``SAE_NOT_FOLDABLE`` with free magnitudes: gate and magnitude then have different directions.
        """
        if self.variant.magnitude == "free":
            raise SaeRadError(
                "SAE_NOT_FOLDABLE",
                "a gated autoencoder with free magnitude weights has no form with one direction and one threshold",
                "train a variant with tied magnitudes for a pack",
            )
        gain = self.r_mag.exp()
        threshold = (self.b_mag - gain * self.b_enc).clamp_min_(0.0)
        return JumpRelu(gain[:, None] * self.w_enc, self.b_mag, threshold)

    def set_level(self, latents: Tensor, level: Tensor) -> None:
        """Set both biases: magnitudes begin where gates do."""
        self.b_enc[latents] = -level
        self.b_mag[latents] = -level
        if self.variant.magnitude == "tied":
            self.r_mag[latents] = 0.0
        else:
            self.w_mag[latents] = self.w_enc[latents]

    def level(self) -> Tensor:
        """Return the gate's bias, negated."""
        return -self.b_enc
