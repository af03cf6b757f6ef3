"""Small stores whose numbers say where they came from, and small pictures to harvest."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from tests.engine.pictures import picture
from tests.engine.toy_pack import encoder_spec
from training.activations.layout import DType, Recipe
from training.activations.rows import HarvestRow, rows_sha256
from training.activations.shard import Failure, ShardContent
from training.activations.store import ActivationStore
from training.activations.writer import StoreWriter

SPLITS = ("train", "train", "val", "test")


def write_pictures(folder: Path, count: int) -> Path:
    """Write tile patterns as PNG files ``000.png``, ``001.png``, …"""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        grey = (picture(seed=number) // 16).astype(np.uint8)
        Image.fromarray(grey).save(folder / f"{number:03d}.png")
    return folder


def toy_rows(count: int) -> list[HarvestRow]:
    """Rows of images that nobody opens."""
    return [
        HarvestRow(f"image-{n}", Path(f"{n}.png"), f"{n}.png", SPLITS[n % 4], f"patient-{n // 2}", ("Edema",))
        for n in range(count)
    ]


def toy_recipe(
    rows: list[HarvestRow], shard_rows: int, *, side: int = 8, width: int = 4, dtype: DType = "float32"
) -> Recipe:
    """A recipe of a store with side x side patches."""
    spec = encoder_spec().model_copy(update={"patch_rows": side, "patch_columns": side, "d_model": width})
    return Recipe(
        encoder_sha256="0" * 64,
        spec=spec,
        layer="last",
        runtime="none",
        tokens="class+patches",
        dtype=dtype,
        batch=4,
        shard_rows=shard_rows,
        images=len(rows),
        rows_sha256=rows_sha256(rows),
    )


def toy_content(
    rows: list[HarvestRow], start: int, recipe: Recipe, failed: frozenset[str] = frozenset()
) -> ShardContent:
    """Tokens that tell the number of their image (first number) and of their patch (second; -1 the class token)."""
    kept = [(start + place, row) for place, row in enumerate(rows) if row.sample_id not in failed]
    numbers = np.array([number for number, _ in kept], dtype=np.float32)
    class_token = np.zeros((len(kept), recipe.spec.d_model), recipe.dtype)
    class_token[:, 0], class_token[:, 1] = numbers, -1
    patch_tokens = np.zeros((len(kept), recipe.patches, recipe.spec.d_model), recipe.dtype)
    patch_tokens[:, :, 0], patch_tokens[:, :, 1] = numbers[:, None], np.arange(recipe.patches)
    return ShardContent(
        sample_ids=tuple(row.sample_id for _, row in kept),
        class_token=class_token,
        patch_tokens=patch_tokens,
        failures=tuple(Failure(row.sample_id, row.name, "NOT_DICOM", "no") for row in rows if row.sample_id in failed),
    )


def toy_store(folder: Path, count: int, shard_rows: int, *, side: int = 8, width: int = 4) -> ActivationStore:
    """Write and open a finished store of `count` images."""
    rows = toy_rows(count)
    recipe = toy_recipe(rows, shard_rows, side=side, width=width)
    with StoreWriter(folder, recipe) as writer:
        for number in writer.missing:
            start = number * shard_rows
            writer.add(number, toy_content(rows[start : start + shard_rows], start, recipe))
        writer.finish(rows)
    return ActivationStore(folder)
