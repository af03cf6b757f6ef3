"""Argument parser whose help ends with an example and whose errors look like all others."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, NoReturn

from engine.errors import UsageError


class Parser(argparse.ArgumentParser):
    """Parser with an `example` in its help; wrong arguments raise `UsageError` ``USAGE`` instead of leaving."""

    def __init__(self, *args: Any, example: str = "", **kwargs: Any) -> None:
        if example:
            kwargs["epilog"] = f"example:\n  {example}"
            kwargs["formatter_class"] = argparse.RawDescriptionHelpFormatter
        kwargs["allow_abbrev"] = False  # an abbreviation would change its meaning with the next option
        super().__init__(*args, **kwargs)
        self.add_argument("--debug", action="store_true", help="show the program's own trace with an error")

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing the usage and leaving."""
        raise UsageError("USAGE", message, f"see '{self.prog} --help'")


def filled(text: str) -> str:
    """Take an argument that may not be empty: an empty name, as of an unset variable, would mean something else."""
    if not text.strip():
        raise argparse.ArgumentTypeError("it must not be empty")
    return text


def filled_path(text: str) -> Path:
    """Take a path that may not be empty, which would be the working directory."""
    return Path(filled(text))


def positive(text: str) -> int:
    """Return a whole number of 1 or more."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def whole(text: str) -> int:
    """Return a whole number of 0 or more."""
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError("must be at least 0")
    return number
