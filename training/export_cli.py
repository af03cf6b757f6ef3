"""`saerad-train export`: a model pack from a trained autoencoder and an encoder that exists already."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

from engine.errors import UsageError
from training.status_line import tell_share

EXAMPLE = (
    "examples: saerad-train export --run run/batchtopk-f12288-k32-lr0.000231-s0 --pack-from demo --out my-pack\n"
    "          saerad-train export --run run/NAME --encoder encoder-export --spec pack.json --labels labels --out new"
)


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Add the command `export` to an argparse subparsers object."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "export",
        help="make a model pack of a trained autoencoder",
        description="Put an autoencoder of 'saerad-train fit' and an encoder into a pack that 'saerad' reads, with "
        "sae.onnx proven equal to what was trained.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--run", type=Path, required=True, dest="sae", metavar="RUN/NAME", help="autoencoder of a run")
    encoder = parser.add_mutually_exclusive_group(required=True)
    encoder.add_argument("--pack-from", metavar="PACK", help="take encoder and gate of a pack: folder, file or name")
    encoder.add_argument(
        "--encoder", type=Path, help="a folder of import-encoder, or of encoder.onnx and tail.safetensors (with --spec)"
    )
    parser.add_argument("--spec", type=Path, help="pack.json that says how the encoder wants its pixels")
    parser.add_argument("--out", type=Path, required=True, help="folder of the pack, a new one")
    parser.add_argument("--overwrite", action="store_true", help="replace an older pack in OUT")
    parser.add_argument("--name", help="name of the pack (default: that of OUT)")
    parser.add_argument("--version", default="0.1.0", help="version of the pack (default 0.1.0)")
    parser.add_argument("--title", help="title of the pack (default: what was trained)")
    words = parser.add_mutually_exclusive_group()
    words.add_argument("--labels", type=Path, help="take descriptions and readouts of 'saerad-train label'")
    words.add_argument(
        "--describe", action="store_true", help="make descriptions and readouts from the labels of the store's index"
    )
    parser.add_argument(
        "--trust-encoder", action="store_true", help="take the encoder though nothing proves it is the one"
    )
    data = parser.add_mutually_exclusive_group()
    data.add_argument("--store", type=Path, help="where the store lies now (default: where it was)")
    data.add_argument("--tokens", type=Path, help="where the file of tokens lies now (default: where it was)")
    parser.add_argument("--no-verify", action="store_true", help="do not hash every byte of the store first")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads (default 2)")
    parser.add_argument("--json", action="store_true", help="print a summary as one JSON object")
    parser.set_defaults(run=run_export)
    return parser


def run_export(args: argparse.Namespace) -> int:
    """Export; returns the exit code.

    Raises
    ------
    SaeRadError
        See :func:`training.export_pack.export_pack`.
    """
    import torch

    from training.export_encoder import from_folder, from_pack
    from training.export_pack import ExportOptions, export_pack
    from training.pack import code_revision
    from training.sae.source import open_as_saved, read_identity
    from training.sae.trained import load_trained, split_name

    name = args.name or re.sub(r"[^a-z0-9._-]+", "-", args.out.resolve().name.lower()).strip("._-")
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,63}", name) or not re.fullmatch(
        r"[0-9]+\.[0-9]+\.[0-9]+([.-][0-9A-Za-z.-]+)?", args.version
    ):
        raise UsageError(
            "EXPORT_OPTION", f"{name!r} {args.version!r} cannot be a pack's name and version", "such as my-pack 0.1.0"
        )
    torch.set_num_threads(args.threads)
    run, autoencoder = split_name(args.sae)
    sae = load_trained(run, autoencoder)
    taken = from_pack(args.pack_from) if args.pack_from else from_folder(args.encoder, args.spec)
    source = open_as_saved(read_identity(run), args.tokens, args.store, verify=not args.no_verify)
    manifest = export_pack(
        sae,
        source,
        taken,
        args.out,
        options=ExportOptions(
            name=name,
            version=args.version,
            title=args.title or f"Autoencoder {sae.name}",
            command=args.command_line,
            code_revision=code_revision(Path(__file__).resolve().parents[1]),
            describe=args.describe,
            labels=args.labels,
            trust_encoder=args.trust_encoder,
            overwrite=args.overwrite,
        ),
        progress=tell_share,
    )
    difference = manifest.metrics["largest difference of sae.onnx and torch"]
    summary = {
        "pack": str(args.out),
        "name": manifest.name,
        "version": manifest.version,
        "n_features": manifest.sae.n_features,
        "features_described": int(manifest.metrics["features described"]),
        "mean_l0": manifest.sae.mean_l0,
        "explained_variance": manifest.sae.explained_variance,
        "largest_difference": difference,
    }
    print(
        json.dumps(summary)
        if args.json
        else f"{args.out}: {manifest.name} {manifest.version}, {manifest.sae.n_features} features "
        f"({summary['features_described']} described), mean L0 {manifest.sae.mean_l0:.1f}, explained variance "
        f"{manifest.sae.explained_variance:.3f}; sae.onnx differs from torch by at most {difference:.1e}"
    )
    return 0
