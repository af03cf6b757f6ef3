"""Which images stand behind a feature: firing ones across its activation quantiles, and near misses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from engine.pack.features import N_QUANTILES, Evidence
from training.labelling.cases import Case

EXCERPT = 160
LEAST_NEAR = 20
"""Near misses of a feature, however few images fire it."""


def near_misses(
    activations: npt.NDArray[np.float32],
    margin: npt.NDArray[np.float32],
    per_firing: float = 1.0,
    at_least: int = LEAST_NEAR,
) -> npt.NDArray[np.bool_]:
    """Mark the silent images that come closest to firing each feature.

    Parameters
    ----------
    activations, margin : ndarray of float32, shape (images, features)
        Activations, and pre-activation minus threshold (negative where silent).

    Returns
    -------
    ndarray of bool, shape (images, features)
        As many as there are firing images times `per_firing`, at least `at_least`, where there are that many.
    """
    marks = np.zeros(activations.shape, dtype=bool)
    silent_margin = np.where(activations > 0, -np.inf, margin)
    for feature in range(activations.shape[1]):
        firing = int((activations[:, feature] > 0).sum())
        wanted = min(len(marks) - firing, max(at_least, round(per_firing * firing)))
        if wanted > 0:
            marks[np.argpartition(-silent_margin[:, feature], wanted - 1)[:wanted], feature] = True
    return marks


def quantiles(activations: npt.NDArray[np.float32]) -> tuple[float, ...]:
    """Return the 0th to 100th percentile of one feature's positive activations (zeros where it never fires)."""
    positive = activations[activations > 0]
    if not len(positive):
        return (0.0,) * N_QUANTILES
    return tuple(round(float(q), 5) for q in np.percentile(positive, np.linspace(0.0, 100.0, N_QUANTILES)))


def evidence_rows(
    feature: int, activations: npt.NDArray[np.float32], cases: Sequence[Case], top: int = 3, spread: int = 3
) -> list[Evidence]:
    """Return evidence for one feature: its strongest images and others across its quantiles, distinct groups first.

    Only cases with a text that may ship are named.
    """
    may_ship = [i for i in strongest_first(activations) if cases[i].text]
    chosen = across_quantiles(may_ship, cases, top, spread)
    return [
        Evidence(feature, rank, cases[i].key, round(float(activations[i]), 5), excerpt(cases[i].text))
        for rank, i in enumerate(chosen)
    ]


def strongest_first(activations: npt.NDArray[np.float32]) -> list[int]:
    """Return the images on which a feature fires."""
    return [int(i) for i in np.argsort(-activations) if activations[i] > 0]


def across_quantiles(candidates: Sequence[int], cases: Sequence[Case], top: int, spread: int) -> list[int]:
    """Return the first candidates of distinct groups, and others at even steps through the rest, in their order."""
    chosen = distinct_groups(candidates, cases, top)
    rest = [i for i in candidates if i not in chosen]
    if rest:
        steps = np.unique(np.linspace(0, len(rest) - 1, min(spread, len(rest))).round().astype(int))
        chosen.extend(rest[step] for step in steps)
    return sorted(chosen, key=candidates.index)


def distinct_groups(candidates: Sequence[int], cases: Sequence[Case], wanted: int) -> list[int]:
    """Return the first candidates that are of different groups."""
    first: dict[str, int] = {}
    for index in candidates:
        if len(first) == wanted:
            break
        first.setdefault(cases[index].group, index)
    return list(first.values())


def excerpt(text: str, longest: int = EXCERPT) -> str:
    """Return the beginning of a text, cut at a word."""
    flat = " ".join(text.split())
    return flat if len(flat) <= longest else flat[:longest].rsplit(" ", 1)[0] + " …"
