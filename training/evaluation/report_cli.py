"""`saerad-train report`: measure runs of `saerad-train fit` and write their pages."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import UsageError
from training.status_line import tell_share

if TYPE_CHECKING:
    from training.evaluation.sae_report import SaeReport

EXAMPLE = (
    "examples: saerad-train report run\n          saerad-train report run-topk run-batchtopk run-gated --out comparison"
)


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Add the command `report` to an argparse subparsers object."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "report",
        help="measure trained autoencoders and write a page with figures",
        description="Measure each run on what it held out and write README.md, report.json and figures into its "
        "folder; with several runs, one page over all of them into OUT.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="folder of a run of 'saerad-train fit'")
    parser.add_argument("--out", type=Path, help="folder of the page over several runs")
    parser.add_argument("--measured", action="store_true", help="take the measures that the runs have, where they have")
    data = parser.add_mutually_exclusive_group()
    data.add_argument("--store", type=Path, help="where the store lies now (default: where it was)")
    data.add_argument("--tokens", type=Path, help="where the file of tokens lies now (default: where it was)")
    parser.add_argument("--no-verify", action="store_true", help="do not hash every byte of the store first")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads (default 2)")
    parser.add_argument("--json", action="store_true", help="print the measures as one JSON object")
    parser.set_defaults(run=run_report)
    return parser


def run_report(args: argparse.Namespace) -> int:
    """Measure and write; returns the exit code.

    Raises
    ------
    SaeRadError
        For folders without a finished run, and data that are not there or not those of the run.
    """
    import torch

    from training.evaluation.sae_report import REPORT_NAME, read_report
    from training.evaluation.sae_reporting import refuse_other_files, report_run, report_runs
    from training.sae.source import open_as_saved, read_identity

    if len(args.runs) > 1 and args.out is None:
        raise UsageError("USAGE", "there are several runs and no --out", "name the folder of the page over all of them")
    if args.out is not None:
        refuse_other_files(args.out)
    torch.set_num_threads(args.threads)
    saes: dict[str, SaeReport] = {}
    for folder in args.runs:
        if args.measured and (folder / REPORT_NAME).is_file():
            report = read_report(folder)
        else:
            source = open_as_saved(read_identity(folder), args.tokens, args.store, verify=not args.no_verify)
            report = report_run(folder, source, tell_share)
        saes |= {f"{folder / name}": sae for name, sae in report.saes.items()}
    if args.out is not None:
        report_runs(args.runs, args.out)
    if args.json:
        print(json.dumps({name: sae.model_dump(mode="json") for name, sae in saes.items()}))
        return 0
    for name, sae in saes.items():
        print(f"{name}: FVU {sae.held_out['fvu']:.4f}, L0 {sae.held_out['mean_l0']:.1f}")
    for folder in [args.out] if args.out is not None else args.runs:
        print(f"page: {folder / 'README.md'}")
    return 0
