"""SAELens, through ``SAETrainer.step``, the seam that it offers for loops of one's own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from importlib.metadata import version as installed
from typing import Any

from sae_lens import (
    SAE,
    BatchTopKTrainingSAE,
    BatchTopKTrainingSAEConfig,
    GatedTrainingSAE,
    GatedTrainingSAEConfig,
    TopKTrainingSAE,
    TopKTrainingSAEConfig,
)
from sae_lens.config import SAETrainerConfig
from sae_lens.training.sae_trainer import SAETrainer
from torch import Tensor

LIBRARY = "SAELens"


def version() -> str:
    """Return the release."""
    return installed("sae-lens")


class SaeLens:
    """A trainer of SAELens; learning rate constant, then falling over the last fifth."""

    def __init__(self, request: dict[str, Any]) -> None:
        steps, batch = request["steps"], request["batch"]
        size = {"d_in": request["d_model"], "d_sae": request["n_features"], "device": "cpu", "dtype": "float32"}
        sae: Any
        if request["arch"] == "gated":
            sae = GatedTrainingSAE(GatedTrainingSAEConfig(**size, l1_coefficient=request["penalty"]))
        elif request["arch"] == "topk":
            sae = TopKTrainingSAE(TopKTrainingSAEConfig(**size, k=request["k"]))
        else:
            sae = BatchTopKTrainingSAE(BatchTopKTrainingSAEConfig(**size, k=float(request["k"])))
        config = SAETrainerConfig(
            total_training_samples=steps * batch,
            train_batch_size_samples=batch,
            lr=request["learning_rate"],
            lr_end=0.0,
            lr_decay_steps=steps // 5,
            device="cpu",
            dead_feature_window=max(1, request["dead_after"] // batch),
        )
        self._trainer: Any = SAETrainer(config, sae, _nothing())
        self._sae: Any = sae

    def step(self, x: Tensor) -> None:
        """Learn from a batch."""
        self._trainer.step(x)
        self._trainer.n_training_steps += 1

    def steer(self, weight: float) -> None:
        """Set the coefficient of the L1 term."""
        scheduler = self._trainer.coefficient_schedulers["l1"]
        scheduler.final_value = scheduler.current_value = weight

    def finish(self) -> None:
        """Save for inference and load that, by which BatchTopK becomes a JumpReLU."""
        with tempfile.TemporaryDirectory() as folder:
            self._sae.save_inference_model(folder)
            self._sae = SAE.load_from_disk(folder, device="cpu")

    def decoder(self) -> Tensor:
        """Return the directions."""
        found: Tensor = self._sae.W_dec
        return found

    def infer(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return activations and reconstruction."""
        activations = self._sae.encode(x)
        return activations, self._sae.decode(activations)


def _nothing() -> Iterator[Tensor]:
    """Yield the data that the trainer's own loop would read: none, since batches are handed to ``step``."""
    yield from ()


def build(request: dict[str, Any]) -> SaeLens:
    """Return a trainer."""
    return SaeLens(request)
