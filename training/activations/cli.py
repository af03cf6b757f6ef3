"""`saerad-train harvest`: activations of many images into a store."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.cli.parser import positive
from engine.cluster.opening import add_cluster_option
from engine.errors import StoreError, UsageError
from training.options import count

if TYPE_CHECKING:
    from training.activations.harvest import HarvestResult
    from training.activations.makers import ShardMaker
    from training.activations.rows import HarvestRow

EXAMPLE = (
    "examples: saerad-train harvest --pack demo --manifest manifest.parquet --root images --out store --workers 4\n"
    "          saerad-train harvest --pack demo --images images --out store --cluster 10.0.0.1:6379"
)
INTERRUPTED = 130
SOME_FAILED = 3


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Add the command `harvest` to an argparse subparsers object."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "harvest",
        help="write the activations of many images into a store",
        description="Read images as the engine does, run an encoder on them and keep the tokens of one layer. The same "
        "command goes on with a store that was not finished.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    encoder = parser.add_mutually_exclusive_group()
    encoder.add_argument("--pack", help="a pack whose encoder is run: folder, .saepack or name")
    encoder.add_argument(
        "--encoder", type=Path, help="a folder of import-encoder, an encoder.onnx (with --spec), or a checkpoint"
    )
    parser.add_argument("--spec", type=Path, help="pack.json that says how the encoder wants its pixels")
    images = parser.add_mutually_exclusive_group()
    images.add_argument("--manifest", type=Path, help="Parquet file that names the images (with --root)")
    images.add_argument("--images", type=Path, help="every image below this folder")
    images.add_argument("--phantoms", type=Path, help="a set of 'saerad-train phantom'")
    parser.add_argument("--root", type=Path, help="folder that the manifest's paths are relative to")
    parser.add_argument("--out", type=Path, help="folder of the store")
    parser.add_argument("--tokens", choices=("class", "class+patches"), default="class", help="(default class)")
    parser.add_argument("--layer", default="last", help="last, embeddings, block0, block1, … (default last)")
    parser.add_argument("--list-layers", action="store_true", help="print the encoder's layers and do nothing else")
    parser.add_argument("--dtype", choices=("float16", "float32"), default="float16", help="(default float16)")
    parser.add_argument(
        "--workers",
        type=count,
        help="processes that read images (default: cores less one, with --cluster one for each worker; 0: none)",
    )
    parser.add_argument(
        "--threads", type=positive, help="threads of the encoder (default: the cores, with --cluster one a worker)"
    )
    parser.add_argument("--device", default="auto", help="where the encoder runs: auto, cpu, cuda, … (default auto)")
    parser.add_argument("--batch", type=positive, default=16, help="images the encoder sees at once (default 16)")
    parser.add_argument("--shard-rows", type=positive, help="images a shard (default: 1024, or what makes 128 MiB)")
    add_cluster_option(parser)
    parser.add_argument("--limit", type=positive, help="harvest only the first images")
    parser.add_argument("--retry-failed", action="store_true", help="try images again that failed in a former run")
    parser.add_argument("--verify", action="store_true", help="hash every byte of the finished store --out, no more")
    parser.add_argument("--json", action="store_true", help="print a summary as one JSON object")
    parser.set_defaults(run=run)
    return parser


def run(args: argparse.Namespace) -> int:
    """Harvest, list layers or verify; returns the exit status.

    It is 0 when all is done, 3 when images are not in the finished store, 130 when a signal stopped the harvest.

    Raises
    ------
    SaeRadError
        See `docs/error-codes.md`, "Stores of activations".
    """
    if not args.list_layers and args.out is None:
        raise UsageError("USAGE", "there is no --out", "name the folder of the store")
    if args.verify:
        return _verify(args)
    if args.pack is None and args.encoder is None:
        raise UsageError("USAGE", "there is neither --pack nor --encoder", "name the encoder to run")
    if args.list_layers:
        return _list_layers(args)
    return _harvest(args)


def _list_layers(args: argparse.Namespace) -> int:
    from training.activations.opening import layer_names

    names = layer_names(args.pack, args.encoder, args.spec)
    print(json.dumps({"layers": names}) if args.json else "\n".join(names))
    return 0


def _verify(args: argparse.Namespace) -> int:
    from training.activations.store import ActivationStore

    store = ActivationStore(args.out)
    store.verify()
    summary = {"store": str(args.out), "rows": store.rows, "sha256": store.sha256, "sound": True}
    print(json.dumps(summary) if args.json else f"{args.out}: {store.rows} images, every byte as it was written")
    return 0


def _harvest(args: argparse.Namespace) -> int:
    from training.activations.harvest import HarvestOptions, harvest
    from training.activations.progress import ProgressBar
    from training.activations.shard import file_sha256
    from training.interrupt import StopRequest

    rows = _rows(args)[: args.limit]
    options = HarvestOptions(
        tokens=args.tokens,
        dtype=args.dtype,
        batch=args.batch,
        shard_rows=args.shard_rows,
        manifest_sha256=file_sha256(args.manifest) if args.manifest else "",
        retry=args.retry_failed,
    )
    with _maker(args) as maker:
        for warning in maker.encoder.warnings:
            print(f"warning: {warning}", file=sys.stderr)
        with ProgressBar(len(rows)) as bar, StopRequest(bar.tell_stopping) as stop:
            result = harvest(rows, maker, args.out, options, progress=bar, stop=stop)
    for text in result.redone:
        print(f"warning: made again: {text}", file=sys.stderr)
    if not result.complete:
        print(f"stopped: {result.images_done} of {len(rows)} images; the same command goes on", file=sys.stderr)
    return _tell(args, rows, result)


@contextmanager
def _maker(args: argparse.Namespace) -> Iterator[ShardMaker]:
    """Open who makes the shards: this process, or a cluster's workers."""
    from engine.cluster.opening import open_crew
    from engine.inference.devices import usable_cores
    from training.activations.makers import CrewMaker, LocalMaker
    from training.activations.opening import Opening

    patches = args.tokens == "class+patches"
    opening = Opening(args.pack, args.encoder, args.spec, args.layer, args.device, args.threads, patches)
    if args.cluster is None:
        yield LocalMaker(opening.open(), max(1, usable_cores() - 1) if args.workers is None else args.workers)
        return
    threads = args.threads or 1
    # Ray hides GPUs from work that asks for none, so that "auto" is the processor there.
    with open_crew(args.cluster, cpus=threads, gpus=int(args.device in ("cuda", "tensorrt"))) as crew:
        yield CrewMaker(crew, replace(opening, threads=threads), 1 if args.workers is None else args.workers)


def _rows(args: argparse.Namespace) -> list[HarvestRow]:
    from training.activations.rows import folder_rows, manifest_rows, phantom_rows

    if args.manifest is not None:
        if args.root is None:
            raise UsageError(
                "USAGE",
                "there is no --root, and a manifest names its images relative to a folder",
                f"add --root FOLDER, {_indexed(args.manifest)}",
            )
        if not args.root.is_dir():
            raise UsageError("NO_FOLDER", f"there is no folder {args.root}", f"--root is {_indexed(args.manifest)}")
        return manifest_rows(args.manifest, args.root)
    folder = args.images or args.phantoms
    if folder is None:
        raise UsageError("USAGE", "there is no --manifest, --images or --phantoms", "name the images to harvest")
    if not folder.is_dir():
        raise UsageError("NO_FOLDER", f"there is no folder {folder}", "check the path")
    return folder_rows(folder) if args.images else phantom_rows(folder)


def _indexed(manifest: Path) -> str:
    """Word which folder a manifest's paths are relative to."""
    from training.data.manifest import read_info

    return f"the folder that {manifest} was made from; it was called {read_info(manifest).root!r}"


def _tell(args: argparse.Namespace, rows: list[HarvestRow], result: HarvestResult) -> int:
    from training.activations.harvest_summary import HarvestSummary

    summary = HarvestSummary(args.out, len(rows), result)
    if args.json:
        print(json.dumps(summary.as_json()))
    elif result.complete:
        print(summary.as_text())
        for line in summary.failed_lines():
            print(line, file=sys.stderr)
    if not result.complete:
        return INTERRUPTED
    if not summary.harvested:
        raise StoreError(
            "STORE_EMPTY",
            "no image could be harvested",
            f"see {args.out}/failures.parquet; the same command tries all of them again",
        )
    return SOME_FAILED if summary.failed else 0
