"""TopK: every row keeps its k largest pre-activations (Gao et al. 2024, arXiv 2406.04093)."""

from __future__ import annotations

import torch
from torch import Tensor

from training.sae.active import Active
from training.sae.architectures.base import Architecture, JumpRelu, Outcome, Residuals, Step, grad
from training.sae.auxk import AuxK
from training.sae.encoding import Look, Scratch
from training.sae.products import dots, gather_rows


class TopK(Architecture):
    """``f = TopK(ReLU(w_enc (x - b_dec) + b_enc))``, loss ``|x - x_hat|²`` plus AuxK while latents are dead.

    Parameters
    ----------
    k : int
        Latents kept of a row.
    """

    uses_penalty = False

    def __init__(self, d_model: int, n_features: int, k: int, scratch: Scratch | None = None) -> None:
        super().__init__(d_model, n_features, scratch)
        self.unit_norm = True
        self.k = k

    def select(self, centred: Tensor, look: Look | None = None) -> tuple[Active, Tensor]:
        """Return the latents that a training step keeps, and their pre-activations."""
        active, values = self.encoder(centred, self.b_enc).top(self.k, look)
        return active, self.exactly(active, centred, values, self.b_enc)

    def gradients(self, x: Tensor, step: Step) -> Outcome:
        """Write the gradients of the loss."""
        auxiliary = None if step.dead is None or len(step.dead) == 0 else AuxK(step.dead, self.d_model)
        centred = self.centred(x)
        active, z = self.select(centred, auxiliary.look if auxiliary else None)
        f = z.clamp_min_(0.0)
        error, df = self.reconstruction_gradients(active, f, x)
        summed = self.encoder_gradients(active, df.mul_(f > 0), centred)
        grad(self.b_enc).copy_(summed)
        grad(self.b_dec).add_(self.through_centring(summed))
        terms = {"reconstruction": error.loss}
        if auxiliary:
            terms["auxiliary"] = auxiliary.add_gradients(self, centred, error)
        return Outcome(terms, active, f, error.residual)

    def reconstruction_gradients(self, active: Active, f: Tensor, x: Tensor) -> tuple[Residuals, Tensor]:
        """Write the gradients of decoder and ``b_dec`` (as it is added to x_hat); return those of the activations."""
        error = self.squared_error(self.reconstruct(active, f), x)
        gather_rows(active, f, error.gradient, grad(self.w_dec))
        torch.sum(error.gradient, 0, out=grad(self.b_dec))
        return error, dots(active, error.gradient, self.w_dec)

    def encode(self, x: Tensor) -> tuple[Active, Tensor]:
        """Return each row's k largest positive pre-activations."""
        return self.activate(x)

    def activate(self, x: Tensor) -> tuple[Active, Tensor]:
        """Return what a training step keeps."""
        active, z = self.select(self.centred(x))
        return active, z.clamp_min_(0.0)

    def jump_relu(self, sample: Tensor) -> JumpRelu:
        """Return a form with one threshold for all latents, such that the sample's rows keep k of them on average.

        A row's own k-th value is no property of a latent, so this is no exact form: the export reports how often both
        agree.
        """
        count = min(self.k * len(sample), len(sample) * self.n_features)
        _, values = self.encoder(self.centred(sample), self.b_enc).top_of_batch(count + 1)
        cut = float(values.float().amin()) if len(values) > count else 0.0
        return JumpRelu(self.w_enc, self.b_enc, torch.full_like(self.b_enc, max(0.0, cut)))

    def set_level(self, latents: Tensor, level: Tensor) -> None:
        """Let latents compete on equal terms: levels do not decide here who fires."""
        self.b_enc[latents] = 0.0

    def level(self) -> Tensor:
        """Return the bias, negated: above it, a latent may fire if it is among the k largest."""
        return -self.b_enc
