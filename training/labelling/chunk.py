"""Label a chunk of features: a job that needs no other feature, done here or by any worker."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from training.labelling.evidence import across_quantiles, distinct_groups, excerpt, strongest_first
from training.labelling.images import LabelImages
from training.labelling.judge import Judge, Verdict, activity
from training.labelling.label import ChunkLabels, FeatureLabel, NearMiss, Statistics, Witness
from training.labelling.score import Sample
from training.sae.folded import FloatArray, FoldedSae

ACTIVATIONS = 2**24
"""Activations of a chunk's features on all images; a job holds a few matrices of this size at once."""
MOST_FEATURES, STEP = 512, 16
TOP, SPREAD, NEAR = 3, 7, 5
"""Images of the evidence: the strongest, others across the quantiles, near misses."""


@dataclass(frozen=True, eq=False)
class ChunkTask:
    """What every job needs.

    Attributes
    ----------
    images : LabelImages
    judge : Judge
        Made from what is known of the images.
    seed : int
        Of the random silent images that descriptions are scored against; each feature has a draw of its own.
    """

    images: LabelImages
    judge: Judge
    seed: int


@dataclass(frozen=True, eq=False)
class ChunkJob:
    """Some features of an autoencoder.

    Attributes
    ----------
    number : int
        Of the chunk.
    first : int
        Id of the first feature.
    sae : FoldedSae
        Of these features alone.
    """

    number: int
    first: int
    sae: FoldedSae


def chunk_features(images: int) -> int:
    """Return how many features a chunk has, for so many images."""
    return min(MOST_FEATURES, max(STEP, ACTIVATIONS // images // STEP * STEP))


def chunk_jobs(sae: FoldedSae, numbers: Iterable[int], size: int) -> Iterator[ChunkJob]:
    """Yield the jobs of some chunks of `size` features."""
    for number in numbers:
        first = number * size
        yield ChunkJob(number, first, sae.pick(np.arange(first, min(first + size, sae.n_features))))


def label_chunk(task: ChunkTask, job: ChunkJob) -> ChunkLabels:
    """Label the features that fire on the training images; groups and corrections are left to the end."""
    sae = job.sae
    z = sae.preactivations(task.images.train)
    alive = np.flatnonzero((z > sae.threshold).any(0))
    train = activity(z[:, alive], sae.threshold[alive])
    held_out = activity(sae.preactivations(task.images.held_out)[:, alive], sae.threshold[alive])
    ids = (alive + job.first).tolist()
    rngs = (np.random.default_rng([task.seed, ident]) for ident in ids)
    verdicts = task.judge.verdicts(train, held_out, rngs)
    labels = [
        _label(task, ident, verdict, train.column(i), int(held_out.fires[:, i].sum()))
        for i, (ident, verdict) in enumerate(zip(ids, verdicts, strict=True))
    ]
    return ChunkLabels(
        number=job.number,
        labels=tuple(labels),
        fires=tuple(tuple(np.flatnonzero(column).tolist()) for column in train.fires.T),
        samples=tuple(_rows(verdict.sample) for verdict in verdicts),
    )


def _rows(sample: Sample | None) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    return None if sample is None else (tuple(sample.firing.tolist()), tuple(sample.silent.tolist()))


def _label(
    task: ChunkTask, ident: int, verdict: Verdict, here: tuple[FloatArray, FloatArray], held_out_firing: int
) -> FeatureLabel:
    activations, margin = here
    cases, firing = task.images.train_cases, int((activations > 0).sum())
    order = strongest_first(activations)
    place = {image: rank for rank, image in enumerate(order)}
    close = np.argsort(-np.where(activations > 0, -np.inf, margin), kind="stable")[: len(margin) - firing].tolist()
    record = task.judge.record(ident, verdict, activations, group=ident)
    return FeatureLabel(
        **vars(record),
        statistics=_statistics(verdict, firing, held_out_firing),
        firing=tuple(
            Witness(
                image=cases[i].key,
                activation=round(float(activations[i]), 5),
                percentile=round(100.0 * (1.0 - place[i] / max(firing - 1, 1)), 1),
                text=excerpt(cases[i].text),
            )
            for i in across_quantiles(order, cases, TOP, SPREAD)
        ),
        near_misses=tuple(
            NearMiss(image=cases[i].key, margin=round(float(margin[i]), 5)) for i in distinct_groups(close, cases, NEAR)
        ),
    )


def _statistics(verdict: Verdict, firing: int, held_out_firing: int) -> Statistics:
    if verdict.choice is None:
        return Statistics(firing=firing, held_out_firing=held_out_firing)
    return Statistics(
        firing=firing,
        held_out_firing=held_out_firing,
        odds_ratio=_short(verdict.choice.odds_ratio),
        bound=_short(verdict.choice.bound),
        share=_short(verdict.choice.share),
        p_value=_short(verdict.choice.p_value),
        precision=_short(verdict.precision),
        scored=verdict.scored,
    )


def _short(value: float) -> float:
    return float(f"{value:.4g}")
