"""ReLU with an L1 penalty weighted by decoder norms (Anthropic, "Circuits Updates – April 2024")."""

from __future__ import annotations

from torch import Tensor

from training.sae.active import Active
from training.sae.architectures.base import Architecture, JumpRelu, Outcome, Step, grad
from training.sae.products import dots, gather_rows


class Relu(Architecture):
    """``f = ReLU(w_enc (x - b_dec) + b_enc)``, loss ``|x - x_hat|² + λ Σ f_i |d_i|``.

    Decoder rows d_i are free: without their norm in the penalty, long rows and small activations would cheat it.
    """

    def gradients(self, x: Tensor, step: Step) -> Outcome:
        """Write the gradients of the loss."""
        rows, weight = len(x), step.sparsity_weight
        centred = self.centred(x)
        active, z = self.search(centred, self.b_enc)
        f = z.clamp_min(0.0)
        error = self.squared_error(self.reconstruct(active, f), x)
        norm = self.w_dec.norm(dim=1)
        df = dots(active, error.gradient, self.w_dec).add_(norm[active.feature], alpha=weight / rows)
        dz = df.mul_(z > 0)
        total = active.sum_by_feature(f)
        gather_rows(active, f, error.gradient, grad(self.w_dec))
        grad(self.w_dec).addcmul_((total / norm.clamp_min(1e-12))[:, None], self.w_dec, value=weight / rows)
        summed = self.encoder_gradients(active, dz, centred)
        grad(self.b_enc).copy_(summed)
        grad(self.b_dec).copy_(error.gradient.sum(0) + self.through_centring(summed))
        terms = {"reconstruction": error.loss, "sparsity": weight * float(total @ norm) / rows}
        return Outcome(terms, active, f, error.residual)

    def encode(self, x: Tensor) -> tuple[Active, Tensor]:
        """Return the positive activations."""
        return self.search(self.centred(x), self.b_enc)

    def jump_relu(self, sample: Tensor) -> JumpRelu:
        """Return the common form: a threshold of zero."""
        return JumpRelu(self.w_enc, self.b_enc, self.b_enc.new_zeros(self.n_features))

    def set_level(self, latents: Tensor, level: Tensor) -> None:
        """Set the bias."""
        self.b_enc[latents] = -level

    def level(self) -> Tensor:
        """Return the bias, negated."""
        return -self.b_enc
