"""`saerad-train phantom`: draw a set of phantoms."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from engine.errors import UsageError

EXAMPLE = "example: saerad-train phantom --out phantoms --count 200 --seed 1 --backgrounds normals --share-real 0.5"


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Add the command `phantom` to an argparse subparsers object."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "phantom", help="draw chest radiographs with known findings", description=__doc__, epilog=EXAMPLE
    )
    parser.add_argument("--out", type=Path, required=True, help="folder to write into")
    parser.add_argument("--count", type=_positive, default=200, help="how many phantoms (default 200)")
    parser.add_argument("--seed", type=int, default=0, help="the same seed draws the same set (default 0)")
    parser.add_argument("--size", type=int, default=256, help="side in pixels (default 256)")
    parser.add_argument("--backgrounds", type=Path, help="folder of normal radiographs to draw on (default: none)")
    parser.add_argument("--share-real", type=float, default=0.5, help="share drawn on real backgrounds (default 0.5)")
    parser.add_argument("--workers", type=_positive, default=1, help="processes (default 1)")
    parser.set_defaults(run=run)
    return parser


def run(args: argparse.Namespace) -> int:
    """Draw the set and a contact sheet beside it; returns the exit code.

    Raises
    ------
    UsageError
        For options that cannot be met.
    """
    from training.data.phantom.dataset import TABLE, write_phantoms
    from training.data.phantom.sheet import contact_sheet

    if args.backgrounds is not None and not args.backgrounds.is_dir():
        raise UsageError(
            "PHANTOM_BACKGROUNDS",
            f"there is no folder {args.backgrounds}",
            "name a folder of normal radiographs or leave --backgrounds out",
        )
    if not 0 <= args.share_real <= 1 or not 64 <= args.size <= 1024 or args.seed < 0:
        raise UsageError(
            "PHANTOM_OPTION",
            "an option is out of range",
            "--share-real is 0 to 1, --size 64 to 1024, --seed 0 or more",
        )
    try:
        args.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            "PHANTOM_FOLDER",
            f"the folder {args.out} cannot be made ({error.strerror})",
            "name another --out",
        ) from error
    if (args.out / TABLE).exists():
        raise UsageError(
            "PHANTOM_EXISTS",
            f"{args.out} holds a set of phantoms, which runs may need",
            "name another --out",
        )
    records = write_phantoms(
        args.out, args.count, args.seed, args.size, args.backgrounds, share_real=args.share_real, workers=args.workers
    )
    contact_sheet(records, args.out / "contact_sheet.png")
    real = sum(record.background != "procedural" for record in records)
    print(f"{len(records)} phantoms ({real} on real backgrounds) in {args.out}; look at contact_sheet.png")
    return 0


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number
