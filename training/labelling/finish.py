"""What labelling a feature needs all features for: correction for their number, duplicates, ranks, readouts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.stats import false_discovery_control

from engine.pack.features import FeatureRecord
from engine.pack.manifest import Calibration, Readout
from training.calibration import CalibrationRules, calibrate
from training.labelling.cases import Attribute, Case
from training.labelling.citable import may_be_cited
from training.labelling.images import LabelImages, some
from training.labelling.label import ChunkLabels, FeatureLabel
from training.labelling.merge import duplicate_groups
from training.labelling.rank import expected_ranks
from training.labelling.score import Sample
from training.sae.folded import FloatArray, FoldedSae

Chunks = Callable[[], Iterator[ChunkLabels]]
"""Reads the chunks, in order, as often as it is called: all of them may be too much for memory."""
MOST_ACTIVATIONS = 2**28
"""Activations that the readouts are fitted on: 1 GiB."""


@dataclass(frozen=True)
class Corrections:
    """What follows for each label from all of them, in their order.

    Attributes
    ----------
    q_values : list of float
        Benjamini and Hochberg's, a feature without a finding counting as one of the tests.
    groups : list of int
        Smallest id among the duplicates.
    ranks : list of float
        Mean rank among five, NaN where it is not known.
    """

    q_values: list[float]
    groups: list[int]
    ranks: list[float]


def corrections(chunks: Chunks, sae: FoldedSae, images: int, held_out_cases: Sequence[Case]) -> Corrections:
    """Compare all labels; `images` is the number of training images."""
    ids: list[int] = []
    descriptions: list[str] = []
    p_values: list[float] = []
    fires: list[npt.NDArray[np.int32]] = []
    attributes: list[Attribute | None] = []
    samples: list[Sample | None] = []
    for chunk in chunks():
        ids += [label.id for label in chunk.labels]
        descriptions += [label.description for label in chunk.labels]
        p_values += [label.statistics.p_value for label in chunk.labels]
        fires += [np.array(rows, dtype=np.int32) for rows in chunk.fires]
        attributes += [label.attribute for label in chunk.labels]
        samples += [rows and Sample(np.array(rows[0], int), np.array(rows[1], int)) for rows in chunk.samples]
    if not ids:
        return Corrections([], [], [])
    starts = np.cumsum([0, *(len(rows) for rows in fires)])
    rows = np.concatenate(fires)
    marks = sparse.csc_array((np.ones(len(rows), dtype=bool), rows, starts), shape=(images, len(ids)))
    return Corrections(
        [float(f"{q:.4g}") for q in false_discovery_control(p_values)],
        duplicate_groups(ids, sae.w_dec[ids], descriptions, marks, [a is not None for a in attributes]),
        expected_ranks(attributes, samples, held_out_cases),
    )


def corrected(chunks: Chunks, found: Corrections, most_false: float) -> Iterator[FeatureLabel]:
    """Yield the labels; one whose q-value exceeds `most_false` may not be cited by a draft."""
    known = zip(found.q_values, found.groups, found.ranks, strict=True)
    for chunk in chunks():
        for label in chunk.labels:
            q_value, group, rank = next(known)
            more = {"q_value": q_value, "rank": 0.0 if np.isnan(rank) else round(rank, 4)}
            yield label.model_copy(
                update={
                    "reportable": label.reportable and q_value <= most_false,
                    "duplicate_group": group,
                    "statistics": label.statistics.model_copy(update=more),
                }
            )


def citable(labels: Iterable[FeatureLabel], readouts: Sequence[Readout]) -> Iterator[FeatureLabel]:
    """Yield the labels as they stay; one whose finding no readout may state may not be cited by a draft either."""
    for label in labels:
        yield label.model_copy(update={"reportable": may_be_cited(label.record(), readouts)})


def readouts(usable: Sequence[FeatureRecord], sae: FoldedSae, images: LabelImages) -> Calibration:
    """Return readouts fitted on the training images and calibrated on the held-out ones.

    Parameters
    ----------
    usable : sequence of FeatureRecord
        Features whose labels are good enough for a draft to cite.
    """
    ids = [record.id for record in usable]
    most = max(1, MOST_ACTIVATIONS // max(1, len(ids)))
    picked = sae.pick(np.array(ids, dtype=np.int64))
    train, train_cases = _part(picked, images.train, images.train_cases, most)
    held_out, held_out_cases = _part(picked, images.held_out, images.held_out_cases, most)
    found = calibrate(
        # Numbered by their columns: the activations of all features may not fit into memory.
        [replace(record, id=column) for column, record in enumerate(usable)],
        train,
        train_cases,
        validation=held_out,
        validation_cases=held_out_cases,
        rules=CalibrationRules(),
    )
    return Calibration(
        method="L1-penalised logistic regression on activations, signs fixed by polarity; Platt scaling",
        split="fitted on the store's training images, calibrated and thresholds chosen on its held-out ones",
        readouts=tuple(
            readout.model_copy(update={"feature_ids": tuple(ids[column] for column in readout.feature_ids)})
            for readout in found.readouts
        ),
    )


def _part(sae: FoldedSae, tokens: FloatArray, cases: Sequence[Case], most: int) -> tuple[FloatArray, list[Case]]:
    rows = some(np.arange(len(tokens)), most)
    return sae.encode(tokens[rows]), [cases[row] for row in rows.tolist()]
