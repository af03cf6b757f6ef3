"""Records of features that nobody has described: what they do is known, what they mean is not."""

from __future__ import annotations

import numpy as np

from engine.pack.features import FeatureRecord
from training.labelling.evidence import quantiles
from training.sae.folded import FloatArray, FoldedSae
from training.sae.metrics import ROWS


def undescribed_features(sae: FoldedSae, tokens: FloatArray) -> list[FeatureRecord]:
    """Return a record for every feature that fires on the tokens, with its rate and its quantiles.

    Parameters
    ----------
    tokens : ndarray of float32, shape (N, d_model)
        Class tokens that the autoencoder was trained on.
    """
    which, values = [np.empty(0, np.int64)], [np.empty(0, np.float32)]
    for first in range(0, len(tokens), ROWS):
        activations = sae.encode(tokens[first : first + ROWS])
        _, features = np.nonzero(activations)
        which.append(features)
        values.append(activations[activations != 0])
    # Only what is active is kept: a matrix of all images and features may not fit into memory.
    feature, value = np.concatenate(which), np.concatenate(values)
    order = np.argsort(feature, kind="stable")
    alive, starts = np.unique(feature[order], return_index=True)
    parts = np.split(value[order], starts[1:]) if len(alive) else []
    return [
        FeatureRecord(
            id=ident,
            description=f"feature {ident} (not described)",
            observation="",
            polarity="normal",
            laterality="none",
            location="",
            severity="none",
            section="other",
            label_score=0.0,
            reportable=False,
            firing_rate=round(len(part) / len(tokens), 6),
            quantiles=quantiles(part),
            duplicate_group=ident,
        )
        for ident, part in zip(alive.tolist(), parts, strict=True)
    ]
