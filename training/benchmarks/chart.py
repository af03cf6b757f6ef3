"""A bar for every trainer (PNG)."""

from __future__ import annotations

from pathlib import Path
from textwrap import fill

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np

from training.benchmarks.result import Result

LINE = 80
"""Characters that fit below the bars side by side."""
COLOURS = ("#0b6e8f", "#c96f1e", "#8a8a8a", "#7a5ea8")


def draw(result: Result, key: str, label: str, path: Path, *, logarithmic: bool = False) -> None:
    """Draw one figure of every case: ours beside each library that has it."""
    figure, axes = plt.subplots(figsize=(7, 3.6), layout="constrained")
    trainers = {"ours": result.ours, **result.peers}
    width = 0.8 / len(trainers)
    for number, (trainer, cases) in enumerate(trainers.items()):
        places = [i for i, case in enumerate(result.ours) if case in cases]
        values = [cases[case][key] for case in result.ours if case in cases]
        left = np.array(places) + (number - (len(trainers) - 1) / 2) * width
        bars = axes.bar(left, values, width, color=COLOURS[number % len(COLOURS)], label=trainer)
        axes.bar_label(bars, fmt=_short, fontsize=6)
    room = LINE // len(result.ours)
    axes.set_xticks(range(len(result.ours)), [fill(case, room) for case in result.ours], fontsize=8)
    axes.set_ylabel(label)
    if logarithmic:
        axes.set_yscale("log")
    figure.legend(loc="outside upper right", fontsize=8, ncols=len(trainers))
    figure.savefig(path, dpi=130)
    plt.close(figure)


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3f}"
