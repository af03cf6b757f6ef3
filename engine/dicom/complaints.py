"""Hear what foreign decoders print: libjpeg inside GDCM tells of corrupt data only on the standard error stream."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

_MOST_BYTES = 4096


@contextmanager
def overheard() -> Iterator[list[str]]:
    """Collect the lines printed to standard error meanwhile, into the list given, which is full at the end.

    Only in a child process of `engine.worker`, which does one thing at a time: elsewhere other threads print too.
    """
    lines: list[str] = []
    if multiprocessing.parent_process() is None:
        yield lines
        return
    with tempfile.TemporaryFile() as file:
        kept = os.dup(2)
        os.dup2(file.fileno(), 2)
        try:
            yield lines
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            file.seek(0)
            lines += file.read(_MOST_BYTES).decode("utf-8", "replace").splitlines()
