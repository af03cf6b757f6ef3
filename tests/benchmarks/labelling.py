"""What `saerad-train label` costs with so many images and so wide a dictionary, on made-up tokens.

    OMP_NUM_THREADS=1 .venv/bin/python -m tests.benchmarks.labelling [--images N] [--held-out N] [--features N] [--json]

One chunk is labelled twice for the processor time (the smaller counts), which is what other programs on the machine
change least, and once more for the peak of memory, counted by tracemalloc. Then duplicates are sought among all
features of the dictionary. Images have findings at random, each with
a direction of its own; features look along one of these.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import sparse

from engine.pack.manifest import OBSERVATIONS
from training.labelling.cases import NORMAL, Case, Claim
from training.labelling.chunk import ChunkJob, chunk_features, label_chunk
from training.labelling.images import LabelImages
from training.labelling.merge import duplicate_groups
from training.labelling.run import LabelOptions, chunk_task
from training.sae.folded import FloatArray, FoldedSae

WIDTH = 768
NAMES = tuple(name for name in OBSERVATIONS if name != NORMAL)
FIRING = 30
"""Images on which a feature fires, for the search for duplicates."""


def unit_rows(count: int, rng: np.random.Generator) -> FloatArray:
    rows = rng.standard_normal((count, WIDTH)).astype(np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def made_up_images(train: int, held_out: int, directions: FloatArray, rng: np.random.Generator) -> LabelImages:
    there = rng.random((train + held_out, len(NAMES))) < 0.08
    tokens = (
        0.3 * rng.standard_normal((len(there), WIDTH)).astype(np.float32) + 4 * there.astype(np.float32) @ directions
    )
    cases = tuple(
        Case(
            key=f"made-up/{n}",
            source="made-up",
            split="train",
            group=f"{n}",
            claims=tuple(Claim(name) for name, here in zip(NAMES, row, strict=True) if here),
            known=frozenset(NAMES),
            normal=not row.any(),
            sided=False,
            text="",
        )
        for n, row in enumerate(there)
    )
    return LabelImages(tokens[:train], cases[:train], tokens[train:], cases[train:], "store", "0" * 64)


def made_up_features(images: LabelImages, directions: FloatArray, rng: np.random.Generator) -> FoldedSae:
    """Return a chunk's features, each firing on a thousandth of the images or on those with a finding."""
    count = chunk_features(images.count)
    rows = unit_rows(count, rng) + directions[rng.integers(0, len(NAMES), count)]
    rows = np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)
    threshold = np.quantile(images.train[:2000] @ rows.T, 0.999, axis=0).astype(np.float32)
    return FoldedSae(rows, np.zeros(count, np.float32), threshold, np.zeros(WIDTH, np.float32), rows)


def cost(work: Callable[[], Any]) -> dict[str, float]:
    """Return processor seconds, the smaller of two, and the peak of memory in bytes."""
    seconds = []
    for _ in range(2):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return {"processor_s": round(min(seconds), 3), "peak_bytes": peak}


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--held-out", type=int, default=8192)
    parser.add_argument("--features", type=int, default=49_152)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    rng = np.random.default_rng(0)
    directions = unit_rows(len(NAMES), rng)
    images = made_up_images(args.images, args.held_out, directions, rng)
    sae = made_up_features(images, directions, rng)
    task = chunk_task(images, LabelOptions())
    chunk = cost(lambda: label_chunk(task, ChunkJob(0, 0, sae)))
    rows = rng.integers(0, args.images, FIRING * args.features)
    shape = (args.images, args.features)
    marks = sparse.csc_array(
        (np.ones(len(rows), bool), (rows, np.repeat(np.arange(args.features), FIRING))), shape=shape
    )
    texts = [f"finding {n}" if n % 3 == 0 else "no consistent finding" for n in rng.integers(0, 900, args.features)]
    every = unit_rows(args.features, rng)
    ids = list(range(args.features))
    duplicates = cost(lambda: duplicate_groups(ids, every, texts, marks, [False] * len(ids)))
    found = {
        "images": args.images,
        "held_out": args.held_out,
        "features": args.features,
        "features_a_chunk": sae.n_features,
        "chunk": chunk,
        "ms_a_feature": round(1000 * chunk["processor_s"] / sae.n_features, 3),
        "all_features_s": round(chunk["processor_s"] / sae.n_features * args.features, 1),
        "duplicates": duplicates,
    }
    text = json.dumps(found) if args.json else "\n".join(f"{name}: {value}" for name, value in found.items())
    sys.stdout.write(text + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
