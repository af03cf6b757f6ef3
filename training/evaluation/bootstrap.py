"""Confidence intervals by resampling whole groups (patients, phantoms)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Interval:
    """A value with its 95 % percentile interval; NaN, printed as a dash, where there is nothing to measure."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        if math.isnan(self.value):
            return "–"
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def interval(
    statistic: Callable[[npt.NDArray[np.int_]], float], groups: Sequence[str], seed: int = 0, resamples: int = 500
) -> Interval:
    """Return a statistic of all rows with its interval over resampled groups.

    Parameters
    ----------
    statistic : callable
        Takes row numbers; NaN from a resample (a class is missing) leaves that resample out.
    groups : sequence of str
        Group of each row.
    """
    rng = np.random.default_rng(seed)
    names, index = np.unique(np.array(groups), return_inverse=True)
    order = np.argsort(index, kind="stable")
    members = np.split(order, np.cumsum(np.bincount(index))[:-1])
    values = []
    for _ in range(resamples):
        chosen = rng.integers(len(names), size=len(names))
        values.append(statistic(np.concatenate([members[i] for i in chosen])))
    return _percentiles(statistic(np.arange(len(index))), np.array(values))


@dataclass(frozen=True, eq=False)
class Resampled:
    """A statistic of all rows, and of each resample: shape (resamples,), NaN where it is not defined."""

    value: float
    samples: npt.NDArray[np.float64]

    def interval(self) -> Interval:
        """Return the 95 % percentile interval over the resamples on which the statistic is defined."""
        return _percentiles(self.value, self.samples)

    def less(self, other: Resampled) -> Interval:
        """Return the difference to another statistic of the same resamples: a paired bootstrap."""
        return _percentiles(self.value - other.value, self.samples - other.samples)


class Resamples:
    """The same resamples of whole groups for statistics that follow from sums over rows.

    Statistics of several systems on the same images are then paired, and a resample costs a product of matrices.

    Parameters
    ----------
    groups : sequence of str
        Group of each row.
    """

    def __init__(self, groups: Sequence[str], seed: int = 0, resamples: int = 500) -> None:
        names, self._group = np.unique(np.array(groups), return_inverse=True)
        drawn = np.random.default_rng(seed).integers(len(names), size=(resamples, len(names)))
        self._times = np.stack([np.bincount(row, minlength=len(names)) for row in drawn]).astype(np.float64)

    def of(self, rows: npt.NDArray[np.float64], statistic: Callable[[npt.NDArray[np.float64]], float]) -> Resampled:
        """Return a statistic of the sum of rows, shape (rows, counts), of all and of each resample."""
        grouped = np.zeros((self._times.shape[1], rows.shape[1]))
        np.add.at(grouped, self._group, rows)
        samples = np.array([statistic(total) for total in self._times @ grouped])
        return Resampled(statistic(rows.sum(axis=0)), samples)


def _percentiles(value: float, samples: npt.NDArray[np.float64]) -> Interval:
    known = samples[~np.isnan(samples)]
    if not len(known):
        return Interval(value, float("nan"), float("nan"))
    low, high = np.percentile(known, [2.5, 97.5])
    return Interval(value, float(low), float(high))
