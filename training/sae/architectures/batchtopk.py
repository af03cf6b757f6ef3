"""BatchTopK: a batch keeps its largest pre-activations, k a row on average (Bussmann et al., arXiv 2412.06410)."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from training.sae.active import Active
from training.sae.architectures.base import JumpRelu, Outcome, Step
from training.sae.architectures.topk import TopK
from training.sae.encoding import Look, Scratch

DECAY = 0.999


class BatchTopK(TopK):
    """As :class:`TopK`, but rows share ``k × rows`` places.

    At inference a row must not depend on others: a latent fires above the running mean of the smallest activation that
    training batches kept. That threshold is a buffer, saved and loaded with the weights.
    """

    running_threshold: Tensor
    threshold_batches: Tensor

    def __init__(self, d_model: int, n_features: int, k: int, scratch: Scratch | None = None) -> None:
        super().__init__(d_model, n_features, k, scratch)
        self.register_buffer("running_threshold", torch.zeros(()))
        self.register_buffer("threshold_batches", torch.zeros((), dtype=torch.int64))

    def select(self, centred: Tensor, look: Look | None = None) -> tuple[Active, Tensor]:
        """Return the latents that a training step keeps, and their pre-activations."""
        active, values = self.encoder(centred, self.b_enc).top_of_batch(self.k * len(centred), look)
        return active, self.exactly(active, centred, values, self.b_enc)

    def gradients(self, x: Tensor, step: Step) -> Outcome:
        """Write the gradients of the loss."""
        outcome = super().gradients(x, step)
        positive = outcome.values[outcome.values > 0]
        return replace(outcome, smallest=float(positive.amin()) if len(positive) else None)

    def learn_threshold(self, smallest: float | None) -> None:
        """Move the running threshold."""
        if smallest is not None:
            seen = int(self.threshold_batches)
            # Early on a long mean would still hold the random start.
            decay = min(DECAY, seen / (seen + 10.0))
            self.running_threshold.lerp_(self.running_threshold.new_tensor(smallest), 1.0 - decay)
            self.threshold_batches.add_(1)

    def encode(self, x: Tensor) -> tuple[Active, Tensor]:
        """Return the activations over the running threshold."""
        centred = self.centred(x)
        level = float(self.running_threshold)
        active, values = self.encoder(centred, self.b_enc).above(level)
        values = self.exactly(active, centred, values, self.b_enc)
        return active, values.mul_(values > level)

    def jump_relu(self, sample: Tensor) -> JumpRelu:
        """Return the common form: the running threshold for all latents."""
        return JumpRelu(self.w_enc, self.b_enc, self.running_threshold.to(self.b_enc).expand(self.n_features).clone())
