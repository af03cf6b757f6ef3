"""Tolerant access to the elements of a data set: a bad value becomes a warning, never an exception."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable

from pydicom.datadict import dictionary_description
from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException

# What pydicom raises when the bytes of one element cannot be its value.
_VALUE_ERRORS = (
    ValueError,
    TypeError,
    OverflowError,
    NotImplementedError,
    LookupError,
    AttributeError,
    EOFError,
    OSError,
    struct.error,
    BytesLengthException,
)


class Elements:
    """A data set, or an item of one of its sequences, and what was wrong with it.

    Parameters
    ----------
    dataset : pydicom.Dataset
    warnings : list of str, optional
        Sentences are added to this list; items share their parent's.
    """

    def __init__(self, dataset: Dataset, warnings: list[str] | None = None) -> None:
        self.dataset = dataset
        self.warnings: list[str] = [] if warnings is None else warnings

    def __contains__(self, keyword: str) -> bool:
        return keyword in self.dataset

    def warn(self, sentence: str) -> None:
        """Add a sentence once."""
        if sentence not in self.warnings:
            self.warnings.append(sentence)

    def raw(self, keyword: str) -> object:
        """Return the value as pydicom gives it, None when absent or unreadable."""
        try:
            return self.dataset.get(keyword)
        except _VALUE_ERRORS:
            self.warn(f"The header's {dictionary_description(keyword)} cannot be read and is left out.")
            return None

    def values(self, keyword: str) -> list[object]:
        """Return all values of an element, an empty list when there is none."""
        value = self.raw(keyword)
        if value is None or value in ("", b""):
            return []
        if isinstance(value, Iterable) and not isinstance(value, (str, bytes)) and not hasattr(value, "components"):
            return list(value)
        return [value]

    def texts(self, keyword: str) -> tuple[str, ...]:
        """Return all values as text, trimmed, without control characters."""
        return tuple(one_line(str(value)) for value in self.values(keyword))

    def text(self, keyword: str) -> str:
        r"""Return the element as one line of text; several values are joined by ``\``, as in the file."""
        return "\\".join(self.texts(keyword))

    def numbers(self, keyword: str) -> list[float]:
        """Return the finite numbers of an element; anything else in it is left out with a warning."""
        found: list[float] = []
        for value in self.values(keyword):
            try:
                number = float(str(value))
            except ValueError:
                number = math.nan
            if math.isfinite(number):
                found.append(number)
            else:
                self.warn(f"The header's {dictionary_description(keyword)} holds something that is not a number.")
        return found

    def number(self, keyword: str) -> float | None:
        """Return the first number of an element."""
        found = self.numbers(keyword)
        return found[0] if found else None

    def integer(self, keyword: str) -> int | None:
        """Return the first number of an element as an integer."""
        number = self.number(keyword)
        return None if number is None else int(number)

    def items(self, keyword: str) -> list[Elements]:
        """Return the items of a sequence."""
        return [Elements(item, self.warnings) for item in self.values(keyword) if isinstance(item, Dataset)]


def one_line(text: str) -> str:
    """Return text as one line: control characters would upset terminals, logs and reports."""
    if text.isprintable():
        return " ".join(text.split())
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
