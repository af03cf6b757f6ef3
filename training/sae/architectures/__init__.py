"""The architectures by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from training.sae.architectures.base import Architecture
from training.sae.architectures.batchtopk import BatchTopK
from training.sae.architectures.gated import ORIGINAL, SAE_RAD_VARIANTS, Gated
from training.sae.architectures.jumprelu import JumpReluSae
from training.sae.architectures.matryoshka import Matryoshka
from training.sae.architectures.relu import Relu
from training.sae.architectures.topk import TopK
from training.sae.encoding import Scratch


@dataclass(frozen=True)
class Shape:
    """What an architecture is built from.

    Attributes
    ----------
    d_model, n_features : int
    k : int
        Active latents a row, for the architectures that fix them.
    variant : str
        Of :data:`training.sae.architectures.gated.SAE_RAD_VARIANTS`, for ``gated-sae-rad``.
    """

    d_model: int
    n_features: int
    k: int = 0
    variant: str = "sae-rad"


ARCHITECTURES: dict[str, Callable[[Shape, Scratch], Architecture]] = {
    "relu": lambda shape, scratch: Relu(shape.d_model, shape.n_features, scratch),
    "gated": lambda shape, scratch: Gated(shape.d_model, shape.n_features, ORIGINAL, scratch),
    "gated-sae-rad": lambda shape, scratch: Gated(
        shape.d_model, shape.n_features, SAE_RAD_VARIANTS[shape.variant], scratch
    ),
    "jumprelu": lambda shape, scratch: JumpReluSae(shape.d_model, shape.n_features, scratch=scratch),
    "topk": lambda shape, scratch: TopK(shape.d_model, shape.n_features, shape.k, scratch),
    "batchtopk": lambda shape, scratch: BatchTopK(shape.d_model, shape.n_features, shape.k, scratch),
    "matryoshka-batchtopk": lambda shape, scratch: Matryoshka(
        shape.d_model, shape.n_features, shape.k, scratch=scratch
    ),
}
FIXED_K = ("topk", "batchtopk", "matryoshka-batchtopk")
"""Architectures whose sparsity is a number of latents; the others' is steered by a penalty."""
