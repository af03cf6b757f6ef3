"""Score a description: does it tell, on held-out images, which of them fire the feature?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from training.labelling.cases import Attribute, Case


def detection_scores(
    attributes: Sequence[Attribute | None],
    fires: npt.NDArray[np.bool_],
    near: npt.NDArray[np.bool_],
    cases: Sequence[Case],
    *,
    minimum_firing: int,
    seed: int,
) -> npt.NDArray[np.float64]:
    """Return each description's balanced accuracy on held-out images; 0.5 is chance.

    The negatives are half near misses, half random silent images, so that a description which merely names the
    neighbourhood of a feature earns no full marks.

    Parameters
    ----------
    fires, near : ndarray of bool, shape (images, features)
        On held-out images.
    minimum_firing : int
        Features with fewer held-out firing images (of known truth) get 0.5.
    """
    rng = np.random.default_rng(seed)
    scores = np.full(len(attributes), 0.5)
    truths: dict[Attribute, npt.NDArray[np.float32]] = {}
    for feature, attribute in enumerate(attributes):
        if attribute is None:
            continue
        if attribute not in truths:
            values = [attribute.holds(case) for case in cases]
            truths[attribute] = np.array([np.nan if v is None else float(v) for v in values], dtype=np.float32)
        truth = truths[attribute]
        known = ~np.isnan(truth)
        positive = np.flatnonzero(fires[:, feature] & known)
        close = np.flatnonzero(near[:, feature] & known)
        other = np.flatnonzero(~fires[:, feature] & ~near[:, feature] & known)
        if len(positive) < minimum_firing or not len(close) or not len(other):
            continue
        random = rng.choice(other, size=min(len(close), len(other)), replace=False)
        negative = np.concatenate([close[: len(random)] if len(random) < len(close) else close, random])
        scores[feature] = 0.5 * (float(truth[positive].mean()) + 1.0 - float(truth[negative].mean()))
    return scores
