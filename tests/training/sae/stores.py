"""Stores of given class tokens, splits, patients and labels."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from engine.pack.library import InstalledPack
from tests.engine.toy_pack import encoder_spec
from training.activations.layout import Recipe
from training.activations.rows import HarvestRow, rows_sha256
from training.activations.shard import ShardContent
from training.activations.store import ActivationStore
from training.activations.stream import FloatArray
from training.activations.writer import StoreWriter

SHARD = 256


def store_of(
    folder: Path,
    tokens: FloatArray,
    splits: Sequence[str],
    *,
    patients: Sequence[str] | None = None,
    labels: Sequence[tuple[str, ...]] | None = None,
    taken: InstalledPack | None = None,
) -> ActivationStore:
    """Write a finished store, four patch tokens an image (the class token, shifted); `taken` owns the encoder."""
    rows = [
        HarvestRow(
            f"image-{n}",
            Path(f"{n}.png"),
            f"{n}.png",
            split,
            patients[n] if patients else f"patient-{n}",
            labels[n] if labels else (),
        )
        for n, split in enumerate(splits)
    ]
    spec = encoder_spec().model_copy(update={"patch_rows": 2, "patch_columns": 2, "d_model": tokens.shape[1]})
    if taken is not None:
        spec = taken.manifest.encoder
    recipe = Recipe(
        encoder_sha256=hashlib.sha256(taken.encoder_bytes if taken else b"").hexdigest(),
        spec=spec,
        layer="last",
        runtime="none",
        tokens="class" if taken else "class+patches",
        dtype="float32",
        batch=4,
        shard_rows=SHARD,
        images=len(rows),
        rows_sha256=rows_sha256(rows),
    )
    with StoreWriter(folder, recipe) as writer:
        for number in writer.missing:
            part = slice(number * SHARD, min((number + 1) * SHARD, len(rows)))
            rows_here = tuple(row.sample_id for row in rows[part])
            if taken is not None:
                writer.add(number, ShardContent(rows_here, tokens[part], None, ()))
                continue
            patches = np.repeat(tokens[part, None], 4, axis=1) + np.arange(4, dtype=np.float32)[None, :, None]
            writer.add(number, ShardContent(rows_here, tokens[part], patches, ()))
        writer.finish(rows)
    return ActivationStore(folder)
