"""Measure this program beside other libraries; JSON has always the keys ours, peers and ratio (> 1: ours is better)."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.errors import UsageError
from training.evaluation.heat_maps.cli import add_parser as add_heat_maps
from training.options import integers, names, numbers
from training.status_line import tell

EXAMPLE = (
    "examples: saerad-train bench sae-throughput --features 12288 --rounds 5 --out docs/benchmarks\n"
    "          saerad-train bench sae-quality --json\n"
    "          saerad-train bench sae-throughput --quick --no-peers"
)
CASES = "gated, gated-sae-rad, topk, batchtopk"


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Add the command `bench` to an argparse subparsers object."""
    from training.evaluation.gate.cli import add_parser as add_gate

    parser: argparse.ArgumentParser = subparsers.add_parser(
        "bench",
        help="measure speed and quality beside other libraries",
        description=__doc__,
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="name", required=True, metavar="NAME")
    speed = commands.add_parser("sae-throughput", help="tokens a second of a training step")
    speed.add_argument("--features", type=integers, help="widths (default 12288,49152)")
    speed.add_argument("--d-model", type=int, help="length of a row (default 768)")
    speed.add_argument("--batch", type=int, help="rows a step (default 4096)")
    speed.add_argument("--rounds", type=int, help="each trainer does one step a round (default 5)")
    speed.add_argument("--l0", type=float, help="mean active latents that our gated step begins with (default 64)")
    speed.set_defaults(run=_throughput)
    quality = commands.add_parser("sae-quality", help="recovery of a known dictionary")
    quality.add_argument("--steps", type=int, help="steps of 512 rows (default 4000)")
    quality.add_argument("--rates", type=numbers, help="learning rates to choose from (default 0.001,0.003,0.01)")
    quality.set_defaults(run=_quality)
    encoder = commands.add_parser("encoder", help="one image through an encoder of RAD-DINO's size")
    encoder.add_argument("--rounds", type=int, help="each does one image a round (default 7)")
    encoder.add_argument("--outliers", action="store_true", help="weights with a few dominating channels")
    encoder.set_defaults(run=_encoder)
    add_heat_maps(commands)
    add_gate(commands)
    for one in (speed, quality):
        one.add_argument("--arch", type=names, default=(), help=f"of {CASES} (default all)")
        one.add_argument("--env", type=Path, default=Path("build/bench-env"), help="the other libraries' environment")
    for one in (speed, quality, encoder):
        one.add_argument("--quick", action="store_true", help="small sizes: shows that it works, measures nothing")
        one.add_argument("--no-peers", action="store_true", help="measure ours alone; installs nothing")
        one.add_argument("--threads", type=int, default=2, help="CPU threads (default 2)")
        one.add_argument("--seed", type=int, default=0, help="of data and starts (default 0)")
        one.add_argument("--out", type=Path, help="folder for a table (Markdown), a chart (PNG) and the JSON object")
        one.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def _throughput(args: argparse.Namespace) -> int:
    from training.benchmarks.cases import chosen
    from training.benchmarks.report import THROUGHPUT
    from training.benchmarks.throughput import ThroughputOptions, measure_throughput

    quick = {"features": (1024,), "d_model": 128, "batch": 512, "rounds": 2} if args.quick else {}
    given = _given(args, "features", "d_model", "batch", "rounds", "l0")
    options = ThroughputOptions(cases=chosen(args.arch), threads=args.threads, seed=args.seed, **{**quick, **given})
    _positive(*options.features, options.d_model, options.batch, options.rounds, options.l0, options.threads)
    if min(options.features) <= options.l0:
        raise UsageError("BENCH_OPTION", "so few latents cannot be sparse", f"more than {options.l0:g}")
    return _measured(args, lambda start: measure_throughput(options, start, tell), THROUGHPUT)


def _quality(args: argparse.Namespace) -> int:
    from training.benchmarks.cases import chosen
    from training.benchmarks.quality import QualityOptions, measure_quality
    from training.benchmarks.report import QUALITY

    quick = {"steps": 200, "rates": (3e-3,)} if args.quick else {}
    given = _given(args, "steps", "rates")
    options = QualityOptions(cases=chosen(args.arch), threads=args.threads, seed=args.seed, **{**quick, **given})
    _positive(options.steps, *options.rates, options.threads)
    return _measured(args, lambda start: measure_quality(options, start, tell), QUALITY)


def _encoder(args: argparse.Namespace) -> int:
    from training.benchmarks.encoder import EncoderOptions, measure_encoder
    from training.benchmarks.encoder_peers import encoder_peers
    from training.benchmarks.report import ENCODER

    quick = {"d_model": 96, "layers": 3, "heads": 4, "image": 70, "rounds": 2, "features": 1024} if args.quick else {}
    options = EncoderOptions(
        threads=args.threads, seed=args.seed, outliers=args.outliers, **{**quick, **_given(args, "rounds")}
    )
    _positive(options.rounds, options.threads)
    notes = ["the other libraries were left out (--no-peers)"] if args.no_peers else []
    peers = None if args.no_peers else encoder_peers
    return _finished(args, lambda: measure_encoder(options, peers, tell), ENCODER, notes)


def _measured(args: argparse.Namespace, measure: Callable[[Any], Any], report: Any) -> int:
    """Measure with the libraries where they can be had."""
    from training.benchmarks.peers.child import NOT_MEASURED, Child
    from training.benchmarks.peers.environment import prepare

    notes: list[str] = []
    start = None
    if args.no_peers:
        notes.append("the other libraries were left out (--no-peers)")
    else:
        tell("the other libraries' environment")
        environment = prepare(args.env)
        if environment.python is None:
            notes.append(environment.problem)
        else:
            python = environment.python
            notes.append(NOT_MEASURED)

            def start(adapter: str) -> Child:
                return Child(python, adapter, args.threads)

    return _finished(args, lambda: measure(start), report, notes)


def _finished(args: argparse.Namespace, measure: Callable[[], Any], report: Any, notes: list[str]) -> int:
    """Measure; print, and write the report where it is asked for."""
    from training.benchmarks.machine import machine
    from training.benchmarks.timing import load_average

    before = machine()
    result = measure()
    tell("")
    result.notes[:0] = notes
    result.machine = before | {"load_average_after": load_average()}
    result.settings["command"] = args.command_line
    if args.out:
        report.write(result, args.out)
    print(json.dumps(result.to_json()) if args.json else report.text(result), end="\n" if args.json else "")
    return 0


def _given(args: argparse.Namespace, *names: str) -> dict[str, Any]:
    return {name: getattr(args, name) for name in names if getattr(args, name) is not None}


def _positive(*values: float) -> None:
    if min(values) <= 0:
        raise UsageError("BENCH_OPTION", "an option is out of range", "numbers are to be positive")
