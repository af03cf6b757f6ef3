"""`saerad-train label`: what every feature of a trained autoencoder stands for, and how good that label is."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.cli.parser import positive
from engine.cluster.opening import add_cluster_option
from engine.errors import UsageError
from training.labelling.wording.options import add_model_options, check_model_options

if TYPE_CHECKING:
    from training.labelling.run import LabelResult

EXAMPLE = (
    "examples: saerad-train label --run run/batchtopk-f12288-k32-lr0.000231-s0 --manifest mimic.parquet --out labels\n"
    "          saerad-train label --out labels --report\n"
    "          saerad-train export --run run/NAME --pack-from demo --out my-pack --labels labels"
)
INTERRUPTED = 130


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Add the command `label` to an argparse subparsers object."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "label",
        help="describe the features of a trained autoencoder and score the descriptions",
        description="Describe every feature that fires on the images an autoencoder was trained on, by statistics, and "
        "score each description on images that were held out. The same command goes on with labels that were not "
        "finished.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--run", type=Path, dest="sae", metavar="RUN/NAME", help="autoencoder of a run, on a store")
    parser.add_argument("--out", type=Path, required=True, help="folder of the labels")
    knowledge = parser.add_mutually_exclusive_group()
    knowledge.add_argument(
        "--manifest", type=Path, help="labels of this manifest instead of those in the store's index"
    )
    parser.add_argument(
        "--reports", action="store_true", help="read the reports of --manifest, with sides, instead of its labels"
    )
    knowledge.add_argument("--phantoms", type=Path, help="what a set of 'saerad-train phantom' shows, with sides")
    parser.add_argument("--store", type=Path, help="where the store lies now (default: where it was)")
    parser.add_argument(
        "--images", type=positive, default=20_000, help="images to describe by, and to score on (default 20000)"
    )
    parser.add_argument(
        "--minimum-images", type=positive, default=15, help="images a finding needs to be named (default 15)"
    )
    parser.add_argument("--chunk", type=positive, help="features labelled at a time (default: by memory, at most 512)")
    parser.add_argument("--seed", type=int, default=0, help="of the silent images that are scored against (default 0)")
    parser.add_argument(
        "--report", action="store_true", help="write a page on the labels; alone with --out if finished"
    )
    add_model_options(parser)
    add_cluster_option(parser)
    parser.add_argument("--no-verify", action="store_true", help="do not hash every byte of the store first")
    parser.add_argument("--json", action="store_true", help="print a summary as one JSON object")
    parser.set_defaults(run=run)
    return parser


def run(args: argparse.Namespace) -> int:
    """Label, or write a page on labels; returns the exit status: 0 finished, 130 stopped by a signal.

    Raises
    ------
    SaeRadError
        See `docs/error-codes.md`, "Labels".
    """
    if args.sae is None and not args.report:
        raise UsageError("USAGE", "there is no --run", "name the autoencoder, or add --report for a page on labels")
    if args.reports and args.manifest is None:
        raise UsageError("USAGE", "--reports asks for the reports of a manifest, and there is no --manifest", "name it")
    check_model_options(args)
    summary: dict[str, Any] = {"labels": str(args.out)}
    if args.sae is not None:
        result, speed = _label(args)
        summary |= {**_summary(result), **speed}
        if result.finished is None:
            print(f"stopped: {result.features_done} features; the same command goes on", file=sys.stderr)
            _tell(args, summary)
            return INTERRUPTED
    if args.report:
        from training.labelling.report import write_page

        summary |= write_page(args.out, args.command_line)
    _tell(args, summary)
    return 0


def _label(args: argparse.Namespace) -> tuple[LabelResult, dict[str, float]]:
    from engine.cluster.opening import open_crew
    from training.activations.progress import ProgressBar
    from training.interrupt import StopRequest
    from training.labelling.choose import Rules
    from training.labelling.images import CaseSource, label_images
    from training.labelling.run import LabelOptions, label_dictionary
    from training.labelling.wording.opening import open_wordsmith
    from training.labelling.wording.progress import WordingBar
    from training.sae.source import open_as_saved, read_identity
    from training.sae.trained import folded_of, load_trained, split_name

    run, name = split_name(args.sae)
    trained = load_trained(run, name)
    sae = folded_of(trained)
    source = open_as_saved(read_identity(run), store=args.store, verify=not args.no_verify)
    options = LabelOptions(rules=Rules(minimum_images=args.minimum_images), seed=args.seed, chunk=args.chunk)
    # A model that cannot be used shows before anything is done.
    with WordingBar() as words, open_wordsmith(args, words) as wordsmith:
        images = label_images(source, CaseSource(args.manifest, args.phantoms, args.reports), args.images)
        with (
            open_crew(args.cluster) as crew,
            ProgressBar(sae.n_features, "label", "feature", "chunk") as bar,
            StopRequest(bar.tell_stopping) as stop,
        ):
            result = label_dictionary(
                trained.name, sae, images, args.out, options, crew=crew, progress=bar, stop=stop, wordsmith=wordsmith
            )
    for name in result.redone:
        print(f"warning: made again: {name}", file=sys.stderr)
    speed = {"tokens_per_second": round(words.tokens_per_second, 1)} if wordsmith is not None else {}
    return result, speed


def _summary(result: LabelResult) -> dict[str, Any]:
    return {
        "complete": result.finished is not None,
        "features_done": result.features_done,
        "features_new": result.features_new,
        "seconds": round(result.seconds, 3),
        **(result.finished.model_dump() if result.finished is not None else {}),
    }


def _tell(args: argparse.Namespace, summary: dict[str, Any]) -> None:
    if args.json:
        print(json.dumps(summary))
        return
    if "alive" in summary:
        print(
            f"{args.out}: {summary['alive']} features fire, {summary['described']} have a finding "
            f"({summary['entries']} entries without duplicates), a draft may cite {summary['reportable']}"
        )
    if "tokens_per_second" in summary and "worded" in summary:
        print(
            f"{summary['worded']} in the words of the model, {summary['refused']} in those of templates because the "
            f"model's were refused or missing; {summary['tokens_per_second']} tokens/s"
        )
    if "page" in summary:
        print(f"page: {summary['page']}")
