"""How well a stream of tokens is mixed, against a true random permutation of the same tokens."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]


def batch_entropy(owners: Numbers, batch: int) -> float:
    """Return the mean entropy (nats) of who owns the tokens of a batch, over the whole batches of a stream.

    Parameters
    ----------
    owners : ndarray of int64, shape (tokens,)
        Image, shard or patch number of each token, in the order drawn.
    """
    found = []
    for start in range(0, len(owners) - batch + 1, batch):
        share = np.unique(owners[start : start + batch], return_counts=True)[1] / batch
        found.append(float(-(share * np.log(share)).sum()))
    return float(np.mean(found))


def normalised_entropy(owners: Numbers, batch: int, seed: int = 0) -> float:
    """Return the entropy as a share of that of a uniform random permutation of the same tokens; 1 is perfect."""
    ideal = np.random.default_rng(seed).permutation(owners)
    return batch_entropy(owners, batch) / batch_entropy(ideal, batch)


def rank_correlation(places: Numbers) -> float:
    """Return Spearman's correlation of a token's place on the disk (each once) and its place in the stream."""
    return float(np.corrcoef(places, np.arange(len(places)))[0, 1])


def neighbours_together(owners: Numbers) -> float:
    """Return how often two tokens in a row are of one image, over how often chance would have it."""
    share = np.unique(owners, return_counts=True)[1] / len(owners)
    return float(np.mean(owners[1:] == owners[:-1]) / (share**2).sum())
