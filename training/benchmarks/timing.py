"""Clocks, the speed of a large product, and how busy the machine is."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import torch

SIZE = 2048
"""Of the large product."""


def seconds(step: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """Return how long a call takes."""
    begin = clock()
    step()
    return clock() - begin


def peak(clock: Callable[[], float] = time.perf_counter) -> float:
    """Return the speed of a large square product in FLOP/s, the best of three."""
    a, b, out = torch.randn(SIZE, SIZE), torch.randn(SIZE, SIZE), torch.empty(SIZE, SIZE)
    return 2.0 * SIZE**3 / min(seconds(lambda: torch.mm(a, b, out=out), clock) for _ in range(3))


def encoder_flops(d_model: int, n_features: int) -> float:
    """Return the operations of one dense encoder product for one token: no step can do without it (the floor)."""
    return 2.0 * d_model * n_features


def load_average() -> float | None:
    """Return how many processes wanted to run during the last minute, or None where the system does not say."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
