"""Train sparse autoencoders on activations: one, or a sweep that reads the data once; then measure them."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.cli.parser import positive
from engine.cluster.opening import add_cluster_option, open_crew
from engine.errors import UsageError
from training.options import integers, names, numbers
from training.status_line import tell_share

EXAMPLE = (
    "examples: saerad-train fit --store store --out run --arch batchtopk --expansion 16 --k 16,32 --seed 0,1\n"
    "          saerad-train fit --tokens tokens.npy --out run --arch gated-sae-rad --l0 15 --steps 20000 --resume\n"
    "          saerad-train fit --out run --resume\n"
    "          saerad-train fit --store store --out run --arch topk --k 32 --threads 8 --cluster 10.0.0.1:6379"
)
SOME_FAILED = 3
FIXED = (
    *(
        "variant",
        "features",
        "expansion",
        "k",
        "l0",
        "lam",
        "seed",
        "lr",
        "no_revive",
        "steps",
        "batch",
        "dtype",
        "device",
    ),
    *("whitening", "data_seed", "held_out", "checkpoint_every", "evaluate_every", "log_every", "threads"),
    *("tokens_kind", "held_out_share", "buffer"),
)
"""What a run was begun with, and goes on with."""
NAMES = ("relu", "gated", "gated-sae-rad", "jumprelu", "topk", "batchtopk", "matryoshka-batchtopk")


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Add the command `fit` to an argparse subparsers object."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "fit",
        help="train sparse autoencoders on activations",
        description=__doc__,
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    data = parser.add_mutually_exclusive_group()
    data.add_argument("--store", type=Path, help="activations: a store of 'saerad-train harvest'")
    data.add_argument("--tokens", type=Path, help="activations: .npy or .safetensors, one matrix (rows, d_model)")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--resume", action="store_true", help="go on with the run in OUT, if there is one")
    model = parser.add_argument_group("autoencoders (commas make a sweep)")
    model.add_argument("--arch", choices=NAMES, help="architecture")
    model.add_argument("--variant", type=names, default=(), help="of gated-sae-rad (default sae-rad)")
    width = model.add_mutually_exclusive_group()
    width.add_argument("--features", type=int, help="latents")
    width.add_argument("--expansion", type=int, default=16, help="latents as a multiple of d_model (default 16)")
    model.add_argument("--k", type=integers, default=(), help="active latents a token (TopK family)")
    model.add_argument("--l0", type=numbers, default=(), help="mean active latents a token that λ is steered to")
    model.add_argument("--lam", type=numbers, default=(), help="fixed weight λ of the sparsity penalty")
    model.add_argument("--seed", type=integers, default=(0,), help="of the start (default 0)")
    model.add_argument("--lr", type=float, help="peak learning rate (default 2e-4 / sqrt(features / 16384))")
    model.add_argument("--no-revive", action="store_true", help="leave dead latents dead")
    run = parser.add_argument_group("run")
    run.add_argument("--steps", type=int, default=10_000, help="steps of the optimiser (default 10000)")
    run.add_argument("--batch", type=int, default=4096, help="tokens a step (default 4096)")
    run.add_argument("--dtype", choices=("float32", "bfloat16"), default="float32", help="of the encoder's product")
    run.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="(default cpu)")
    run.add_argument("--whitening", type=float, default=0.0, help="0 centres and scales, 1 whitens (default 0)")
    run.add_argument("--data-seed", type=int, default=0, help="of order and held-out tokens (default 0)")
    run.add_argument("--held-out", type=int, default=0, help="tokens to measure on (default at most 8192)")
    run.add_argument("--checkpoint-every", type=int, default=1000, help="steps (default 1000)")
    run.add_argument("--evaluate-every", type=int, default=1000, help="steps (default 1000)")
    run.add_argument("--log-every", type=int, default=50, help="steps (default 50)")
    run.add_argument("--no-report", action="store_true", help="do not measure the run and write its page at the end")
    run.add_argument("--threads", type=positive, default=2, help="CPU threads, with --cluster a worker (default 2)")
    run.add_argument("--parts", type=int, help="pieces a batch is cut into (default 1, with --cluster a worker each)")
    add_cluster_option(run)
    run.add_argument("--json", action="store_true", help="print the results as one JSON object")
    store = parser.add_argument_group("store (held out are the images of its split val)")
    store.add_argument("--tokens-kind", choices=("class", "patches"), default="class", help="(default class)")
    store.add_argument(
        "--held-out-share", type=float, default=0.1, help="of the patients, where there is no split val (default 0.1)"
    )
    store.add_argument("--buffer", type=int, default=1 << 17, help="tokens shuffled in memory (default 131072)")
    store.add_argument("--no-verify", action="store_true", help="do not hash every byte of the store first")
    defaults = {name: parser.get_default(name) for name in FIXED}
    # None until `run_fit`: an option that was given is told from a default even where both are equal.
    parser.set_defaults(run=run_fit, defaults=defaults, **dict.fromkeys(FIXED))
    return parser


def run_fit(args: argparse.Namespace) -> int:
    """Train; returns the exit code: 3 where some of the autoencoders diverged or explain nothing.

    Raises
    ------
    SaeRadError
        For options that do not fit together, data that cannot be read and runs that cannot be gone on with.
    KeyboardInterrupt
        When a signal ended the run, which is saved.
    Diverged
        When all autoencoders did.
    """
    import torch

    from training.sae.fit import Fit
    from training.sae.fit_options import asked_run, batch_parts, fill_defaults, fitting_batch, saved_run
    from training.sae.member import Diverged
    from training.sae.run_folder import exists, refuse_other_files

    args.given = fill_defaults(args)
    resuming = exists(args.out)
    if resuming and not args.resume:
        raise UsageError("FIT_RUN_EXISTS", f"{args.out} holds a run", "add --resume, or name a new folder")
    if not resuming and args.arch is None:
        raise UsageError("FIT_OPTION", f"there is no run in {args.out} to go on with", "give --store and --arch")
    if not resuming:
        refuse_other_files(args.out)
    asked, source = saved_run(args) if resuming and args.arch is None else asked_run(args)
    torch.set_num_threads(asked.threads)
    config = fitting_batch(asked, source)
    if config.batch < asked.batch:
        print(
            f"warning: --batch is {asked.batch} tokens, and there are {source.rows} to train on: each step takes all",
            file=sys.stderr,
        )
    place = args.store or args.tokens
    identity = {
        "data": source.identity,
        **({"store" if args.store else "tokens": str(place.resolve())} if place else {}),
        "code_revision": _revision(),
        "command": args.command_line,
    }
    stream = source.stream(config.batch, config.stream_seed)
    with open_crew(args.cluster, cpus=config.threads) as crew:
        config = replace(config, parts=batch_parts(args, crew))
        fit = Fit(config, stream, source.held_out, args.out, identity, crew=crew)
        if resuming:
            fit.resume()
        else:
            fit.begin()
        results = fit.run()
    for name, step in fit.diverged.items():
        print(f"error {Diverged(name, step)}", file=sys.stderr)
    if not args.no_report:
        from training.evaluation.sae_reporting import report_run

        report_run(args.out, source, tell_share)
    _tell(args, results)
    useless = _tell_useless(results)
    _tell_missed({sae.name: sae.wanted_l0 for sae in config.saes}, results)
    return SOME_FAILED if fit.diverged or useless else 0


def _tell_useless(results: Mapping[str, Any]) -> bool:
    """Warn of autoencoders that explain nothing; returns whether there are some."""
    from training.sae.verdict import REMEDY, explains_nothing, nothing_explained

    useless = {name: result["held_out"] for name, result in results.items() if explains_nothing(result["held_out"])}
    for name, held_out in useless.items():
        print(f"warning: {nothing_explained(name, held_out)}; {REMEDY}", file=sys.stderr)
    return bool(useless)


def _tell_missed(wanted: Mapping[str, float], results: Mapping[str, Any]) -> None:
    from training.sae.verdict import l0_missed

    for name, result in results.items():
        if missed := l0_missed(name, wanted[name], result["held_out"], result["batch_l0"]):
            print(f"warning: {missed}", file=sys.stderr)


def _tell(args: argparse.Namespace, results: dict[str, Any]) -> None:
    if args.json:
        print(json.dumps(results))
    else:
        for name, result in results.items():
            held = result["held_out"]
            print(
                f"{args.out / name}: FVU {held['fvu']:.4f}, L0 {held['mean_l0']:.1f}, alive {held['alive']:.1%}, "
                f"dense {held['dense']:.1%}"
            )
        if not args.no_report:
            print(f"page: {args.out / 'README.md'}")


def _revision() -> str:
    from training.pack import code_revision

    return code_revision(Path(__file__).resolve().parents[2])
