"""Two texts compared word by word (difflib's Ratcliff-Obershelp matching, without its junk heuristic)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal


@dataclass(frozen=True)
class Run:
    """Words next to each other that both texts have, or only one of them."""

    kind: Literal["same", "gone", "new"]
    text: str


def word_difference(old: str, new: str) -> tuple[Run, ...]:
    """Return the runs in reading order; what is gone stands before what is new in its place."""
    return tuple(_runs(old.split(), new.split()))


def _runs(old: list[str], new: list[str]) -> Iterator[Run]:
    for tag, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            yield Run("same", " ".join(old[i:j]))
            continue
        if i < j:
            yield Run("gone", " ".join(old[i:j]))
        if k < m:
            yield Run("new", " ".join(new[k:m]))
