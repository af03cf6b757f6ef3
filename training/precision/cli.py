"""`saerad-train quantise`: add precision profiles to a pack."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from engine.errors import UsageError
from engine.pack.precision import ProfileName
from training.options import names
from training.status_line import tell

EXAMPLE = (
    "example: saerad-train quantise my-pack --images radiographs --out my-pack-int8 --profiles int8\n"
    "         saerad analyse chest.dcm --pack my-pack-int8 --precision int8 --out results"
)
PROFILES: tuple[ProfileName, ...] = ("int8", "fp16")


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Add the command `quantise` to an argparse subparsers object."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "quantise",
        help="add the encoder in int8 (CPU) and fp16 (GPU) to a pack",
        description="Make the encoder of a pack in other precisions, measure on radiographs what that changes in class "
        "tokens, active features and drafts, and refuse what changes more than the bound allows (docs/running.md).",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("pack", metavar="PACK", help="folder, .saepack file or name of a pack")
    parser.add_argument(
        "--images", type=Path, nargs="+", required=True, help="radiographs to calibrate and to measure on"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder of the new pack, a new one or PACK itself")
    parser.add_argument("--overwrite", action="store_true", help="replace an older pack in OUT")
    parser.add_argument("--profiles", type=names, default=PROFILES, help="int8, fp16 or both (default int8,fp16)")
    parser.add_argument(
        "--calibration", type=int, default=16, help="radiographs that calibrate int8, at most (default 16)"
    )
    parser.add_argument(
        "--cosine",
        type=float,
        default=0.9995,
        help="products of int8 stay in fp32 until class tokens of the calibration keep this cosine (default 0.9995)",
    )
    parser.add_argument("--version", default="", help="version of the new pack (default: that of the old one)")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads (default 2)")
    parser.add_argument("--json", action="store_true", help="print a summary as one JSON object")
    parser.set_defaults(run=run)
    return parser


def run(args: argparse.Namespace) -> int:
    """Add profiles; returns the exit status.

    Raises
    ------
    SaeRadError
        See :func:`training.precision.profiles.add_profiles`.
    """
    from engine.pack.library import load_pack
    from training.precision.profiles import ProfileOptions, add_profiles

    unknown = [name for name in args.profiles if name not in PROFILES]
    if unknown or not args.profiles or min(args.calibration, args.threads) < 1 or not args.cosine <= 1:
        raise UsageError(
            "PROFILE_OPTION",
            f"there is no profile {unknown[0]!r}" if unknown else "an option is out of range",
            "profiles are int8 and fp16; numbers are to be positive",
        )
    chosen = tuple(name for name in PROFILES if name in args.profiles)
    options = ProfileOptions(
        chosen, args.calibration, args.version, args.threads, args.cosine, overwrite=args.overwrite
    )
    manifest = add_profiles(load_pack(args.pack), args.images, args.out, options, tell)
    tell("")
    made = [profile for profile in manifest.profiles if profile.precision in chosen]
    if args.json:
        shown = {profile.precision: profile.model_dump(mode="json") for profile in made}
        print(json.dumps({"pack": str(args.out), "name": manifest.name, "version": manifest.version} | shown))
        return 0
    print(f"{args.out}: {manifest.name} {manifest.version}")
    for profile in made:
        change = profile.change
        print(
            f"{profile.precision}: on {change.radiographs} radiographs the cosine of class tokens is at least "
            f"{change.cosine_least:.5f} (mean {change.cosine_mean:.5f}); active features agree to "
            f"{change.jaccard_mean:.3f} (least {change.jaccard_least:.3f}, {change.features_added} added, "
            f"{change.features_lost} lost); {change.drafts_unchanged:.1%} of {change.drafts} drafts are unchanged "
            f"({change.sentences_added} sentences added, {change.sentences_lost} lost, {change.polarity_changed} "
            f"findings reversed); {len(profile.kept)} products kept in fp32"
        )
    return 0
