"""Small figures of an evaluation (PNG)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.evaluation.bootstrap import Interval
from training.evaluation.nih import NihRow
from training.evaluation.phantoms import PhantomScores

COLOURS = ("#0b6e8f", "#c96f1e", "#8a8a8a")


def plot_systems(systems: dict[str, PhantomScores], path: Path) -> None:
    """Draw F1, F1 with side and pointing of each system with their intervals."""
    measures = {
        "F1": [s.f1 for s in systems.values()],
        "F1 with side": [s.f1_with_side for s in systems.values()],
        "pointing,\nstated findings": [s.pointing for s in systems.values()],
        "pointing,\nall findings": [s.pointing_all for s in systems.values()],
    }
    figure, axes = plt.subplots(figsize=(7, 3.4), layout="constrained")
    _bars(axes, list(measures), list(zip(*measures.values(), strict=True)), list(systems))
    axes.axhline(0.8, color="black", linewidth=0.6, linestyle=":")
    axes.set_ylabel("held-out phantoms")
    save_figure(figure, path)


def plot_findings(systems: dict[str, PhantomScores], path: Path) -> None:
    """Draw F1 of each finding for each system."""
    names = sorted({name for scores in systems.values() for name in scores.comparison.by_name})
    figure, axes = plt.subplots(figsize=(7, 0.36 * len(names) + 1), layout="constrained")
    height = 0.8 / len(systems)
    for k, (title, scores) in enumerate(systems.items()):
        values = [scores.comparison.by_name[n].f1 if n in scores.comparison.by_name else 0.0 for n in names]
        axes.barh(np.arange(len(names)) + k * height, values, height, color=COLOURS[k], label=title)
    axes.set_yticks(np.arange(len(names)) + 0.4 - height / 2, names, fontsize=8)
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    axes.set_xlabel("F1 on held-out phantoms")
    # Above the axes: inside, it would hide bars.
    figure.legend(loc="outside upper right", fontsize=7, ncols=len(systems))
    save_figure(figure, path)


def plot_nih(rows: Sequence[NihRow], path: Path) -> None:
    """Draw the AUROC of sparse features and dense token on held-out NIH images."""
    figure, axes = plt.subplots(figsize=(7, 3.6), layout="constrained")
    groups = [[row.readout for row in rows], [row.probe for row in rows]]
    _bars(
        axes,
        [row.task.replace(" against ", "\nagainst\n").replace(" among NIH", "") for row in rows],
        groups,
        ["pack, from its active features", "dense probe on the class token"],
    )
    axes.axhline(0.5, color="black", linewidth=0.6, linestyle=":")
    axes.tick_params(axis="x", labelsize=7)
    axes.set_ylabel("AUROC, held-out patients")
    axes.set_ylim(0.3, 1.0)
    save_figure(figure, path)


def _bars(axes: Axes, labels: Sequence[str], groups: Sequence[Sequence[Interval]], titles: Sequence[str]) -> None:
    width = 0.8 / len(groups)
    for k, (group, title) in enumerate(zip(groups, titles, strict=True)):
        place = np.arange(len(labels)) + k * width
        value = np.array([i.value for i in group])
        error = np.nan_to_num([[i.value - i.low for i in group], [i.high - i.value for i in group]])
        axes.bar(
            place, value, width, yerr=np.maximum(error, 0), color=COLOURS[k], label=title, error_kw={"linewidth": 0.8}
        )
    axes.set_xticks(np.arange(len(labels)) + 0.4 - width / 2, labels, fontsize=8)
    axes.set_ylim(0, 1)
    axes.figure.legend(loc="outside upper right", fontsize=7, ncols=len(titles))


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure and forget it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Without the date and version the same numbers give the same file.
    figure.savefig(path, dpi=110, metadata={"Software": None})
    plt.close(figure)
