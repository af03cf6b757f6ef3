"""Group features that say the same thing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
from scipy import sparse

COSINE = 0.9
JACCARD = 0.5
COMPARISONS = 2**22
"""Pairs of features that are compared at a time, about 50 bytes each."""


def duplicate_groups(
    ids: Sequence[int],
    directions: npt.NDArray[np.float32],
    descriptions: Sequence[str],
    fires: sparse.csc_array,
    stated: Sequence[bool],
) -> list[int]:
    """Return for each feature the smallest id of its group: one entry of a list that says nothing twice.

    Features whose descriptions state a finding are duplicates when they say it in the same words, whatever their
    order; never when they say different things, however close their directions are. Of the others, whose words mean
    nothing, those are duplicates whose decoder directions have a cosine above 0.9, or which carry the same description
    and fire on the same images (Jaccard index above 0.5).

    Parameters
    ----------
    directions : ndarray of float32, shape (features, d_model)
        Unit decoder rows.
    fires : sparse array of bool, shape (images, features)
    stated : sequence of bool
        Whether each description states a finding.
    """
    parent = list(range(len(ids)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    first_with: dict[tuple[str, ...], int] = {}
    for index, (description, states) in enumerate(zip(descriptions, stated, strict=True)):
        if states:
            parent[index] = first_with.setdefault(same_words(description), index)
    mute = [index for index, states in enumerate(stated) if not states]
    for first, second in _pairs(directions[mute], [descriptions[index] for index in mute], fires[:, mute]):
        a, b = root(mute[first]), root(mute[second])
        parent[max(a, b)] = min(a, b)
    smallest: dict[int, int] = {}
    for index, ident in enumerate(ids):
        smallest[root(index)] = min(ident, smallest.get(root(index), ident))
    return [smallest[root(index)] for index in range(len(ids))]


def same_words(description: str) -> tuple[str, ...]:
    """Return the words of a description in one order: small letters, sorted, without punctuation."""
    return tuple(sorted(re.findall(r"[\w-]+", description.lower())))


def _pairs(
    directions: npt.NDArray[np.float32], descriptions: Sequence[str], fires: sparse.csc_array
) -> Iterator[tuple[int, int]]:
    """Yield pairs of duplicates; `COMPARISONS` are held at a time."""
    for first, last in _blocks(len(descriptions)):
        rows, columns = np.nonzero(directions[first:last] @ directions[first:].T > COSINE)
        yield from _later(rows + first, columns + first)
    names = np.unique(np.array(descriptions, dtype=str), return_inverse=True)[1]
    order = np.argsort(names, kind="stable")
    for members in np.split(order, np.flatnonzero(np.diff(names[order])) + 1):
        marks = fires[:, members].astype(np.float32)
        size = np.asarray(marks.sum(0), dtype=np.float32)
        for first, last in _blocks(len(members)):
            shared = sparse.coo_array(marks[:, first:last].T @ marks[:, first:])
            rows, columns = shared.coords[0] + first, shared.coords[1] + first
            same = shared.data / (size[rows] + size[columns] - shared.data) > JACCARD
            yield from _later(members[rows[same]], members[columns[same]])


def _blocks(count: int) -> Iterator[tuple[int, int]]:
    step = max(1, COMPARISONS // max(count, 1))
    return ((first, min(first + step, count)) for first in range(0, count, step))


def _later(first: npt.NDArray[np.int64], second: npt.NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Yield the pairs of different ones once."""
    later = second > first
    return zip(first[later].tolist(), second[later].tolist(), strict=True)
