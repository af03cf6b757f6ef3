"""Figures of autoencoders in training and trained (PNG)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator

from training.evaluation.plots import save_figure
from training.evaluation.sae_report import SaeReport
from training.sae.config import SaeConfig
from training.sae.firing import ACTIVATION_EDGES, DENSITY_EDGES
from training.sae.verdict import explains_nothing

HANDLE, LETTER, LINE = 0.6, 0.06, 0.16
"""Inches that an entry of a legend takes: its line with the gaps, a letter, its height."""
WITHIN_DECADE, OVER_DECADES = (2.0, 3.0, 4.0, 5.0, 6.0, 8.0), (2.0, 3.0, 5.0)
"""Numbers between powers of ten that an axis names."""
MARKERS = "osD^vP*"
Log = Sequence[Mapping[str, float | str]]


def read_log(path: Path) -> Log:
    """Read ``metrics.jsonl``."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def plot_curves(logs: Mapping[str, Log], path: Path) -> None:
    """Draw FVU (training as lines, held-out as dots), active latents and dead latents over the steps."""
    figure, (fvu, l0, dead) = plt.subplots(1, 3, figsize=(12, 3.6), layout="constrained")
    for (name, log), colour in zip(logs.items(), _colours(len(logs)), strict=True):
        train = [row for row in log if row["kind"] == "train"]
        held_out = [row for row in log if row["kind"] == "held-out"]
        # A line through one point alone would not be seen.
        marker = "_" if len(train) == 1 else ""
        for axes, column in ((fvu, "fvu"), (l0, "l0"), (dead, "dead")):
            steps, values = _column(train, "step"), _column(train, column)
            axes.plot(steps, values, color=colour, linewidth=0.9, marker=marker, markersize=9, label=name)
        fvu.plot(_column(held_out, "step"), _column(held_out, "fvu"), ".", color=colour, markersize=6)
    for axes, title in ((fvu, "FVU (line: batch, dots: held-out)"), (l0, "active latents"), (dead, "share dead")):
        axes.set_title(title, fontsize=10)
        axes.set_xlabel("step")
        axes.tick_params(labelsize=8)
    _logarithmic(fvu, "y")
    _logarithmic(l0, "y")
    top = 1.05 * max(0.01, dead.dataLim.y1)
    dead.set_ylim(-0.03 * top, top)
    _legend(figure, list(logs))
    save_figure(figure, path)


def plot_histograms(saes: Mapping[str, SaeReport], path: Path) -> None:
    """Draw how often latents fire and how strong activations are."""
    figure, (density, strength) = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
    for (name, sae), colour in zip(saes.items(), _colours(len(saes)), strict=True):
        density.stairs(sae.density, DENSITY_EDGES, color=colour, linewidth=1.0, label=name)
        total = max(sum(sae.activations), 1)
        strength.stairs(np.array(sae.activations) / total, ACTIVATION_EDGES, color=colour, linewidth=1.0)
    _fit(density, [sae.density for sae in saes.values()], DENSITY_EDGES)
    _fit(strength, [sae.activations for sae in saes.values()], ACTIVATION_EDGES)
    density.set_xlabel("log10 of the share of held-out tokens on which a latent fires")
    density.set_ylabel("latents")
    strength.set_xlabel("log10 of the activation, encoder's units")
    strength.set_ylabel("share of activations")
    for axes in (density, strength):
        # Steps of a quarter have labels too wide to stand side by side.
        axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
        axes.tick_params(labelsize=8)
    _legend(figure, list(saes))
    save_figure(figure, path)


def plot_pareto(saes: Mapping[str, SaeReport], path: Path) -> None:
    """Draw what is left unexplained against how many latents are active; the lower left is better.

    Those that explain nothing are left out: one of them would press all others into a corner.
    """
    saes = {name: sae for name, sae in saes.items() if not explains_nothing(sae.held_out)}
    families: dict[str, dict[SaeConfig, list[tuple[float, float]]]] = {}
    several = len({sae.config.n_features for sae in saes.values()}) > 1
    for sae in saes.values():
        width = f"{sae.config.n_features} latents" if several else ""
        family = " ".join(filter(None, (sae.config.arch, sae.config.variant, width)))
        seeds = families.setdefault(family, {}).setdefault(replace(sae.config, seed=0), [])
        seeds.append((sae.held_out["mean_l0"], sae.held_out["fvu"]))
    figure, axes = plt.subplots(figsize=(8.4, 4.4), layout="constrained")
    for number, ((family, points), colour) in enumerate(zip(families.items(), _colours(len(families)), strict=True)):
        marker = MARKERS[number % len(MARKERS)]
        single = np.array([point for seeds in points.values() for point in seeds])
        axes.plot(*single.T, marker, color=colour, markersize=5, label=family)
        # The line goes through the means over seeds.
        means = np.array(sorted(tuple(np.mean(seeds, axis=0)) for seeds in points.values()))
        axes.plot(*means.T, color=colour, linewidth=0.8)
    _logarithmic(axes, "x")
    _logarithmic(axes, "y")
    axes.set_xlabel("mean active latents (L0), held-out")
    axes.set_ylabel("fraction of variance unexplained, held-out")
    axes.grid(linewidth=0.3)
    _legend(figure, list(families))
    save_figure(figure, path)


def _logarithmic(axes: Axes, which: Literal["x", "y"]) -> None:
    """Make an axis logarithmic, with numbers as people write them, those between powers of ten where there is room."""
    axis: Axis = axes.xaxis if which == "x" else axes.yaxis
    low, high = axis.get_data_interval()
    # All latents of a run may be silent, and there may be nothing to show.
    if not 0.0 < high < np.inf:
        return
    axes.set(**{f"{which}scale": "log"})
    low, high = axis.get_view_interval()
    axis.set_major_formatter("{x:g}")
    axis.set_minor_locator(LogLocator(subs=WITHIN_DECADE if high < 10 * low else OVER_DECADES))
    axis.set_minor_formatter("{x:g}")
    axis.set_tick_params(which="both", labelsize=8)


def _column(rows: Log, name: str) -> list[float]:
    return [float(row[name]) for row in rows]


def _colours(count: int) -> npt.NDArray[np.float64]:
    """Return distinct colours, shape (count, 4)."""
    if count <= 10:
        return np.asarray(mpl.colormaps["tab10"](np.arange(count)))
    return np.asarray(mpl.colormaps["turbo"](np.linspace(0.05, 0.95, count)))


def _fit(axes: Axes, counts: Sequence[Sequence[int]], edges: npt.NDArray[np.float64]) -> None:
    """Show the bins in which something is, and one on either side."""
    used = np.flatnonzero(np.sum(counts, axis=0))
    if len(used):
        axes.set_xlim(edges[max(used[0] - 1, 0)], edges[min(used[-1] + 2, len(edges) - 1)])


def _legend(figure: Figure, names: Sequence[str]) -> None:
    """Explain the lines below the panels, in as many columns as fit; the figure grows by what that takes."""
    if not names:
        return
    width, height = figure.get_size_inches()
    columns = max(1, min(len(names), int(width / (HANDLE + LETTER * max(map(len, names))))))
    figure.set_size_inches(width, height + LINE * -(-len(names) // columns))
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", fontsize=7, ncols=columns, frameon=False)
