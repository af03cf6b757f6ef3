"""Images a second of `saerad-train harvest` against the plain loop that the demo pack is built with, in one run.

    .venv/bin/python -m tests.benchmarks.harvest [--images DIR] [--count 400] [--rounds 3] [--workers N] [--json]

Both read with the engine's reader, preprocess with the engine's code and run the demo pack's encoder with as many
threads; the loop (`training.encoder.embed.describe_images`) does one after the other and keeps nothing, the harvest
decodes in processes of its own and writes a finished store. The start of the processes and the writing count. Rounds
take turns, so that other load hits both alike; the ratio is the median of the rounds' ratios. Processor time is given
beside it, of all processes together: on a machine with free cores images a second follow from how it is shared out, on
a busy one from how much there is. Without --images phantoms of 1024 pixels are drawn first.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

# The worker processes import this module: what is heavy is imported where it is used, as the command line does it.
if TYPE_CHECKING:
    import numpy as np

    from training.activations.rows import HarvestRow
    from training.activations.store import ActivationStore


class Silent:
    """Progress that nobody watches."""

    def begin(self, done: int) -> None:
        """Nothing."""

    def step(self) -> None:
        """Nothing."""


def plain_loop(rows: Sequence[HarvestRow], threads: int) -> tuple[float, np.ndarray]:  # type: ignore[type-arg]
    """Seconds of the loop, and its class tokens."""
    from engine.dicom.files import read_radiograph
    from engine.pack.library import load_pack
    from training.encoder.embed import describe_images, open_encoder

    pack = load_pack("demo")
    start = time.perf_counter()
    session = open_encoder(pack.folder, threads=threads)
    images = (read_radiograph(row.path).display() for row in rows)
    tokens = describe_images(session, images, pack.manifest.encoder, "class_token")
    return time.perf_counter() - start, tokens


def full_harvest(rows: Sequence[HarvestRow], out: Path, threads: int, workers: int) -> tuple[float, ActivationStore]:
    """Seconds of a harvest, and its store."""
    from engine.pack.library import load_pack
    from training.activations.encoders import OnnxEncoder
    from training.activations.harvest import HarvestOptions, harvest
    from training.activations.makers import LocalMaker
    from training.activations.store import ActivationStore

    pack = load_pack("demo")
    start = time.perf_counter()
    encoder = OnnxEncoder(pack.encoder_bytes, pack.manifest.encoder, "last", "cpu", threads)
    options = HarvestOptions(dtype="float32")
    harvest(rows, LocalMaker(encoder, workers), out, options, progress=Silent(), stop=lambda: False)
    return time.perf_counter() - start, ActivationStore(out)


def processor_s() -> float:
    """Processor time of this process and of those it has ended, in seconds."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def draw(folder: Path, count: int) -> Path:
    """Draw a few phantoms and copy them under as many names as are wanted."""
    from PIL import Image

    from training.data.phantom.dataset import write_phantoms

    records = write_phantoms(folder / "set", min(count, 16), seed=5, size=1024, progress=False)
    images = folder / "images"
    images.mkdir()
    for number in range(count):
        with Image.open(records[number % len(records)].image_path) as picture:
            picture.save(images / f"{number:05d}.png", compress_level=1)
    return images


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    import numpy as np

    from engine.inference.devices import usable_cores
    from training.activations.rows import folder_rows

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=Path, help="folder of images that the gate lets through")
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=usable_cores())
    parser.add_argument("--workers", type=int, default=usable_cores())
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        rows = folder_rows(args.images or draw(work, args.count))[: args.count]
        ours, peers, cpu = [], [], {"harvest": 0.0, "describe_images": 0.0}
        for number in range(args.rounds):
            before = processor_s()
            seconds, tokens = plain_loop(rows, args.threads)
            between = processor_s()
            peers.append(len(rows) / seconds)
            seconds, store = full_harvest(rows, work / f"store-{number}", args.threads, args.workers)
            ours.append(len(rows) / seconds)
            cpu["describe_images"] += 1000 * (between - before) / len(rows) / args.rounds
            cpu["harvest"] += 1000 * (processor_s() - between) / len(rows) / args.rounds
            kept = [int(i) for i, row in enumerate(rows) if row.sample_id in set(_ids(store))]
            difference = float(np.abs(store.class_tokens(np.arange(store.rows)) - tokens[kept]).max())
    result = {
        "ours": statistics.median(ours),
        "peers": {"describe_images": statistics.median(peers)},
        "ratio": statistics.median(a / b for a, b in zip(ours, peers, strict=True)),
        "unit": "images/s",
        "processor_ms_an_image": {name: round(value, 1) for name, value in cpu.items()},
        "images": len(rows),
        "harvested": store.rows,
        "workers": args.workers,
        "threads": args.threads,
        "largest_difference": difference,
    }
    used = ", ".join(f"{name} {value:.0f} ms" for name, value in cpu.items())
    words = (
        f"harvest {result['ours']:.1f} images/s, plain loop {statistics.median(peers):.1f}, "
        f"ratio {result['ratio']:.2f}; processor time an image: {used}; tokens differ by {difference:.1e} at most"
    )
    sys.stdout.write((json.dumps(result) if args.json else words) + "\n")
    return 0


def _ids(store: ActivationStore) -> list[str]:
    found: list[str] = store.index(["sample_id"])["sample_id"].to_pylist()
    return found


if __name__ == "__main__":
    raise SystemExit(main())
