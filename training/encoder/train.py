"""Training of the demo encoder: AdamW, cosine schedule over steps or wall-clock time, averaged weights, resumable."""

from __future__ import annotations

import copy
import json
import logging
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from tqdm import tqdm

from engine.cli.terminal import unknown_size
from training.encoder.checkpoint import (
    Checkpoint,
    flatten_optimizer,
    load_checkpoint,
    restore_optimizer,
    save_checkpoint,
)
from training.encoder.config import (
    PIXEL_MEAN,
    PIXEL_STD,
    EncoderTrainingConfig,
    OptimiserConfig,
    TrainingData,
    learning_rate,
)
from training.encoder.dataset import BatchSampler
from training.encoder.metrics import evaluate
from training.encoder.model import SupervisedEncoder, random_keep
from training.encoder.start import exported_vit, fit_heads
from training.interrupt import StopRequest

__all__ = [
    "PIXEL_MEAN",
    "PIXEL_STD",
    "EncoderTrainingConfig",
    "OptimiserConfig",
    "Trainer",
    "TrainingData",
    "run",
    "train_encoder",
]

logger = logging.getLogger(__name__)


class Trainer:
    """One run: model, averaged model, optimiser, and where it stands."""

    def __init__(self, config: EncoderTrainingConfig, data: TrainingData) -> None:
        torch.manual_seed(config.seed)
        self.config, self.data = config, data
        self.model = SupervisedEncoder(config.vit, data.outputs, data.channels)
        self.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = copy.deepcopy(self.model).eval()
        matrices = [p for p in self.model.parameters() if p.ndim >= 2]
        others = [p for p in self.model.parameters() if p.ndim < 2]
        decay = config.optimiser.weight_decay
        self.optimizer = torch.optim.AdamW(
            [{"params": matrices, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}],
            betas=(0.9, 0.99),
            fused=True,
        )
        self.sampler = BatchSampler(
            data.train,
            config.shares,
            size=config.vit.image_size,
            grid=config.vit.grid,
            mean=PIXEL_MEAN,
            std=PIXEL_STD,
        )
        self.step, self.elapsed = 0, 0.0
        self.figures: dict[str, float] = {}

    def progress(self) -> float:
        """Return how much of the run is done, 0..1."""
        optimiser = self.config.optimiser
        return self.step / optimiser.steps if optimiser.steps is not None else self.elapsed / optimiser.seconds

    def train_step(self) -> dict[str, float]:
        """Draw a batch, update the weights and their average; return the loss terms."""
        config = self.config
        seed = config.seed * 1_000_003 + self.step
        batch = self.sampler.draw(config.optimiser.batch_size, seed)
        patches = config.vit.grid**2
        keep = None
        if config.kept_patches < 1.0 and self.progress() < config.whole_after:
            generator = torch.Generator().manual_seed(seed)
            keep = random_keep(len(batch.pixels), patches, round(config.kept_patches * patches), generator)
        rate = learning_rate(config.optimiser, self.progress())
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.model.train()
        with torch.autocast("cpu", torch.bfloat16, enabled=config.bfloat16):
            loss, terms = self.model.losses(batch, config.loss.at(self.progress(), config.late), keep)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), config.optimiser.clip)
        self.optimizer.step()
        self.step += 1
        self._update_average()
        parts = {name: float(value) for name, value in terms.items()}
        return {"loss": float(loss.detach()), "norm": float(norm), "rate": rate, **parts}

    @torch.no_grad()
    def _update_average(self) -> None:
        # Early on a long average would still hold the random start.
        decay = min(self.config.optimiser.average, (1.0 + self.step) / (10.0 + self.step))
        target, source = self.average.state_dict(), self.model.state_dict()
        for name, value in target.items():
            if value.is_floating_point():
                value.lerp_(source[name], 1.0 - decay)
            else:
                value.copy_(source[name])

    def save(self, folder: Path) -> Path:
        """Write the state to ``folder``."""
        tensors: dict[str, Tensor] = {f"model.{k}": v for k, v in self.model.state_dict().items()}
        tensors |= {f"average.{k}": v for k, v in self.average.state_dict().items()}
        tensors |= flatten_optimizer(self.model, self.optimizer)
        meta: dict[str, Any] = {
            "vit": self.config.vit.to_dict(),
            "outputs": list(self.data.outputs),
            "channels": list(self.data.channels),
            "config": asdict(self.config),
            "figures": self.figures,
        }
        return save_checkpoint(folder, Checkpoint(self.step, self.elapsed, meta, tensors))

    def load(self, path: Path) -> None:
        """Continue from a checkpoint."""
        checkpoint = load_checkpoint(path)
        if tuple(checkpoint.meta["outputs"]) != self.data.outputs:
            raise ValueError(f"{path} was trained for other outputs than this data has")
        self.model.load_state_dict(checkpoint.part("model"))
        self.average.load_state_dict(checkpoint.part("average"))
        restore_optimizer(self.model, self.optimizer, checkpoint)
        self.step, self.elapsed = checkpoint.step, checkpoint.elapsed
        self.figures = dict(checkpoint.meta["figures"])

    def start_from(self, encoder: Path) -> None:
        """Begin with the weights of an exported encoder, and with heads fitted to them."""
        torch.set_num_threads(self.config.threads)
        self.model.vit.load_state_dict(exported_vit(encoder, self.config.vit).state_dict())
        loss = fit_heads(self.model, self.sampler, self.config)
        self.average.load_state_dict(self.model.state_dict())
        logger.info("heads fitted to %s, loss %.3f", encoder, loss)

    def validate(self) -> dict[str, float]:
        """Return the figures of the averaged weights on the validation images."""
        self.figures = evaluate(self.average, self.data.validation, mean=PIXEL_MEAN, std=PIXEL_STD)
        return self.figures


def run(trainer: Trainer, out_dir: Path) -> Path:
    """Train until the budget is spent or a signal comes; log to ``log.jsonl``, save to ``checkpoint.safetensors``.

    Returns
    -------
    Path
        The checkpoint.
    """
    config = trainer.config
    torch.set_num_threads(config.threads)
    out_dir.mkdir(parents=True, exist_ok=True)
    clock = last_validation = last_save = time.monotonic()
    sums: dict[str, float] = {}
    summed = 0
    with (
        StopRequest() as stopped,
        (out_dir / "log.jsonl").open("a", encoding="utf-8") as log,
        tqdm(total=1000, unit="‰", desc="encoder", disable=None, mininterval=1.0, **unknown_size()) as bar,
    ):

        def write(kind: str, values: dict[str, float]) -> None:
            row = {"kind": kind, "step": trainer.step, "elapsed": round(trainer.elapsed, 1)}
            log.write(json.dumps(row | {k: round(v, 5) for k, v in values.items()}) + "\n")
            log.flush()

        while trainer.progress() < 1.0 and not stopped():
            for name, value in trainer.train_step().items():
                sums[name] = sums.get(name, 0.0) + value
            summed += 1
            now = time.monotonic()
            trainer.elapsed += now - clock
            clock = now
            bar.update(int(trainer.progress() * 1000) - bar.n)
            if trainer.step % 50 == 0:
                means = {name: value / summed for name, value in sums.items()}
                write("train", means)
                bar.set_postfix(loss=f"{means['loss']:.3f}")
                sums, summed = {}, 0
            if now - last_validation >= config.validate_every:
                figures = trainer.validate()
                write("validation", figures)
                logger.info("step %d: %s", trainer.step, {k: round(v, 3) for k, v in figures.items()})
                last_validation = time.monotonic()
            if now - last_save >= config.save_every:
                trainer.save(out_dir)
                last_save = time.monotonic()
        write("validation", trainer.validate())
        return trainer.save(out_dir)


def train_encoder(
    config: EncoderTrainingConfig,
    data: TrainingData,
    out_dir: Path,
    *,
    resume: bool = True,
    start: Path | None = None,
) -> Path:
    """Train the demo encoder, or continue a run that was stopped.

    Parameters
    ----------
    config : EncoderTrainingConfig
    data : TrainingData
        Training and validation images (``training.encoder.sources.training_data``).
    out_dir : Path
        Receives ``checkpoint.safetensors``, ``checkpoint.json`` and ``log.jsonl``.
    resume : bool
        Continue from the checkpoint in ``out_dir``, if there is one.
    start : Path, optional
        ``encoder.onnx`` to begin with instead of random weights, where no checkpoint is continued.

    Returns
    -------
    Path
        The checkpoint, for ``export_encoder``.

    Raises
    ------
    KeyboardInterrupt
        When a signal ended the run early: it is saved, but nothing may be built on it yet.
    UsageError
        ``ENCODER_START`` when `start` is no demo encoder of the configured sizes.
    """
    trainer = Trainer(config, data)
    if resume and (out_dir / "checkpoint.safetensors").is_file():
        trainer.load(out_dir)
    elif start is not None:
        trainer.start_from(start)
    checkpoint = run(trainer, out_dir)
    if trainer.progress() < 1.0:
        raise KeyboardInterrupt(f"stopped at step {trainer.step}, saved in {checkpoint}")
    return checkpoint
