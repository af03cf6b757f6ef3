"""Drafts and maps on held-out phantoms, whose truth is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.inference.attribution import upsample
from training.data.phantom.dataset import PhantomRecord
from training.evaluation.bootstrap import Interval, interval
from training.evaluation.drafters import Answer, Drafter, answers
from training.evaluation.matching import Comparison, Counts, Key, truth_of


@dataclass(frozen=True, eq=False)
class PhantomScores:
    """How a system does on held-out phantoms.

    Attributes
    ----------
    comparison : Comparison
        Counts over all images.
    f1, f1_with_side : Interval
        Over resampled phantoms.
    pointing : Interval
        Share of rightly stated findings whose map has its peak inside the finding's mask.
    pointing_near : Interval
        The same, the peak within one patch of the mask counting too.
    pointing_all : Interval
        As `pointing`, over all true findings, one that is not stated counting as a miss.
    chance : float
        Mean share of the image that the masks of those findings cover: what a random peak would hit.
    pointing_by_name : dict
        Hits and misses by finding.
    """

    images: int
    refused: int
    comparison: Comparison
    f1: Interval
    f1_with_side: Interval
    pointing: Interval
    pointing_near: Interval
    pointing_all: Interval
    chance: float
    pointing_by_name: dict[str, Counts]


@dataclass(frozen=True)
class Row:
    """One image: its comparison, peaks in and near their masks, maps looked at, true findings, area of the masks."""

    comparison: Comparison
    hits: int
    near: int
    pointed: int
    true: int
    area: float


def score_phantoms(
    drafter: Drafter, records: Sequence[PhantomRecord], progress: Callable[[str, float], None]
) -> PhantomScores:
    """Let a system answer on every phantom and compare."""
    return score_answers(answers(drafter, [record.image_path for record in records], progress), records)


def score_answers(given: Sequence[Answer], records: Sequence[PhantomRecord]) -> PhantomScores:
    """Compare the answers on some phantoms with their truth."""
    by_name: dict[str, Counts] = {}
    rows = [score_answer(answer, record, by_name) for answer, record in zip(given, records, strict=True)]

    def statistic(of: Callable[[list[Row]], float]) -> Interval:
        return interval(lambda chosen: of([rows[i] for i in chosen]), [record.group for record in records])

    pointed = sum(row.pointed for row in rows)
    return PhantomScores(
        images=len(rows),
        refused=sum(answer.refused for answer in given),
        comparison=_sum(rows),
        f1=statistic(lambda r: _sum(r).presence.f1),
        f1_with_side=statistic(lambda r: _sum(r).with_side.f1),
        pointing=statistic(lambda r: _ratio(sum(x.hits for x in r), sum(x.pointed for x in r))),
        pointing_near=statistic(lambda r: _ratio(sum(x.near for x in r), sum(x.pointed for x in r))),
        pointing_all=statistic(lambda r: _ratio(sum(x.hits for x in r), sum(x.true for x in r))),
        chance=sum(row.area for row in rows) / max(pointed, 1),
        pointing_by_name=by_name,
    )


def _ratio(hits: int, total: int) -> float:
    return hits / total if total else float("nan")


def _sum(rows: Sequence[Row]) -> Comparison:
    total = Comparison()
    for row in rows:
        total.presence.add(row.comparison.presence)
        total.with_side.add(row.comparison.with_side)
        for name, counts in row.comparison.by_name.items():
            total.by_name.setdefault(name, Counts()).add(counts)
    return total


def score_answer(answer: Answer, record: PhantomRecord, by_name: dict[str, Counts]) -> Row:
    """Compare one answer with its phantom; `by_name` collects hits and misses of the pointing game."""
    truth = truth_of(record.findings)
    comparison = Comparison()
    comparison.add(answer.stated, truth)
    masks = masks_of(record)
    hits = near = pointed = 0
    area = 0.0
    for item in truth:
        feature_map = answer.maps.get(item.key)
        if feature_map is None:
            continue
        mask = masks[item.key]
        heat = upsample(feature_map, *mask.shape)
        peak = np.unravel_index(int(np.argmax(heat)), mask.shape)
        hit = bool(mask[peak])
        hits += hit
        near += within(mask, (int(peak[0]), int(peak[1])), max(mask.shape) / max(feature_map.values.shape))
        pointed += 1
        area += float(mask.mean())
        by_name.setdefault(item.name, Counts()).add(Counts(hits=int(hit), missed=int(not hit)))
    return Row(comparison, hits, near, pointed, len(truth), area)


def within(mask: npt.NDArray[np.bool_], peak: tuple[int, int], distance: float) -> bool:
    """Whether a pixel of a mask lies at most `distance` pixels from a peak (row, column)."""
    rows, columns = np.nonzero(mask)
    return bool((np.hypot(rows - peak[0], columns - peak[1]) <= distance).any())


def masks_of(record: PhantomRecord) -> dict[Key, npt.NDArray[np.bool_]]:
    """Return the masks of a phantom's findings, several of one kind as one."""
    phantom = record.load()
    masks: dict[Key, npt.NDArray[np.bool_]] = {}
    for finding, mask in zip(phantom.findings, phantom.masks, strict=True):
        key = (finding.observation, finding.device)
        masks[key] = masks[key] | mask if key in masks else mask
    return masks
