"""A store whose first directions are findings, and an autoencoder trained on it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tests.training.sae.stores import store_of
from training.activations.store import ActivationStore
from training.activations.stream import FloatArray
from training.cli import main

WIDTH, IMAGES = 32, 900
SPLITS = ["val" if n % 3 == 0 else "train" for n in range(IMAGES)]
NAMES = ("Pleural Effusion", "Edema")


def tokens_of(
    width: int, count: int = IMAGES, names: Sequence[str] = NAMES
) -> tuple[FloatArray, list[tuple[str, ...]]]:
    """Sparse sums of directions; the first direction is the first finding, and so on."""
    rng = np.random.default_rng(0)
    active = rng.random((count, 2 * width)) < 0.12
    directions = rng.standard_normal((2 * width, width))
    strength = np.where(np.arange(2 * width) < len(names), 2.0, 1.0)
    labels = [tuple(name for name, here in zip(names, row[: len(names)], strict=True) if here) for row in active]
    return (active * strength * (1 + rng.random(active.shape)) @ directions).astype(np.float32), labels


def labelled_store(folder: Path, names: Sequence[str] = NAMES) -> ActivationStore:
    tokens, labels = tokens_of(WIDTH, names=names)
    return store_of(folder, tokens, SPLITS, labels=labels)


def train(store: Path, out: Path, *options: str) -> Path:
    """Train one autoencoder; returns its folder in the run."""
    common = ["--steps", "600", "--batch", "64", "--lr", "0.003", "--threads", "1", "--no-report"]
    assert main(["fit", "--store", str(store), "--out", str(out), *common, *options]) == 0
    return next(path.parent for path in out.glob("*/result.json"))
