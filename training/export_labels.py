"""What an exported pack says of its features: nothing, or what the labels of a store support."""

from __future__ import annotations

import numpy as np

from engine.errors import UsageError
from engine.pack.manifest import OBSERVATIONS, Calibration
from engine.resources import resource_path
from training.activations.store import Rows
from training.calibration import CalibrationRules, calibrate, prior_readout
from training.labelling.build import Labels, label_features
from training.labelling.cases import Attribute
from training.labelling.describe import Rules, Wording
from training.labelling.store_cases import store_cases
from training.labelling.undescribed import undescribed_features
from training.sae.folded import FoldedSae
from training.sae.source import TokenSource
from training.sae.store_tokens import StoreTokens

MOST_TOKENS = 20_000
"""Training images from which rates, quantiles and descriptions are made."""
MOST_ACTIVATIONS = 2**28
"""Activations that descriptions may hold at once: 1 GiB."""


def silent_labels(sae: FoldedSae, source: TokenSource) -> tuple[Labels, Calibration]:
    """Return records without descriptions, and readouts that may not speak."""
    wanted = min(MOST_TOKENS, source.rows)
    records = undescribed_features(sae, source.stream(wanted, 0).next_batch())
    none = np.empty(0)
    readouts = tuple(prior_readout(Attribute(name, "present"), none) for name in OBSERVATIONS)
    return Labels(tuple(records), ()), Calibration(method="No readout was fitted", split="none", readouts=readouts)


def store_labels(sae: FoldedSae, source: TokenSource) -> tuple[Labels, Calibration]:
    """Return descriptions and readouts from the labels of the store, made on training and judged on held-out images.

    Raises
    ------
    UsageError
        ``EXPORT_LABELS`` when there are none.
    """
    if not isinstance(source, StoreTokens):
        raise UsageError("EXPORT_LABELS", "a file of tokens has no labels", "leave --describe out")
    limit = max(1, min(MOST_TOKENS, MOST_ACTIVATIONS // sae.n_features))
    train, held_out = (_some(rows, limit) for rows in (source.train_rows, source.held_out_rows))
    train_cases, held_cases = store_cases(source.store, train, "train"), store_cases(source.store, held_out, "val")
    if not any(case.claims for case in train_cases):
        raise UsageError("EXPORT_LABELS", "the store's index names no observation", "leave --describe out")
    x, x_held = source.store.class_tokens(train), source.store.class_tokens(held_out)
    labels = label_features(
        sae,
        x,
        train_cases,
        held_out=x_held,
        held_out_cases=held_cases,
        wording=Wording(resource_path("labelling") / "en.toml"),
        rules=Rules(),
    )
    found = calibrate(
        labels.records,
        sae.encode(x),
        train_cases,
        validation=sae.encode(x_held),
        validation_cases=held_cases,
        rules=CalibrationRules(),
    )
    return labels, Calibration(
        method="L1-penalised logistic regression on activations, signs fixed by polarity; Platt scaling",
        split="fitted on the store's training images, calibrated and thresholds chosen on its held-out ones",
        readouts=found.readouts,
    )


def _some(rows: Rows, limit: int) -> Rows:
    return rows if len(rows) <= limit else np.sort(np.random.default_rng(0).choice(rows, limit, replace=False))
