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
        value = statistic(np.concatenate([members[i] for i in chosen]))
        if not np.isnan(value):
            values.append(value)
    whole = statistic(np.arange(len(index)))
    if not values:
        return Interval(whole, float("nan"), float("nan"))
    low, high = np.percentile(values, [2.5, 97.5])
    return Interval(whole, float(low), float(high))
