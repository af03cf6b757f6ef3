"""Train sparse autoencoders on activations: one, or a sweep that reads the data once."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.errors import UsageError

EXAMPLE = (
    "examples: saerad-train fit --tokens tokens.npy --out run --arch batchtopk --expansion 16 --k 16,32\n"
    "          saerad-train fit --tokens tokens.npy --out run --arch gated-sae-rad --l0 15 --steps 20000 --resume\n"
    "          saerad-train fit --out run --resume"
)
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
    parser.add_argument("--tokens", type=Path, help="activations: .npy or .safetensors, one matrix (rows, d_model)")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--resume", action="store_true", help="go on with the run in OUT, if there is one")
    model = parser.add_argument_group("autoencoders (commas make a sweep)")
    model.add_argument("--arch", choices=NAMES, help="architecture")
    model.add_argument("--variant", type=_names, default=(), help="of gated-sae-rad (default sae-rad)")
    width = model.add_mutually_exclusive_group()
    width.add_argument("--features", type=int, help="latents")
    width.add_argument("--expansion", type=int, default=16, help="latents as a multiple of d_model (default 16)")
    model.add_argument("--k", type=_integers, default=(), help="active latents a token (TopK family)")
    model.add_argument("--l0", type=_numbers, default=(), help="mean active latents a token that λ is steered to")
    model.add_argument("--lam", type=_numbers, default=(), help="fixed weight λ of the sparsity penalty")
    model.add_argument("--seed", type=_integers, default=(0,), help="of the start (default 0)")
    model.add_argument("--lr", type=float, help="peak learning rate (default 2e-4 / sqrt(features / 16384))")
    model.add_argument("--no-revive", action="store_true", help="leave dead latents dead")
    run = parser.add_argument_group("run")
    run.add_argument("--steps", type=int, default=10_000, help="steps of the optimiser (default 10000)")
    run.add_argument("--batch", type=int, default=4096, help="tokens a step (default 4096)")
    run.add_argument("--dtype", choices=("float32", "bfloat16"), default="float32", help="of the encoder's product")
    run.add_argument("--whitening", type=float, default=0.0, help="0 centres and scales, 1 whitens (default 0)")
    run.add_argument("--data-seed", type=int, default=0, help="of order and held-out tokens (default 0)")
    run.add_argument("--held-out", type=int, default=0, help="tokens set aside (default a tenth, at most 8192)")
    run.add_argument("--checkpoint-every", type=int, default=1000, help="steps (default 1000)")
    run.add_argument("--evaluate-every", type=int, default=1000, help="steps (default 1000)")
    run.add_argument("--log-every", type=int, default=50, help="steps (default 50)")
    run.add_argument("--threads", type=int, default=2, help="CPU threads (default 2)")
    run.add_argument("--json", action="store_true", help="print the results as one JSON object")
    parser.set_defaults(run=run_fit)
    return parser


def run_fit(args: argparse.Namespace) -> int:
    """Train; returns the exit code.

    Raises
    ------
    SaeRadError
        For options that do not fit together, data that cannot be read and runs that cannot be gone on with.
    KeyboardInterrupt
        When a signal ended the run, which is saved.
    """
    import torch

    from training.activations.stream import ArrayStream
    from training.sae.checkpoint import load
    from training.sae.config import FitConfig
    from training.sae.fit import Fit, exists
    from training.sae.token_file import read_token_file

    resuming = exists(args.out)
    if resuming and not args.resume:
        raise UsageError("FIT_RUN_EXISTS", f"{args.out} holds a run", "add --resume, or name a new folder")
    saved = load(args.out).meta if resuming else None
    if saved is None and args.arch is None:
        raise UsageError("FIT_OPTION", f"there is no run in {args.out} to go on with", "give --tokens and --arch")
    path = args.tokens or (Path(_identity(args.out)["tokens"]) if saved else None)
    if path is None:
        raise UsageError("FIT_OPTION", "no activations are given", "give --tokens")
    config = FitConfig.from_json(saved["config"]) if saved else None
    torch.set_num_threads(config.threads if config and args.arch is None else args.threads)
    split = saved["data"] if saved and args.arch is None else {"held_out": args.held_out, "seed": args.data_seed}
    tokens = read_token_file(path, split["held_out"], split["seed"])
    if config is None or args.arch is not None:
        config = _config(args, tokens.identity["d_model"])
    if config.batch > len(tokens.train):
        config = _smaller(config, len(tokens.train))
    identity = {
        "data": tokens.identity,
        "tokens": str(path.resolve()),
        "code_revision": _revision(),
        "command": args.command_line,
    }
    stream = ArrayStream(tokens.train, config.batch, config.stream_seed)
    fit = Fit(config, stream, tokens.held_out, args.out, identity)
    if resuming:
        fit.resume()
    else:
        fit.begin()
    results = fit.run()
    if args.json:
        print(json.dumps(results))
    else:
        for name, result in results.items():
            held = result["held_out"]
            print(
                f"{args.out / name}: FVU {held['fvu']:.4f}, L0 {held['mean_l0']:.1f}, alive {held['alive']:.1%}, "
                f"dense {held['dense']:.1%}"
            )
    return 0


def _config(args: argparse.Namespace, d_model: int) -> Any:
    from training.sae.config import FitConfig, sweep

    variants = args.variant or (("sae-rad",) if args.arch == "gated-sae-rad" else ())
    return FitConfig(
        saes=sweep(
            args.arch,
            args.features or args.expansion * d_model,
            k=args.k,
            l0=args.l0,
            penalty=args.lam,
            variants=variants,
            seeds=args.seed,
            learning_rate=args.lr,
        ),
        steps=args.steps,
        batch=args.batch,
        stream_seed=args.data_seed,
        dtype=args.dtype,
        whitening=args.whitening,
        revive=not args.no_revive,
        log_every=args.log_every,
        evaluate_every=args.evaluate_every,
        checkpoint_every=args.checkpoint_every,
        threads=args.threads,
    )


def _smaller(config: Any, rows: int) -> Any:
    """Return the configuration with all rows as a batch, where there are fewer than a batch."""
    return replace(config, batch=rows)


def _identity(folder: Path) -> dict[str, Any]:
    values: dict[str, Any] = json.loads((folder / "fit.json").read_text(encoding="utf-8"))["identity"]
    return values


def _revision() -> str:
    from training.pack import code_revision

    return code_revision(Path(__file__).resolve().parents[2])


def _integers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(","))


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(float(part) for part in text.split(","))


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))
