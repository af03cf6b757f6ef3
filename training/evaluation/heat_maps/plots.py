"""Figures of the heat maps' measures (PNG)."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np

from training.evaluation.heat_maps.figures import HeatMapFigures, Part
from training.evaluation.heat_maps.mapped import BASELINES, METHODS
from training.evaluation.heat_maps.measures import SHARES
from training.evaluation.plots import save_figure

COLOURS = dict(zip((*METHODS, *BASELINES), ("#0b6e8f", "#7a5ea8", "#c96f1e", "#8a8a8a", "#c4c4c4"), strict=True))
BARS = {
    "pointing": "peak inside",
    "near": "peak within\na patch",
    "inside": "share of the\nmap inside",
    "iou_half": "IoU, above\nhalf the peak",
    "iou_area": "IoU, as large\nas the mask",
}


def plot_curves(parts: dict[str, Part], path: Path) -> None:
    """Draw the mean deletion and insertion curve of each method on each part."""
    figure, rows = plt.subplots(
        len(parts), 2, figsize=(7, 2.9 * len(parts)), layout="constrained", sharey=True, squeeze=False
    )
    for axes_of_part, (kind, part) in zip(rows, parts.items(), strict=True):
        for axes, curve in zip(axes_of_part, ("deletion", "insertion"), strict=True):
            for name, colour in COLOURS.items():
                if any(curve in target.curves[name] for target in part.targets):
                    axes.plot(SHARES, part.curve(name, curve), color=colour, label=name, marker=".", markersize=4)
            axes.set_title(f"{curve}, {kind}", fontsize=9)
            axes.set_xlabel("share of the patches exchanged", fontsize=8)
        axes_of_part[0].set_ylabel("score", fontsize=8)
    handles, labels = rows[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", fontsize=8, ncols=len(COLOURS))
    save_figure(figure, path)


def plot_measures(figures: HeatMapFigures, path: Path) -> None:
    """Draw pointing and overlap of each method on each part, with their intervals."""
    count = len(figures.parts)
    figure, rows = plt.subplots(count, 1, figsize=(7, 2.4 * count), layout="constrained", squeeze=False)
    for axes, (kind, part) in zip(rows[:, 0], figures.parts.items(), strict=True):
        for number, (name, colour) in enumerate(COLOURS.items()):
            found = [part.mean(name, measure) for measure in BARS]
            value = np.array([each.value for each in found])
            error = np.array([[each.value - each.low for each in found], [each.high - each.value for each in found]])
            places = np.arange(len(BARS)) + number * 0.16
            axes.bar(places, value, 0.16, yerr=np.maximum(error, 0.0), color=colour, error_kw={"linewidth": 0.7})
        axes.set_xticks(np.arange(len(BARS)) + 0.32, list(BARS.values()), fontsize=7)
        axes.set_title(kind, fontsize=9)
        axes.set_ylim(0, 1)
    handles = [mpl.patches.Patch(color=colour) for colour in COLOURS.values()]
    figure.legend(handles, list(COLOURS), loc="outside upper center", fontsize=8, ncols=len(COLOURS))
    save_figure(figure, path)
