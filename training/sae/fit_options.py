"""What the options of `saerad-train fit` ask for: the activations and the configuration of the run."""

from __future__ import annotations

import argparse
from dataclasses import replace

from engine.cluster.crew import Crew
from engine.errors import UsageError
from training.sae.checkpoint import load
from training.sae.config import FitConfig, require, sweep
from training.sae.run_folder import exists
from training.sae.source import TokenSource, open_as_saved, read_identity
from training.sae.store_tokens import StoreChoice, StoreTokens
from training.sae.token_file import read_token_file
from training.sae.trained import read_config


def fill_defaults(args: argparse.Namespace) -> list[str]:
    """Set the options that were not given, which are None, to their defaults; returns the names of those given."""
    given = [name for name in args.defaults if getattr(args, name) is not None]
    for name in args.defaults.keys() - given:
        setattr(args, name, args.defaults[name])
    return given


def saved_run(args: argparse.Namespace) -> tuple[FitConfig, TokenSource]:
    """Return the configuration and the activations that the run in ``--out`` was begun with.

    Raises
    ------
    SaeRadError
        ``FIT_OPTION`` for options that it would not heed, ``FIT_CHECKPOINT``, and what opening the activations raises.
    """
    if args.given:
        options = ", ".join(f"--{name.replace('_', '-')}" for name in args.given)
        raise UsageError(
            "FIT_OPTION",
            f"a run goes on with the options that it was begun with: {options} cannot be given again",
            "leave them out, or begin another run in a new folder",
        )
    config = FitConfig.from_json(load(args.out).meta["config"])
    return config, open_as_saved(read_identity(args.out), args.tokens, args.store, verify=not args.no_verify)


def asked_run(args: argparse.Namespace) -> tuple[FitConfig, TokenSource]:
    """Return the configuration and the activations that the options name.

    Raises
    ------
    SaeRadError
        ``FIT_OPTION`` for options that do not fit together, and what opening the activations raises.
    """
    source = _open(args)
    return _config(args, source.d_model), source


def fitting_batch(config: FitConfig, source: TokenSource) -> FitConfig:
    """Return the configuration with all tokens as a batch where there are fewer than a batch."""
    return replace(config, batch=min(config.batch, source.rows))


def batch_parts(args: argparse.Namespace, crew: Crew) -> int:
    """Return the parts of a batch: as asked, as the run was begun with, or one for each worker."""
    if args.parts is not None:
        return int(args.parts)
    return read_config(args.out).parts if exists(args.out) else crew.size


def _open(args: argparse.Namespace) -> TokenSource:
    """Open the file or the store that the options name."""
    require(args.held_out >= 0, "--held-out", args.held_out, "0 or more")
    if args.store is not None:
        require(0.0 < args.held_out_share < 1.0, "--held-out-share", args.held_out_share, "between 0 and 1")
        require(args.buffer >= 1, "--buffer", args.buffer, "1 or more")
        require(args.data_seed >= 0, "--data-seed", args.data_seed, "0 or more")
        choice = StoreChoice(args.tokens_kind, args.held_out, args.data_seed, args.held_out_share, args.buffer)
        return StoreTokens(args.store, choice, verify=not args.no_verify)
    if args.tokens is None:
        raise UsageError("FIT_OPTION", "no activations are given", "give --store or --tokens")
    if args.tokens_kind != "class":
        raise UsageError("FIT_OPTION", "a file of tokens has no kinds", "give --store, or leave --tokens-kind out")
    return read_token_file(args.tokens, args.held_out, args.data_seed)


def _config(args: argparse.Namespace, d_model: int) -> FitConfig:
    variants = args.variant or (("sae-rad",) if args.arch == "gated-sae-rad" else ())
    return FitConfig(
        saes=sweep(
            args.arch,
            args.expansion * d_model if args.features is None else args.features,
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
        device=args.device,
        whitening=args.whitening,
        revive=not args.no_revive,
        log_every=args.log_every,
        evaluate_every=args.evaluate_every,
        checkpoint_every=args.checkpoint_every,
        threads=args.threads,
    )
