"""`saerad-train bench heat-maps`: how well heat maps point, by method, beside baselines."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from engine.errors import UsageError
from training.status_line import tell

EXAMPLE = (
    "example: saerad-train bench heat-maps --pack resources/packs/demo --phantoms phantoms --data cxrtrain "
    "--out docs/heat-maps"
)
QUICK = 2


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Add the benchmark `heat-maps` to an argparse subparsers object."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "heat-maps",
        help="how well heat maps point, by method",
        description="Measure every method's heat maps on held-out phantoms and, with --data, on the boxes of NIH "
        "images and on lung masks, beside attention and noise.",
        epilog=EXAMPLE,
    )
    parser.add_argument("--pack", help="model pack: folder, .saepack or installed name (default: demo)")
    parser.add_argument(
        "--phantoms",
        type=Path,
        required=True,
        help="a set of 'saerad-train phantom', of which the "
        "test split is used: the one that the pack was built with, or another",
    )
    parser.add_argument("--data", type=Path, help="folder of cxrtrain.csv; without it phantoms only")
    parser.add_argument("--limit", type=int, default=200, help="images of each kind at most (default 200)")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} images of each kind: measures nothing")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads (default 2)")
    parser.add_argument("--seed", type=int, default=0, help="of the random maps (default 0)")
    parser.add_argument("--out", type=Path, help="folder for a page (README.md), figures and the JSON object")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run_heat_maps)
    return parser


def run_heat_maps(args: argparse.Namespace) -> int:
    """Measure, print and write; returns the exit code.

    Raises
    ------
    UsageError
        ``NO_FOLDER``, ``BENCH_OPTION``, or ``PHANTOM_NONE`` for a folder without phantoms.
    """
    from engine.pack.library import load_pack
    from training.benchmarks.machine import machine
    from training.evaluation.heat_maps.page import text, write_page
    from training.evaluation.heat_maps.run import measure_heat_maps

    for folder in (args.phantoms, args.data):
        if folder is not None and not folder.is_dir():
            raise UsageError("NO_FOLDER", f"there is no folder {folder}", "check the path")
    if min(args.limit, args.threads) < 1 or args.seed < 0:
        raise UsageError("BENCH_OPTION", "an option is out of range", "--limit and --threads are to be positive")
    before = machine()
    figures = measure_heat_maps(
        load_pack(args.pack),
        args.phantoms,
        args.data,
        limit=QUICK if args.quick else args.limit,
        threads=args.threads,
        seed=args.seed,
        progress=lambda message, share: tell(f"{share:4.0%} {message}"),
    )
    tell("")
    place = (
        f"{before['processor']}, {args.threads} threads, Python {before['python']}, load average "
        f"{before['load_average']} before the measurement."
    )
    if args.out is not None:
        write_page(figures, args.out, args.command_line, place)
    print(json.dumps(figures.to_json()) if args.json else text(figures), end="\n" if args.json else "")
    return 0
