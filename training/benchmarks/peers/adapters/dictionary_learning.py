"""dictionary_learning, through ``update`` of its trainers."""

from __future__ import annotations

from importlib.metadata import version as installed
from typing import Any

from dictionary_learning.trainers.batch_top_k import BatchTopKTrainer
from dictionary_learning.trainers.gdm import GatedSAETrainer
from dictionary_learning.trainers.top_k import TopKTrainer
from torch import Tensor

LIBRARY = "dictionary_learning"


def version() -> str:
    """Return the release."""
    return installed("dictionary-learning")


class DictionaryLearning:
    """A trainer of dictionary_learning; its warm-ups are a twentieth of the run, its rate falls over the last fifth."""

    def __init__(self, request: dict[str, Any]) -> None:
        steps = request["steps"]
        options: dict[str, Any] = {
            "steps": steps,
            "activation_dim": request["d_model"],
            "dict_size": request["n_features"],
            "layer": 0,
            "lm_name": "none",
            "lr": request["learning_rate"],
            "warmup_steps": min(1000, steps // 20),
            "decay_start": steps * 4 // 5,
            "seed": request["seed"],
            "device": "cpu",
        }
        self._arch, self._step = request["arch"], 0
        if self._arch == "gated":
            self._trainer: Any = GatedSAETrainer(**options, sparsity_warmup_steps=None, l1_penalty=request["penalty"])
        else:
            kind = TopKTrainer if self._arch == "topk" else BatchTopKTrainer
            self._trainer = kind(**options, k=request["k"], threshold_start_step=min(1000, steps // 4))
            self._trainer.dead_feature_threshold = request["dead_after"]

    def step(self, x: Tensor) -> None:
        """Learn from a batch."""
        self._trainer.update(self._step, x)
        self._step += 1

    def steer(self, weight: float) -> None:
        """Set the coefficient of the L1 term."""
        self._trainer.l1_penalty = weight

    def finish(self) -> None:
        """Do nothing: the module that was trained is the one for inference."""

    def decoder(self) -> Tensor:
        """Return the directions."""
        weight: Tensor = self._trainer.ae.decoder.weight
        return weight.T.contiguous()

    def infer(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return activations and reconstruction; BatchTopK encodes by its threshold unless told otherwise."""
        activations = self._trainer.ae.encode(x)
        return activations, self._trainer.ae.decode(activations)


def build(request: dict[str, Any]) -> DictionaryLearning:
    """Return a trainer."""
    return DictionaryLearning(request)
