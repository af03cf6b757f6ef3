"""k-sparse probing: how well the few best latents tell a label, beside a probe on the whole token."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.evaluation.bootstrap import Interval, interval
from training.evaluation.store_labels import Labelled, LabelledImages
from training.logistic import auroc, fit_logistic
from training.sae.folded import FloatArray
from training.sae.metrics import ROWS, Autoencoder

SIZES = (1, 5, 15)
L2 = 1e-3
RESAMPLES = 200
Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LatentScores:
    """How well each latent alone tells each label on the training images.

    Attributes
    ----------
    difference : ndarray of float64, shape (labels, n_features)
        Mean activation with the label less that without it, in standard deviations; 0 for a latent that never fires.
    """

    difference: Array

    def best(self, label: int, count: int) -> npt.NDArray[np.int64]:
        """Return the latents that tell a label best, by presence or by absence, best first."""
        return np.argsort(-np.abs(self.difference[label]), kind="stable")[:count].astype(np.int64)

    def speaking(self, label: int) -> int:
        """Return the latent that most speaks for a label."""
        return int(np.argmax(self.difference[label]))


def score_latents(sae: Autoencoder, images: Labelled) -> LatentScores:
    """Score every latent; activations are held for `ROWS` images at a time."""
    truth = images.truth.astype(np.float64)
    features = sae.encode(images.tokens[:1]).shape[1]
    with_label, total, squares = np.zeros((truth.shape[1], features)), np.zeros(features), np.zeros(features)
    for first in range(0, len(images.tokens), ROWS):
        activations = sae.encode(images.tokens[first : first + ROWS])
        with_label += truth[first : first + ROWS].T.astype(np.float32) @ activations
        total += activations.sum(0, dtype=np.float64)
        squares += np.square(activations).sum(0, dtype=np.float64)
    count, positives = len(truth), truth.sum(0)[:, None]
    deviation = np.sqrt(np.maximum(squares / count - np.square(total / count), 0.0))
    difference = with_label / np.maximum(positives, 1) - (total - with_label) / np.maximum(count - positives, 1)
    return LatentScores(difference * (deviation > 1e-9) / np.maximum(deviation, 1e-9))


def columns(sae: Autoencoder, tokens: FloatArray, latents: npt.NDArray[np.int64]) -> FloatArray:
    """Return the activations of some latents, shape (N, len(latents))."""
    parts = [sae.encode(tokens[first : first + ROWS])[:, latents] for first in range(0, len(tokens), ROWS)]
    return np.concatenate(parts) if parts else np.empty((0, len(latents)), np.float32)


def sparse_probes(sae: Autoencoder, scores: LatentScores, images: LabelledImages) -> dict[str, dict[int, Interval]]:
    """Return the held-out AUROC of each label for each number of latents in `SIZES`.

    Latents are chosen and the probes fitted on training images; intervals are over held-out patients.
    """
    chosen = [scores.best(label, max(SIZES)) for label in range(len(images.names))]
    used = np.unique(np.concatenate(chosen))
    train, held_out = (columns(sae, part.tokens, used) for part in (images.train, images.held_out))
    found: dict[str, dict[int, Interval]] = {}
    for label, name in enumerate(images.names):
        found[name] = {}
        for size in SIZES:
            places = np.searchsorted(used, chosen[label][:size])
            found[name][size] = _probe(train[:, places], held_out[:, places], images, label)
    return found


def dense_probes(images: LabelledImages) -> dict[str, Interval]:
    """Return the held-out AUROC of each label of a probe on the whole class token."""
    train, held_out = images.train.tokens, images.held_out.tokens
    return {name: _probe(train, held_out, images, label) for label, name in enumerate(images.names)}


def _probe(train: FloatArray, held_out: FloatArray, images: LabelledImages, label: int) -> Interval:
    model = fit_logistic(train, images.train.truth[:, label].astype(np.float64), l2=L2)
    score, y = model.score(held_out), images.held_out.truth[:, label].astype(np.float64)
    return interval(lambda rows: auroc(score[rows], y[rows]), images.held_out.patients, resamples=RESAMPLES)
