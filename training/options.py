"""Values on the command line: numbers within bounds, and lists with commas between them."""

from __future__ import annotations

import argparse


def count(text: str) -> int:
    """Return a whole number of 0 or more."""
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError("must be 0 or more")
    return number


def integers(text: str) -> tuple[int, ...]:
    """Return the whole numbers of "16,32"."""
    return tuple(int(part) for part in text.split(","))


def numbers(text: str) -> tuple[float, ...]:
    """Return the numbers of "0.1,0.2"."""
    return tuple(float(part) for part in text.split(","))


def names(text: str) -> tuple[str, ...]:
    """Return the words of "one,two"."""
    return tuple(text.split(","))
