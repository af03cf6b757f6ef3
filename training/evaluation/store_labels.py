"""Images of a store with the labels of its index: what latents and probes are held against."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.report.vocabulary import PARENTS
from training.activations.store import Rows
from training.sae.folded import FloatArray
from training.sae.store_tokens import StoreTokens

MOST_IMAGES = 20_000
"""Training images that probes are fitted on; more change little but the time."""
MINIMUM = 10
"""Images with a label and without it, on both sides, that a label needs."""


@dataclass(frozen=True, eq=False)
class Labelled:
    """Class tokens of images and which labels they have.

    Attributes
    ----------
    tokens : ndarray of float32, shape (N, d_model)
    truth : ndarray of bool, shape (N, labels)
        A label that the index does not name counts as absent; one that implies another brings it along.
    patients : tuple of str
        Of each image.
    """

    tokens: FloatArray
    truth: npt.NDArray[np.bool_]
    patients: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class LabelledImages:
    """Images to fit on and images to measure on, patients apart."""

    names: tuple[str, ...]
    train: Labelled
    held_out: Labelled


def labelled_images(source: StoreTokens, seed: int = 0, minimum: int = MINIMUM) -> LabelledImages | None:
    """Read the images that a run was trained on and held out; None where no label is common enough.

    Parameters
    ----------
    seed : int
        Of the draw of training images, where there are more than `MOST_IMAGES`.
    minimum : int
        Images that a label needs, see `MINIMUM`.
    """
    rows = source.train_rows
    if len(rows) > MOST_IMAGES:
        rows = np.sort(np.random.default_rng(seed).choice(rows, MOST_IMAGES, replace=False))
    index = source.store.index(["patient_id", "sample_id", "labels_present"]).to_pydict()
    present = [with_parents(labels or ()) for labels in index["labels_present"]]
    names = sorted(set().union(*present)) if present else []
    truth = np.array([[name in labels for name in names] for labels in present], dtype=bool)
    truth = truth.reshape(len(present), len(names))
    both = [truth[part] for part in (rows, source.held_out_rows)]
    least = np.min([np.minimum(part.sum(0), (~part).sum(0)) for part in both], axis=0)
    common = np.flatnonzero(least >= minimum)
    if not len(common):
        return None
    patients = [name or sample for name, sample in zip(index["patient_id"], index["sample_id"], strict=True)]

    def part(chosen: Rows) -> Labelled:
        tokens = source.store.class_tokens(chosen)
        return Labelled(tokens, truth[chosen][:, common], tuple(patients[i] for i in chosen.tolist()))

    return LabelledImages(tuple(names[i] for i in common.tolist()), part(rows), part(source.held_out_rows))


def with_parents(labels: list[str] | tuple[str, ...]) -> set[str]:
    """Return labels and all that they imply."""
    found = set(labels)
    while more := {PARENTS[name] for name in found if name in PARENTS} - found:
        found |= more
    return found
