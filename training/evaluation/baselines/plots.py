"""Figures of the draft beside the baselines (PNG)."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np

from training.evaluation.baselines.judged import NAMES, TRUTH, JudgedReports
from training.evaluation.matching import Counts
from training.evaluation.plots import save_figure
from training.evaluation.report_metrics.measure import RADFACT

COLOURS = ("#0b6e8f", "#c96f1e", "#7a9a3b", "#8a6bb1", "#8a8a8a")
BARS = {
    "finding F1": (TRUTH, "finding F1"),
    "macro F1": (TRUTH, "finding macro F1"),
    "F1 with side": (TRUTH, "with side F1"),
    "labels,\nmicro F1, 14": ("CheXpert labels, 14", "micro F1"),
    "labels,\nmicro F1, 5": ("CheXpert labels, 5", "micro F1"),
    "RadFact,\nlogical F1": (RADFACT, "logical F1"),
    "BLEU-4": ("Words", "BLEU-4"),
    "ROUGE-L": ("Words", "ROUGE-L"),
}


def plot_reports(judged: JudgedReports, path: Path) -> None:
    """Draw the main measures of each system with their intervals."""
    figure, axes = plt.subplots(figsize=(9, 3.8), layout="constrained")
    width = 0.84 / len(judged.systems)
    for k, (title, system) in enumerate(judged.systems.items()):
        found = [system.values[name].interval() for name in BARS.values()]
        value = np.nan_to_num([i.value for i in found])
        error = np.nan_to_num([[i.value - i.low for i in found], [i.high - i.value for i in found]])
        place = np.arange(len(BARS)) + k * width
        axes.bar(
            place, value, width, yerr=np.maximum(error, 0), color=COLOURS[k], label=title, error_kw={"linewidth": 0.8}
        )
    axes.set_xticks(np.arange(len(BARS)) + 0.42 - width / 2, list(BARS), fontsize=8)
    axes.set_ylim(0, 1)
    axes.set_ylabel("held-out phantoms")
    figure.legend(loc="outside upper center", fontsize=8, ncols=len(judged.systems))
    save_figure(figure, path)


def plot_heat(judged: JudgedReports, path: Path) -> None:
    """Draw F1 of each finding for each system as a coloured table."""
    values = np.array([[system.by_name.get(name, Counts()).f1 for system in judged.systems.values()] for name in NAMES])
    figure, axes = plt.subplots(figsize=(7.4, 0.36 * len(NAMES) + 1.4), layout="constrained")
    image = axes.imshow(values, vmin=0, vmax=1, cmap="viridis", aspect="auto")
    axes.set_xticks(range(len(judged.systems)), [t.replace(" ", "\n", 1) for t in judged.systems], fontsize=8)
    axes.set_yticks(range(len(NAMES)), NAMES, fontsize=8)
    for (row, column), value in np.ndenumerate(values):
        text = "–" if np.isnan(value) else f"{value:.2f}"
        axes.text(column, row, text, ha="center", va="center", fontsize=8, color="black" if value > 0.6 else "white")
    figure.colorbar(image, label="F1 on held-out phantoms")
    save_figure(figure, path)
