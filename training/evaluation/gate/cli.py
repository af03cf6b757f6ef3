"""`saerad-train bench gate`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from engine.errors import UsageError
from training.status_line import tell

EXAMPLE = "example: saerad-train bench gate --data data --out docs/gate"
QUICK_LIMIT = 8


def add_parser(commands: Any) -> None:
    """Add the benchmark `gate` to the argparse subparsers object of `bench`."""
    gate: argparse.ArgumentParser = commands.add_parser(
        "gate",
        help="chests that pass the input gate of a pack and other pictures that it refuses",
        description="Put held-out chests and many other pictures, as files, before a pack's input gate.",
        epilog=EXAMPLE,
    )
    gate.add_argument("--data", type=Path, required=True, help="folder with cxrtrain, cxr_open and dicom")
    gate.add_argument("--pack", default="demo", help="folder, .saepack or installed name (default demo)")
    gate.add_argument("--photographs", type=Path, help="folder of photographs, searched (PNG, JPEG)")
    gate.add_argument("--limit", type=int, default=200, help="most chests of one source (default 200)")
    gate.add_argument("--quick", action="store_true", help=f"as --limit {QUICK_LIMIT}")
    gate.add_argument("--threads", type=int, default=2, help="CPU threads (default 2)")
    gate.add_argument("--out", type=Path, help="folder for a table (Markdown), a picture (PNG) and the JSON object")
    gate.add_argument("--json", action="store_true", help="print one JSON object")
    gate.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    from training.evaluation.gate.page import as_json, as_table, write_report
    from training.evaluation.gate.run import GateOptions, measure_gate

    if args.limit < 1 or args.threads < 1:
        raise UsageError("BENCH_OPTION", "an option is out of range", "numbers are to be positive")
    for folder in (args.data, args.photographs):
        if folder is not None and not folder.is_dir():
            raise UsageError("NO_FOLDER", f"there is no folder {folder}", "check the path")
    if not (args.data / "cxrtrain" / "cxrtrain.csv").is_file():
        raise UsageError("NO_FOLDER", f"{args.data} holds no cxrtrain/cxrtrain.csv", "name the folder above it")
    limit = QUICK_LIMIT if args.quick else args.limit
    options = GateOptions(
        pack=args.pack, data=args.data, photographs=args.photographs, limit=limit, threads=args.threads
    )
    outcomes = measure_gate(options, tell)
    tell("")
    settings = {"command": args.command_line, "pack": str(args.pack), "limit": limit}
    if args.out is not None:
        write_report(outcomes, settings, args.out)
    print(json.dumps(as_json(outcomes, settings)) if args.json else as_table(outcomes), end="\n" if args.json else "")
    return 0
