"""A few bright squares on noise: a data set that the encoder can learn in seconds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from training.encoder.dataset import ImageSet
from training.encoder.model import LossWeights
from training.encoder.train import EncoderTrainingConfig, OptimiserConfig, TrainingData, train_encoder
from training.encoder.truth import MASK_GRID
from training.encoder.vit import VitConfig

VIT = VitConfig(image_size=48, width=24, depth=2, heads=2, mlp_ratio=2, stem_width=4, stem_blocks=1)
OUTPUTS = ("No Finding", "Lung Lesion", "Lung Lesion|left", "Lung Lesion|right", "Support Devices|pacemaker")
CHANNELS = ("Lung Lesion|left", "Lung Lesion|right", "Support Devices|pacemaker")


def toy_set(count: int, seed: int, split: str) -> ImageSet:
    """Return squares on the left or right half, or none; truth and masks complete."""
    rng = np.random.default_rng(seed)
    images = rng.integers(90, 140, size=(count, 64, 64)).astype(np.uint8)
    targets = np.zeros((count, len(OUTPUTS)), dtype=np.float32)
    masks = np.zeros((count, len(CHANNELS), MASK_GRID, MASK_GRID), dtype=np.uint8)
    for i in range(count):
        side = int(rng.integers(3))
        if side == 2:
            targets[i, 0] = 1.0
            continue
        row, column = int(rng.integers(8, 40)), int(rng.integers(6, 14)) + (30 if side == 0 else 0)
        images[i, row : row + 14, column : column + 14] = 250
        targets[i, 1] = targets[i, 2 + side] = 1.0
        masks[i, side, row // 2 : row // 2 + 7, column // 2 : column // 2 + 7] = 255
    return ImageSet(
        images=images,
        targets=targets,
        mask_rows=np.arange(count, dtype=np.int64),
        masks=masks,
        kinds=np.full(count, "phantom"),
        splits=np.full(count, split),
        groups=np.array([f"{split}{i}" for i in range(count)]),
        may_flip=np.zeros(count, dtype=np.bool_),
    )


def toy_data() -> TrainingData:
    """Return 96 training and 48 validation images."""
    return TrainingData(toy_set(96, 0, "train"), toy_set(48, 1, "val"), OUTPUTS, CHANNELS)


def toy_config(steps: int) -> EncoderTrainingConfig:
    """Return a run of a few seconds on one thread, in full precision."""
    return EncoderTrainingConfig(
        vit=VIT,
        optimiser=OptimiserConfig(steps=steps, batch_size=16, rate=3e-3, average=0.9),
        loss=LossWeights(),
        shares={"phantom": 1.0},
        kept_patches=0.75,
        validate_every=1e9,
        save_every=1e9,
        threads=1,
        bfloat16=False,
    )


def with_steps(config: EncoderTrainingConfig, steps: int) -> EncoderTrainingConfig:
    """Return the same run with another length."""
    return replace(config, optimiser=replace(config.optimiser, steps=steps))


def trained(folder: Path, steps: int = 40) -> Path:
    """Train the toy encoder and return its checkpoint."""
    return train_encoder(toy_config(steps), toy_data(), folder)
