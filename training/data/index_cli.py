"""`saerad-train index`: list the images of a data set, with reports, labels, splits and hashes, in one manifest."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.cli.terminal import unknown_size
from engine.errors import DataError, UsageError

if TYPE_CHECKING:
    from training.data.listing import Listing, Problems
    from training.data.manifest import IndexRow

KINDS = ("mimic-cxr", "mimic-cxr-jpg", "openi", "nih-cxr14", "dicom")
EXAMPLE = (
    "example: saerad-train index mimic-cxr-jpg /data/mimic-cxr-jpg --reports /data/mimic-cxr-reports "
    "--out mimic.parquet --workers 8"
)


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Add the command `index` to an argparse subparsers object."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "index", help="list a data set in a manifest", description=__doc__, epilog=EXAMPLE
    )
    parser.add_argument("kind", choices=KINDS, metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("root", type=Path, metavar="ROOT", help="folder of the data set; it is never written to")
    parser.add_argument("--out", type=Path, required=True, help="the manifest, a Parquet file")
    parser.add_argument("--reports", type=Path, help="folder of the reports (default: ROOT); for dicom their CSV table")
    parser.add_argument("--no-reports", action="store_true", help="there are no reports")
    parser.add_argument("--tables", type=Path, help="folder of the data set's CSV tables (default: ROOT)")
    parser.add_argument(
        "--split",
        choices=("official", "hash"),
        help="the set's own lists, or a fixed hash of the patient (default: official where there is one)",
    )
    parser.add_argument("--limit", type=_positive, help="take at most this many images")
    parser.add_argument("--workers", type=_positive, default=2, help="files read at once (default 2)")
    parser.add_argument("--no-hash", action="store_true", help="do not read the images to hash them")
    parser.add_argument("--json", action="store_true", help="print the summary as one JSON object")
    parser.set_defaults(run=run)
    return parser


def run(args: argparse.Namespace) -> int:
    """Write the manifest and print a summary; returns 0, or 3 when a file failed or a split is not to be trusted.

    What was wrong stands in ``<manifest>.problems.csv`` beside the manifest.

    Raises
    ------
    UsageError
        For options that cannot be met.
    DataError
        ``INDEX_EMPTY`` when no image could be listed.
    """
    from tqdm import tqdm

    from training.data.index_summary import Summary
    from training.data.listing import Problems
    from training.data.manifest import write_manifest
    from training.data.measure import measure_rows

    _check(args)
    problems, summary = Problems(), Summary()
    problem_file = args.out.with_name(f"{args.out.stem}.problems.csv")
    listing = _listing(args, problems)
    total = min(filter(None, (listing.total, args.limit)), default=None)
    with tqdm(
        total=total, unit="image", desc="index", disable=not sys.stderr.isatty(), leave=False, **unknown_size()
    ) as bar:

        def counted() -> Iterator[IndexRow]:
            rows = islice(listing.rows, args.limit)
            for row in measure_rows(rows, args.root, problems, workers=args.workers, hashing=not args.no_hash):
                bar.update()
                yield row

        rows = summary.watch(counted())
        first = next(rows, None)
        if first is not None:
            write_manifest(
                chain([first], rows),
                args.out,
                source=listing.source,
                root=args.root.resolve().name,
                command=args.command_line,
                split_rule=listing.split_rule,
            )
    problems.write(problem_file)
    if first is None:
        hint = f"see {problem_file}" if problems.found else "check the folder"
        raise DataError("INDEX_EMPTY", f"no image of {args.root} could be listed; no manifest was written", hint)
    print(json.dumps(summary.as_json(listing, problems)) if args.json else summary.as_text(listing, problems))
    if problems.serious:
        print(f"some files failed or splits overlap: see {problem_file}", file=sys.stderr)
        return 3
    return 0


def _check(args: argparse.Namespace) -> None:
    for folder in (args.root, args.tables):
        if folder is not None and not folder.is_dir():
            raise UsageError("NO_FOLDER", f"there is no folder {folder}", "check the path")
    if args.reports is not None and not args.reports.exists():
        raise UsageError("INDEX_REPORTS", f"there is nothing at {args.reports}", "check the path")
    if args.out.is_dir() or args.out.resolve().is_relative_to(args.root.resolve()):
        raise UsageError(
            "INDEX_OUT",
            f"{args.out} is a folder or lies in the data set, which is never written to",
            "name a file elsewhere",
        )


def _listing(args: argparse.Namespace, problems: Problems) -> Listing:
    """Return what the adapter of this kind lists."""
    from training.data.listing import Request

    request = Request(
        root=args.root,
        reports=args.reports,
        no_reports=args.no_reports,
        tables=args.tables or args.root,
        split=args.split,
        limit=args.limit,
        workers=args.workers,
    )
    if args.kind in ("mimic-cxr", "mimic-cxr-jpg"):
        from training.data.mimic_cxr import list_mimic

        return list_mimic(args.kind, request, problems)
    if args.kind == "openi":
        from training.data.openi import list_openi

        return list_openi(request, problems)
    if args.kind == "nih-cxr14":
        from training.data.nih_cxr14 import list_nih

        return list_nih(request, problems)
    from training.data.dicom_table import list_dicom

    return list_dicom(request, problems)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number
