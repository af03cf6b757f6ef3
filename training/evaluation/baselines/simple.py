"""Two writers that read no feature: the report of the nearest training image, and one that always says normal."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.report.draft import Draft
from engine.report.vocabulary import NO_FINDING
from training.evaluation.baselines.composed import compose_from, evidence_for, probability
from training.evaluation.report_metrics.pairs import report_body
from training.labelling.cases import Attribute, Case
from training.sae.folded import FloatArray

DENIED = ("Lung Opacity", "Pleural Effusion", "Pneumothorax", "Cardiomegaly")


def nearest_reports(tokens: FloatArray, train: FloatArray, cases: Sequence[Case], source: str) -> list[str]:
    """Return, for each image, the report of the training image whose class token has the largest cosine with its own.

    Parameters
    ----------
    tokens : ndarray of float32, shape (images, d_model)
    train : ndarray of float32, shape (training images, d_model)
    cases : sequence of Case
        Of the training images; those of `source` with a report are looked at.
    """
    rows = [i for i, case in enumerate(cases) if case.source == source and case.text]
    near = np.argmax(_unit(tokens) @ _unit(train[rows]).T, axis=1).tolist()
    return [report_body(cases[rows[i]].text) for i in near]


def normal_draft() -> Draft:
    """Return the draft of a chest without any finding."""
    said = [Attribute(NO_FINDING, "normal"), *(Attribute(name, "absent") for name in DENIED)]
    evidence = [evidence_for(i, attribute, 1.0) for i, attribute in enumerate(said)]
    denied = [probability(Attribute(name), 0.0, 1.0, 1.0) for name in DENIED]
    return compose_from(evidence, [probability(said[0], 1.0, 0.5, 0.5), *denied])


def _unit(tokens: FloatArray) -> FloatArray:
    lengths = np.linalg.norm(tokens, axis=1, keepdims=True)
    return np.asarray(tokens / np.maximum(lengths, 1e-12), dtype=np.float32)
