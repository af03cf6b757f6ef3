"""What fixes a training run of the demo encoder: sizes, schedule, loss, balance."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from training.encoder.dataset import ImageSet
from training.encoder.model import LATE, LossWeights
from training.encoder.vit import VitConfig

PIXEL_MEAN, PIXEL_STD = 0.55, 0.27
"""Mean and standard deviation of the encoder's input after the percentile rule, of all three (equal) channels."""

SHARES = {
    "phantom-thin": 0.3,
    "phantom-finding": 0.24,
    "phantom-normal": 0.26,
    "nih-abnormal": 0.09,
    "nih-normal": 0.09,
    "other": 0.02,
}
"""Share of each kind of image in a batch.

Thin tubes and nodules cover few pixels and are learnt last: phantoms with one are drawn more often than they occur.

Normals are nearly as frequent among phantoms as among real images, or the look of a background would predict disease.
"rsna-normal" is evaluated only, for its labels may not ship.
"""


@dataclass(frozen=True)
class OptimiserConfig:
    """Schedule and optimiser.

    Attributes
    ----------
    steps : int or None
        Length of the run in steps; None: until ``seconds`` are over.
    seconds : float
        Wall-clock budget, over all resumed runs, when ``steps`` is None.
    warmup : float
        Share of the run in which the rate rises.
    average : float
        Decay of the averaged weights.
    """

    steps: int | None = None
    seconds: float = 4500.0
    batch_size: int = 32
    rate: float = 1e-3
    final_rate: float = 1e-5
    weight_decay: float = 0.05
    warmup: float = 0.03
    clip: float = 1.0
    average: float = 0.998


@dataclass(frozen=True)
class EncoderTrainingConfig:
    """Everything that fixes a run, apart from its data.

    Attributes
    ----------
    kept_patches : float
        Share of patches kept in training (PatchDropout).
    whole_after : float
        Progress, 0..1, from which all patches are kept, as they are in use.
    validate_every, save_every : float
        Seconds between validations and between checkpoints.
    late : tuple of float
        Progress between which the late terms of the loss rise to their weights; (0, 0) where the encoder knows its
        findings from the start.
    bfloat16 : bool
        Mixed precision on the CPU.
    """

    vit: VitConfig = field(default_factory=VitConfig)
    optimiser: OptimiserConfig = field(default_factory=OptimiserConfig)
    loss: LossWeights = field(default_factory=LossWeights)
    shares: dict[str, float] = field(default_factory=lambda: dict(SHARES))
    kept_patches: float = 1.0
    whole_after: float = 0.75
    validate_every: float = 300.0
    save_every: float = 120.0
    late: tuple[float, float] = LATE
    seed: int = 1
    threads: int = 2
    bfloat16: bool = True


@dataclass(frozen=True)
class TrainingData:
    """Images and the names of their targets and mask channels."""

    train: ImageSet
    validation: ImageSet
    outputs: tuple[str, ...]
    channels: tuple[str, ...]


def learning_rate(config: OptimiserConfig, progress: float) -> float:
    """Return the rate at a progress of 0..1: linear warm-up, then a cosine to the final rate."""
    if progress < config.warmup:
        return config.rate * max(progress / config.warmup, 1e-3)
    phase = min((progress - config.warmup) / (1.0 - config.warmup), 1.0)
    return config.final_rate + 0.5 * (config.rate - config.final_rate) * (1.0 + math.cos(math.pi * phase))
