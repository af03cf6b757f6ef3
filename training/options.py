"""Lists on the command line: values with commas between them."""

from __future__ import annotations


def integers(text: str) -> tuple[int, ...]:
    """Return the whole numbers of "16,32"."""
    return tuple(int(part) for part in text.split(","))


def numbers(text: str) -> tuple[float, ...]:
    """Return the numbers of "0.1,0.2"."""
    return tuple(float(part) for part in text.split(","))


def names(text: str) -> tuple[str, ...]:
    """Return the words of "one,two"."""
    return tuple(text.split(","))
