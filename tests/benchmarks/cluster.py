"""What work on a Ray cluster costs: images a second of a harvest, tokens a second of a training step, bytes that move.

    .venv/bin/python -m tests.benchmarks.cluster --out docs/cluster [--rounds 3] [--features 3072,12288,49152]

Harvest: phantoms of 1024 pixels through the demo pack's encoder, shards of 25, by this process (one reader) and by one
and two workers of a local cluster (one reader and one thread of the encoder each); its start is measured apart.
Training: TopK, d 768, k 32, batch 4096, float32; whole steps, by this process with one and two threads, and by one and
two workers of one thread each, one and two parts a batch. "Moving" is the same step without its arithmetic: weights to
the workers, gradients back and summed. All take turns, so that other load hits them alike; figures are medians.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.benchmarks.cluster_page import draw, tables
from training.options import integers

# The processes that read images import this module: what is heavy is imported where it is used.
if TYPE_CHECKING:
    from engine.cluster.crew import Crew
    from training.activations.makers import ShardMaker
    from training.activations.rows import HarvestRow
    from training.sae.parts import FloatArray, PartResult, PartTask

D_MODEL, K, SHARD_ROWS = 768, 32, 25
Figures = dict[str, dict[str, list[float]]]


def seconds(work: Callable[[], object]) -> float:
    """Return how long a call takes."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def measure_harvest(figures: Figures, rows: Sequence[HarvestRow], counts: Sequence[int], out: Path) -> None:
    """Harvest so many images in every way; the first shard of a maker, which opens things, is not counted."""
    from engine.cluster.ray_crew import RayCrew
    from training.activations.makers import CrewMaker, LocalMaker
    from training.activations.opening import Opening

    def opening(threads: int) -> Opening:
        return Opening("demo", None, None, "last", "cpu", threads)

    def measure(name: str, maker: ShardMaker) -> None:
        for number, count in enumerate((2 * SHARD_ROWS, *counts)):
            folder = out / f"{name}-{len(list(out.iterdir()))}"
            taken = _harvest_seconds(rows[:count], maker, folder)
            if number:
                figures[name][f"{count} images"].append(taken)

    for threads in (1, 2):
        measure(f"no Ray, {threads} thread{'s' * (threads > 1)}", LocalMaker(opening(threads).open(), 1))
    for workers in (1, 2):
        begin = time.perf_counter()
        with RayCrew(f"local:{workers}") as crew:
            maker = CrewMaker(crew, opening(1), 1)
            name = f"Ray, {workers} worker{'s' * (workers > 1)}"
            figures[name]["start"].append(time.perf_counter() - begin)
            measure(name, maker)


def _harvest_seconds(rows: Sequence[HarvestRow], maker: ShardMaker, out: Path) -> float:
    from tests.benchmarks.harvest import Silent
    from training.activations.harvest import HarvestOptions, harvest

    options = HarvestOptions(shard_rows=SHARD_ROWS)
    return seconds(lambda: harvest(rows, maker, out, options, progress=Silent(), stop=lambda: False))


def measure_steps(figures: Figures, features: int, batch: int, crew: Crew, rounds: int) -> None:
    """Train so many rounds in every way, in turn; the first round warms up."""
    import torch

    from engine.cluster.crew import LocalCrew
    from training.sae.config import FitConfig, SaeConfig
    from training.sae.encoding import Scratch
    from training.sae.member import Member

    torch.set_num_threads(2)
    sae = SaeConfig("topk", features, 1e-4, k=K)
    x = torch.randn(batch, D_MODEL, generator=torch.Generator().manual_seed(0))
    ways: dict[str, tuple[Crew, int, int]] = {
        "no Ray, 1 thread": (LocalCrew(), 1, 1),
        "no Ray, 2 threads": (LocalCrew(), 2, 1),
        "Ray, 1 worker": (crew, 1, 1),
        "Ray, 2 workers": (crew, 1, 2),
    }
    members = {}
    for name, (who, threads, parts) in ways.items():
        run = FitConfig((sae,), 10_000, batch, threads=threads, parts=parts, log_every=10_000).resolved()
        members[name] = Member(sae, run, D_MODEL, Scratch(), crew=who)
        with torch.no_grad():
            members[name].start(x[:1024])
    for number in range(rounds + 1):
        for name, (who, threads, parts) in ways.items():
            torch.set_num_threads(threads)
            with torch.no_grad():
                taken = seconds(lambda name=name, number=number: members[name].step(x, number))  # type: ignore[misc]
            if number:
                figures[name][f"F {features}"].append(taken)
            if who is crew:
                moved = seconds(lambda name=name, parts=parts: _move(crew, members[name].model, parts))  # type: ignore[misc]
                figures[name][f"F {features} moving"].append(moved)


def _move(crew: Crew, model: Any, parts: int) -> None:
    """Let weights and gradients travel as in a step."""
    import torch

    from training.sae.architectures import Shape
    from training.sae.parts import Design, PartTask, sum_up

    design = Design("topk", Shape(D_MODEL, model.n_features, K), low_precision=False)
    weights = {name: value.numpy() for name, value in model.named_parameters()}
    task = PartTask(design, weights, 0.0, None, 1, residual=False)
    sum_up(model, crew.map(no_gradients, task, [torch.zeros(1, D_MODEL).numpy()] * parts), parts)


def no_gradients(task: PartTask, x: FloatArray) -> PartResult:
    """Take the weights over as a part does, and hand its memory for gradients back."""
    import numpy as np

    from training.sae.architectures.base import grad
    from training.sae.parts import PartResult, kept_model

    model = kept_model(task.design)
    for name, value in model.named_parameters():
        np.copyto(value.numpy(), task.weights[name])
    gradients = {name: grad(value).numpy() for name, value in model.named_parameters()}
    return PartResult({}, len(x), np.zeros(model.n_features, np.int64), None, None, gradients)


def medians(figures: Figures) -> dict[str, dict[str, float]]:
    """Return the median of every list."""
    return {name: {key: statistics.median(found) for key, found in values.items()} for name, values in figures.items()}


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    from engine.cluster.ray_crew import RayCrew
    from tests.benchmarks.harvest import draw as draw_phantoms
    from training.activations.rows import folder_rows
    from training.benchmarks.machine import machine

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=integers, default=(50, 100, 200), help="(default 50,100,200)")
    parser.add_argument("--features", type=integers, default=(3072, 12288, 49152), help="(default 3072,12288,49152)")
    parser.add_argument("--batch", type=int, default=4096)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, help="folder of the figures and the plot")
    args = parser.parse_args(argv)
    harvested: Figures = defaultdict(lambda: defaultdict(list))
    trained: Figures = defaultdict(lambda: defaultdict(list))
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        rows = folder_rows(draw_phantoms(work, max(args.images)))
        for number in range(args.rounds):
            (work / f"round-{number}").mkdir()
            measure_harvest(harvested, rows, args.images, work / f"round-{number}")
    with RayCrew("local:2") as crew:
        for features in args.features:
            measure_steps(trained, features, args.batch, crew, args.rounds)
    result = {
        "machine": machine(),
        "rounds": args.rounds,
        "batch": args.batch,
        "counts": args.images,
        "features": args.features,
        "harvest": medians(harvested),
        "fit": medians(trained),
        "d_model": D_MODEL,
    }
    sys.stdout.write(tables(result))
    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
        (args.out / "cluster.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        draw(result, args.out / "cluster.png")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
