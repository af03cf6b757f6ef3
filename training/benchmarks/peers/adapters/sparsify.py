"""sparsify: ``SparseCoder`` in the loop of its own ``Trainer``, which is bound to a language model's forward pass."""

from __future__ import annotations

from importlib.metadata import version as installed
from typing import Any

import torch
from sparsify import SparseCoder, SparseCoderConfig
from torch import Tensor

LIBRARY = "sparsify"
AUXK = 1 / 32


def version() -> str:
    """Return the release."""
    return installed("eai-sparsify")


class Sparsify:
    """The steps of ``sparsify.Trainer`` with its Adam: linear warm-up over a twentieth, then a linear fall."""

    def __init__(self, request: dict[str, Any]) -> None:
        if request["arch"] != "topk":
            raise ValueError("sparsify trains TopK autoencoders only")
        config = SparseCoderConfig(num_latents=request["n_features"], k=request["k"])
        self._sae: Any = SparseCoder(request["d_model"], config)
        steps = request["steps"]
        warm_up = max(1, min(1000, steps // 20))
        self._optimizer = torch.optim.Adam(self._sae.parameters(), lr=request["learning_rate"])
        self._schedule = torch.optim.lr_scheduler.LambdaLR(
            self._optimizer,
            lambda step: min((step + 1) / warm_up, max(0.0, (steps - step) / max(1, steps - warm_up))),
        )
        self._silent = torch.zeros(request["n_features"], dtype=torch.int64)
        self._dead_after, self._first = request["dead_after"], True

    def step(self, x: Tensor) -> None:
        """Learn from a batch."""
        sae = self._sae
        if self._first:
            sae.b_dec.data = x.mean(0)
            self._first = False
        sae.set_decoder_norm_to_unit_norm()
        out = sae(x, dead_mask=self._silent > self._dead_after)
        (out.fvu + AUXK * out.auxk_loss).backward()
        sae.remove_gradient_parallel_to_decoder_directions()
        self._optimizer.step()
        self._optimizer.zero_grad()
        self._schedule.step()
        self._silent += len(x)
        self._silent[out.latent_indices.flatten()] = 0

    def steer(self, weight: float) -> None:
        """Refuse: TopK has no penalty."""
        raise ValueError(f"TopK has no penalty to set to {weight}")

    def finish(self) -> None:
        """Normalise the decoder once more, as each step begins with."""
        self._sae.set_decoder_norm_to_unit_norm()

    def decoder(self) -> Tensor:
        """Return the directions."""
        weight: Tensor = self._sae.W_dec
        return weight

    def infer(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return activations and reconstruction."""
        top, index, _ = self._sae.encode(x)
        dense = torch.zeros(len(x), self._sae.num_latents).scatter_(1, index, top)
        return dense, self._sae.decode(top, index)


def build(request: dict[str, Any]) -> Sparsify:
    """Return a trainer."""
    return Sparsify(request)
