"""`saerad-train evaluate reports`: measure reports against reference reports."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from engine.errors import UsageError

EXAMPLE = (
    "examples: saerad-train evaluate reports --candidates drafts.csv --references reports.csv --out measured\n"
    "          saerad-train evaluate reports --grounded examples.json"
)


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Add the command `reports` to the subparsers of `evaluate`."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "reports",
        help="measure reports against reference reports",
        description="Labels, findings with side and place, entailment judged by rules, BLEU, ROUGE-L and METEOR of "
        "candidate reports against references, with 95 % intervals.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--candidates", type=Path, help="CSV of candidates: id; report, or findings and impression")
    parser.add_argument("--references", type=Path, help="CSV of reference reports with the same ids")
    parser.add_argument(
        "--grounded", type=Path, help="instead of the two: JSON of divided reports with boxes (RadFact)"
    )
    parser.add_argument("--judge-pairs", type=Path, help="labelled sentences to test the judge on (default: RadFact's)")
    parser.add_argument(
        "--official",
        default="",
        metavar="LIST",
        help="also the scores of official packages that are installed with their weights, with commas: radgraph, "
        "f1chexbert, radfact, green",
    )
    parser.add_argument("--out", type=Path, help="folder for report-metrics.json and README.md")
    parser.add_argument("--seed", type=int, default=0, help="seed of the resamples (default 0)")
    parser.add_argument("--json", action="store_true", help="print the measures as one JSON object")
    parser.set_defaults(run=run_reports)
    return parser


def run_reports(args: argparse.Namespace) -> int:
    """Measure, write and print; returns the exit code.

    Raises
    ------
    UsageError
        For files that are not as they should be, or that do not fit together.
    """
    from engine.export.atomic import write_atomic
    from engine.text.lexicon import load_lexicon
    from training.evaluation.report_metrics.agreement import measure_agreement, read_pairs
    from training.evaluation.report_metrics.measure import RESAMPLES, measure_reports
    from training.evaluation.report_metrics.official import measure_official
    from training.evaluation.report_metrics.page import Evaluation, as_json, as_lines, as_markdown
    from training.evaluation.report_metrics.pairs import read_grounded, read_tables

    tables = (args.candidates, args.references)
    if (args.grounded is None) == (None in tables) or (args.grounded is not None and any(tables)):
        raise UsageError(
            "USAGE",
            "reports to measure are named by --candidates and --references, or by --grounded alone",
            "see saerad-train evaluate reports --help",
        )
    for path in (*tables, args.grounded, args.judge_pairs):
        if path is not None and not path.is_file():
            raise UsageError("USAGE", f"there is no file {path}", "check the path")
    lexicon = load_lexicon()
    agreement = measure_agreement(read_pairs(args.judge_pairs), lexicon)
    pairs = read_grounded(args.grounded, lexicon) if args.grounded else read_tables(*tables, lexicon)
    evaluation = Evaluation(
        reports=len(pairs),
        groups=len({pair.group for pair in pairs}),
        resamples=RESAMPLES,
        measured=measure_reports(pairs, lexicon, seed=args.seed),
        agreement=agreement,
        lexicon=f"{lexicon.language}, version {lexicon.version}",
        command=args.command_line,
        official=measure_official(
            [name.strip() for name in args.official.split(",") if name.strip()],
            [pair.candidate for pair in pairs],
            [pair.reference for pair in pairs],
        ),
    )
    if args.out is not None:
        write_atomic(args.out / "report-metrics.json", (json.dumps(as_json(evaluation), indent=1) + "\n").encode())
        write_atomic(args.out / "README.md", as_markdown(evaluation).encode())
    print(json.dumps(as_json(evaluation)) if args.json else as_lines(evaluation))
    return 0
