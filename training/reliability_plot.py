"""Draw the reliability of a pack's readouts, one panel each, for the pack's folder."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from engine.pack.manifest import Readout
from training.evaluation.plots import COLOURS, save_figure

COLUMNS = 5
_STATE, _DENY = COLOURS[1], COLOURS[2]


def plot_reliability(readouts: Sequence[Readout], path: Path) -> None:
    """Draw stated probability against observed share, with 95 % intervals, both thresholds and the images in each bin.

    Parameters
    ----------
    readouts : sequence of Readout
        Those without bins are left out; at least one must have some.
    """
    drawn = [readout for readout in readouts if readout.reliability]
    rows = -(-len(drawn) // COLUMNS)
    figure, grid = plt.subplots(
        rows, COLUMNS, figsize=(2.3 * COLUMNS, 2.45 * rows + 0.5), squeeze=False, layout="constrained"
    )
    for axes in grid.flat[len(drawn) :]:
        axes.set_axis_off()
    for axes, readout in zip(grid.flat, drawn, strict=False):
        _panel(axes, readout)
    figure.supxlabel("stated probability (small numbers: images in each bin)", fontsize=9)
    figure.supylabel("share of validation images with the finding", fontsize=9)
    handles = [
        Line2D([], [], color=COLOURS[0], marker="o", markersize=3, linewidth=0, label="bin, 95 % interval"),
        Line2D([], [], color="black", linestyle=":", linewidth=0.7, label="perfect"),
        Line2D([], [], color=_STATE, linewidth=0.9, label="stated from here"),
        Line2D([], [], color=_DENY, linestyle="--", linewidth=0.9, label="denied below"),
    ]
    figure.legend(handles=handles, loc="outside upper right", fontsize=8, ncols=len(handles))
    save_figure(figure, path)


def _panel(axes: Axes, readout: Readout) -> None:
    bins = readout.reliability
    x, y = np.array([b.stated for b in bins]), np.array([b.observed for b in bins])
    reach = np.array([[b.observed - b.observed_low for b in bins], [b.observed_high - b.observed for b in bins]])
    axes.plot([0, 1], [0, 1], color="black", linestyle=":", linewidth=0.7)
    if readout.reportable:
        axes.axvline(readout.threshold, color=_STATE, linewidth=0.9)
        axes.axvline(readout.absence_threshold, color=_DENY, linestyle="--", linewidth=0.9)
    axes.errorbar(x, y, yerr=reach, color=COLOURS[0], fmt="o", markersize=3, linewidth=0.9)
    for one in bins:
        # Counts stand at the foot, in the bin's own place, where nothing else does.
        axes.text((one.low + one.high) / 2, -0.1, f"{one.images}", fontsize=5, ha="center", rotation=90, va="top")
    spoken = "" if readout.reportable else " (never stated)"
    axes.set_title(textwrap.fill(readout.title + spoken, 26), fontsize=8)
    axes.set_xlim(0, 1)
    axes.set_ylim(-0.03, 1.03)
    axes.set_xticks([0, 0.5, 1], ["0", "0.5", "1"], fontsize=6)
    axes.set_yticks([0, 0.5, 1], ["0", "0.5", "1"], fontsize=6)
    axes.tick_params(axis="x", pad=19)
