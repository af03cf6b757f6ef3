"""The options of `saerad-train label` by which a language model words descriptions."""

from __future__ import annotations

import argparse
from pathlib import Path

from engine.cli.parser import positive
from engine.errors import UsageError

STRATEGIES = ("plain", "domain", "findings")
OPTIONS = ("strategy", "context", "threads", "gpu_layers")
"""Beside ``--model``; those that are given are fields of `training.labelling.wording.wordsmith.ModelChoice`."""


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of a language model."""
    group = parser.add_argument_group("wording by a local language model (extra 'labelling')")
    group.add_argument("--model", type=Path, metavar="FILE.gguf", help="let this model word what the statistics found")
    group.add_argument(
        "--strategy",
        choices=STRATEGIES,
        help="prompt: statement and reports; with a radiologist's rules; with the figures too (default: findings)",
    )
    group.add_argument("--context", type=positive, help="tokens of prompt and answer together (default 4096)")
    group.add_argument("--threads", type=positive, help="processors of the model (default: half of all)")
    group.add_argument(
        "--gpu-layers", type=int, help="layers on a GPU where the library was built for one (default: all)"
    )


def check_model_options(args: argparse.Namespace) -> None:
    """Refuse options of a model where there is none, and a model where nothing is labelled.

    Raises
    ------
    UsageError
        ``USAGE``.
    """
    given = [name for name in OPTIONS if getattr(args, name) is not None]
    if given and args.model is None:
        raise UsageError("USAGE", f"--{given[0].replace('_', '-')} is of a model, and there is no --model", "name it")
    if args.model is not None and args.sae is None:
        raise UsageError(
            "USAGE", "--model words labels, and there is no --run", "name the autoencoder, or leave it out"
        )
