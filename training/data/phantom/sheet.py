"""A contact sheet of phantoms with their truth, to be looked at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from training.data.phantom.dataset import PhantomRecord
from training.data.phantom.types import PhantomFinding

COLOURS = ("tab:orange", "tab:cyan", "tab:green", "tab:pink", "tab:olive", "tab:purple")


def contact_sheet(records: Sequence[PhantomRecord], path: Path, columns: int = 6, rows: int = 4) -> None:
    """Write a PNG that shows the first phantoms with outlined masks and captions."""
    shown = records[: columns * rows]
    lines = -(-len(shown) // columns)
    figure = Figure(figsize=(2.4 * columns, 2.8 * lines), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.subplots(lines, columns, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    for axes, record in zip(grid.flat, shown, strict=False):
        phantom = record.load()
        axes.imshow(phantom.image, cmap="gray", vmin=0, vmax=255)
        for mask, colour in zip(phantom.masks, COLOURS, strict=False):
            axes.contour(mask, levels=[0.5], colors=[colour], linewidths=0.7)
        axes.set_title("\n".join(map(_caption, record.findings)) or "normal", fontsize=6)
    figure.savefig(path)


def _caption(finding: PhantomFinding) -> str:
    parts = (finding.severity, finding.laterality, finding.device or finding.observation)
    return " ".join(part for part in parts if part != "none")
