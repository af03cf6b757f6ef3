"""JumpReLU with an L0 penalty through straight-through estimates (Rajamanoharan et al. 2024, arXiv 2407.14435)."""

from __future__ import annotations

from torch import Tensor

from training.sae.active import Active
from training.sae.architectures.base import Architecture, JumpRelu, Outcome, Step, grad, parameter
from training.sae.encoding import Scratch
from training.sae.products import dots, gather_rows

BANDWIDTH = 0.5
"""Width ε of the window in which thresholds learn, in units of a pre-activation's deviation, which is about one."""


class JumpReluSae(Architecture):
    """``f = z 1[z > θ]`` with ``z = w_enc (x - b_dec) + b_enc``, loss ``|x - x_hat|² + λ Σ 1[z_i > θ_i]``.

    The thresholds' derivatives are the paper's (equations 11 and 12) with a rectangular window:
    ``-(θ/ε) 1[|z - θ| < ε/2]`` of f, and ``-(1/ε) 1[|z - θ| < ε/2]`` of the penalty. θ itself is learnt and not its
    logarithm, whose steps become as small as θ; it is kept from falling below zero.

    Parameters
    ----------
    bandwidth : float
        ε.
    """

    def __init__(
        self, d_model: int, n_features: int, bandwidth: float = BANDWIDTH, scratch: Scratch | None = None
    ) -> None:
        super().__init__(d_model, n_features, scratch)
        self.bandwidth = bandwidth
        self.unit_norm = True
        self.threshold = parameter(n_features)

    def _search(self, centred: Tensor, below: float) -> tuple[Active, Tensor, Tensor]:
        """Return where z exceeds the threshold less `below`, and there z and its distance from the threshold."""
        active, over = self.search(centred, self.b_enc - self.threshold + below)
        distance = over - below
        return active, distance + self.threshold[active.feature], distance

    def gradients(self, x: Tensor, step: Step) -> Outcome:
        """Write the gradients of the loss."""
        rows, weight = len(x), step.sparsity_weight
        centred = self.centred(x)
        active, z, distance = self._search(centred, self.bandwidth / 2)
        fires = distance > 0
        f = z * fires
        error = self.squared_error(self.reconstruct(active, f), x)
        df = dots(active, error.gradient, self.w_dec)
        dz = df * fires
        window = distance < self.bandwidth / 2
        dtheta = df.mul_(self.threshold[active.feature]).add_(weight / rows).mul_(window).div_(-self.bandwidth)
        gather_rows(active, f, error.gradient, grad(self.w_dec))
        summed = self.encoder_gradients(active, dz, centred)
        grad(self.b_enc).copy_(summed)
        grad(self.threshold).copy_(active.sum_by_feature(dtheta))
        grad(self.b_dec).copy_(error.gradient.sum(0) + self.through_centring(summed))
        terms = {"reconstruction": error.loss, "sparsity": weight * int(fires.sum()) / rows}
        return Outcome(terms, active, f, error.residual)

    def after_step(self) -> None:
        """Keep thresholds from falling below zero, and decoder rows at length one."""
        super().after_step()
        self.threshold.clamp_min_(0.0)

    def encode(self, x: Tensor) -> tuple[Active, Tensor]:
        """Return the activations over their threshold."""
        active, z, distance = self._search(self.centred(x), 0.0)
        return active, z.mul_(distance > 0)

    def jump_relu(self, sample: Tensor) -> JumpRelu:
        """Return the parameters as they are."""
        return JumpRelu(self.w_enc, self.b_enc, self.threshold)

    def set_level(self, latents: Tensor, level: Tensor) -> None:
        """Set thresholds; for a level below zero the bias makes up for what a threshold may not be."""
        self.threshold[latents] = level.clamp_min(0.0)
        self.b_enc[latents] = (-level).clamp_min(0.0)

    def level(self) -> Tensor:
        """Return threshold less bias."""
        return self.threshold - self.b_enc
