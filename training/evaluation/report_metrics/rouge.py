"""ROUGE-L (Lin 2004): the longest common subsequence of two texts."""

from __future__ import annotations

from collections.abc import Sequence


def rouge_l(candidate: Sequence[str], reference: Sequence[str]) -> float:
    """Return the F-measure of the longest common subsequence with precision and recall of equal weight, 0..1.

    Of two empty texts it is 1.
    """
    total = len(candidate) + len(reference)
    return 2 * common_subsequence(candidate, reference) / total if total else 1.0


def common_subsequence(first: Sequence[str], second: Sequence[str]) -> int:
    """Return the length of the longest common subsequence, by bits of whole numbers (Hyyrö 2004)."""
    places: dict[str, int] = {}
    for i, word in enumerate(first):
        places[word] = places.get(word, 0) | 1 << i
    full = (1 << len(first)) - 1
    row = full
    for word in second:
        shared = row & places.get(word, 0)
        row = ((row + shared) | (row - shared)) & full
    return len(first) - row.bit_count()
