"""Make what a command's options ask for: a model that words descriptions, or none."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

from training.labelling.wording.options import OPTIONS
from training.labelling.wording.progress import WordingProgress
from training.labelling.wording.wordsmith import ModelChoice, Wordsmith


@contextmanager
def open_wordsmith(args: argparse.Namespace, progress: WordingProgress) -> Iterator[Wordsmith | None]:
    """Yield the model of ``--model``, loaded, and end its process afterwards; None where there is none.

    Raises
    ------
    SaeRadError
        See :class:`training.labelling.wording.wordsmith.Wordsmith`.
    """
    if args.model is None:
        yield None
        return
    given = {name: getattr(args, name) for name in OPTIONS if getattr(args, name) is not None}
    wordsmith = Wordsmith(ModelChoice(args.model, **given), progress)
    try:
        yield wordsmith
    finally:
        wordsmith.close()
