"""From an autoencoder as it was trained to the form that a model pack takes, and how far both agree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from training.sae.architectures.base import Architecture
from training.sae.folded import FloatArray, FoldedSae
from training.sae.metrics import ROWS, measure
from training.sae.space import Space


class InSpace:
    """An autoencoder as it was trained, on tokens as the encoder gives them.

    Activations are in the units of the folded form: lengths along decoder rows in the encoder's units.

    Parameters
    ----------
    model : Architecture
    space : Space
        The space it was trained in.
    """

    def __init__(self, model: Architecture, space: Space) -> None:
        self._model, self._space = model, space
        decoder = model.w_dec @ space.inverse
        self._norm = decoder.norm(dim=1).clamp_min(1e-12)
        self._decoder = decoder / self._norm[:, None]
        self._bias = space.centre + model.b_dec @ space.inverse
        self.b_dec = array(self._bias)

    @property
    def directions(self) -> FloatArray:
        """Decoder rows of unit length in the encoder's units, shape (n_features, d_model)."""
        return array(self._decoder)

    def encode(self, tokens: FloatArray) -> FloatArray:
        """Return activations, shape (N, n_features)."""
        with self._model.full_precision():
            active, values = self._model.encode(self._space.enter(self._tensor(tokens)))
        return array(active.dense(values) * self._norm)

    def decode(self, activations: FloatArray) -> FloatArray:
        """Return the reconstruction, shape (N, d_model)."""
        return array(self._tensor(activations) @ self._decoder + self._bias)

    def _tensor(self, values: FloatArray) -> Tensor:
        return torch.from_numpy(values).to(self._bias.device)


def fold(model: Architecture, space: Space, sample: Tensor) -> FoldedSae:
    """Return the JumpReLU form for tokens as the encoder gives them, with decoder rows of unit length.

    Parameters
    ----------
    sample : Tensor, shape (N, d)
        Held-out tokens in the space of training, for the architecture without an exact form (TopK).

    Raises
    ------
    SaeRadError
        ``SAE_NOT_FOLDABLE`` for an architecture that has no such form.
    """
    with model.full_precision():
        common = model.jump_relu(sample)
    decoder = model.w_dec @ space.inverse
    norm = decoder.norm(dim=1).clamp_min(1e-12)
    return FoldedSae(
        w_enc=array((norm[:, None] * common.w_enc) @ space.forward),
        b_enc=array(norm * common.b_enc),
        threshold=array(norm * common.threshold),
        b_dec=array(space.centre + model.b_dec @ space.inverse),
        w_dec=array(decoder / norm[:, None]),
    )


@dataclass(frozen=True)
class Agreement:
    """How the folded form's activations differ from the model's on held-out tokens.

    Attributes
    ----------
    jaccard : float
        Mean over tokens of |both fire| / |either fires|.
    largest_difference : float
        Of the values where both fire, as a share of the mean activation.
    explained_variance, mean_l0 : float
        Of the folded form.
    """

    jaccard: float
    largest_difference: float
    explained_variance: float
    mean_l0: float


def agreement(model: InSpace, folded: FoldedSae, tokens: FloatArray) -> Agreement:
    """Compare on tokens of shape (N, d_model)."""
    jaccard: list[float] = []
    largest, total, count = 0.0, 0.0, 0
    for first in range(0, len(tokens), ROWS):
        piece = tokens[first : first + ROWS]
        a, b = model.encode(piece), folded.encode(piece)
        both, either = ((a > 0) & (b > 0)), ((a > 0) | (b > 0))
        # A token on which neither fires is agreed upon.
        jaccard.extend(np.where(either.any(1), both.sum(1) / np.maximum(either.sum(1), 1), 1.0).tolist())
        largest = max(largest, float(np.abs(a - b)[both].max(initial=0.0)))
        total, count = total + float(a.sum()), count + int((a > 0).sum())
    metrics = measure(folded, tokens)
    scale = total / max(count, 1)
    return Agreement(float(np.mean(jaccard)), largest / max(scale, 1e-12), metrics.explained_variance, metrics.mean_l0)


def array(value: Tensor) -> FloatArray:
    """Return a tensor as contiguous float32 values of its own."""
    return np.array(value.detach().cpu().numpy(), dtype=np.float32, order="C")
