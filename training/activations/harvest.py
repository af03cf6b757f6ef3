"""From images and an encoder to a store of activations, in an order and to the last bit independent of who works."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from engine.errors import UsageError
from training.activations.encoders import EncoderIdentity
from training.activations.layout import DType, Recipe, Tokens
from training.activations.makers import ShardMaker
from training.activations.rows import HarvestRow, rows_sha256
from training.activations.writer import StoreWriter

SHARD_ROWS = 1024
SHARD_BYTES = 128 << 20
"""The default shard: 1024 images, or fewer where their tokens are more than this; it is put together in memory."""


@dataclass(frozen=True)
class HarvestOptions:
    """How to harvest.

    Attributes
    ----------
    tokens, dtype, batch
        See `training.activations.layout.Recipe`.
    shard_rows : int, optional
        Images a shard; None takes the default for their size.
    manifest_sha256 : str
    retry : bool
        Try images again that a former run could not harvest, by making their shards again.
    """

    tokens: Tokens = "class"
    dtype: DType = "float16"
    batch: int = 16
    shard_rows: int | None = None
    manifest_sha256: str = ""
    retry: bool = False


@dataclass(frozen=True)
class HarvestResult:
    """What a run did.

    Attributes
    ----------
    complete : bool
        Whether the store is finished.
    images_done, images_new : int
        Images in finished shards, and those of them that this run added.
    seconds : float
        Of this run's work.
    redone : tuple of str
        Damaged shards that were made again.
    """

    complete: bool
    images_done: int
    images_new: int
    seconds: float
    redone: tuple[str, ...]


class Progress(Protocol):
    """Who is told how far a harvest is."""

    def begin(self, done: int) -> None:
        """Take note of the images that former runs have done."""

    def step(self) -> None:
        """Take note of one more image, harvested or failed."""


def make_recipe(rows: Sequence[HarvestRow], encoder: EncoderIdentity, options: HarvestOptions) -> Recipe:
    """Return what the store follows from.

    Raises
    ------
    UsageError
        ``HARVEST_ROWS`` when there is nothing to harvest.
    """
    if not rows:
        raise UsageError("HARVEST_ROWS", "there are no images to harvest", "check the manifest, the folder or --limit")
    spec = encoder.spec
    tokens = 1 + (spec.patch_rows * spec.patch_columns if options.tokens == "class+patches" else 0)
    image_bytes = tokens * spec.d_model * np.dtype(options.dtype).itemsize
    return Recipe(
        encoder_sha256=encoder.sha256,
        spec=spec,
        layer=encoder.layer,
        runtime=encoder.runtime,
        tokens=options.tokens,
        dtype=options.dtype,
        batch=options.batch,
        shard_rows=options.shard_rows or max(1, min(SHARD_ROWS, SHARD_BYTES // image_bytes)),
        images=len(rows),
        rows_sha256=rows_sha256(rows),
        manifest_sha256=options.manifest_sha256,
    )


def harvest(
    rows: Sequence[HarvestRow],
    maker: ShardMaker,
    out: Path,
    options: HarvestOptions,
    *,
    progress: Progress,
    stop: Callable[[], bool],
) -> HarvestResult:
    """Harvest into a folder, or go on with the store that lies there.

    A shard is made from fixed rows in fixed batches, so its bytes do not depend on who made it, kills or what was
    finished before. Only this process writes.

    Parameters
    ----------
    maker : ShardMaker
    progress : Progress
    stop : callable
        Asked behind every shard; True ends the run.

    Raises
    ------
    StoreError
        See `training.activations.writer.StoreWriter`; ``STORE_RANGE`` when float16 cannot hold the activations.
    InferenceError
        ``MODEL_FAILED``.
    WorkerError
        ``WORKER_NOT_STARTED``.
    SaeRadError
        ``CLUSTER_WORKER_DIED``.
    """
    recipe = make_recipe(rows, maker.encoder, options)
    with StoreWriter(out, recipe, retry=options.retry) as writer:
        before, missing = writer.images_done, writer.missing
        progress.begin(before)
        start = time.monotonic()
        parts = [rows[number * recipe.shard_rows : (number + 1) * recipe.shard_rows] for number in missing]
        with closing(maker.shards(parts, recipe, progress.step)) as contents:
            for number, content in zip(missing, contents, strict=True):
                writer.add(number, content)
                if stop():
                    break
        complete = not writer.missing
        if complete:
            writer.finish(rows)
        done = writer.images_done
        return HarvestResult(complete, done, done - before, time.monotonic() - start, writer.redone)
