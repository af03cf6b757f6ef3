"""The page of the heat maps' measures, in Markdown, written from its numbers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from engine.inference.attribution import DEFAULT_METHOD
from training.evaluation.bootstrap import Interval
from training.evaluation.heat_maps.figures import HeatMapFigures, Part
from training.evaluation.heat_maps.mapped import BASELINES, METHODS
from training.evaluation.heat_maps.plots import plot_curves, plot_measures
from training.evaluation.heat_maps.run import BOXES, LUNGS, PHANTOMS

NAMES = (*METHODS, *BASELINES)
COLUMNS = {
    "pointing": "peak inside",
    "near": "within a patch",
    "inside": "share inside",
    "iou_half": "IoU, half peak",
    "iou_area": "IoU, same area",
    "deletion": "deletion ↓",
    "insertion": "insertion ↑",
}
EXPLANATION = """Means over targets; 95 % intervals in brackets are from 500 resamples of whole patients or phantoms.
`attention` (the class token's attention in the last block, mean over the heads) and `random` (noise) are baselines
that know no feature.

- *Peak inside*: the map's peak, laid over the image as the viewer lays it, lies in the mask; *within a patch*: at most
  a patch away.
- *Share inside*: of the positive part of the map.
- *IoU, half peak*: the pixels above half of the map's peak against the mask; *same area*: as many of the strongest
  pixels as the mask has, so that no threshold matters.
- *Deletion*: area under the summed pre-activation of the features while patches, those with the most heat first, become
  the image's mean grey (less is better). *Insertion*: while they come back into a blurred copy (more is better). Both
  are scaled to 1 for the image and 0 for nothing of it, and left out where that difference is below a quarter of the
  score. Occlusion hides with the same blur that insertion begins with."""
PLACES, CURVES = ("pointing", "near", "inside", "iou_half", "iou_area"), ("deletion", "insertion")


def write_page(figures: HeatMapFigures, folder: Path, command: str, machine: str) -> None:
    """Write ``README.md``, ``heat-maps.json`` and the figures into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    plot_measures(figures, folder / "measures.png")
    curves = {kind: part for kind, part in figures.parts.items() if any(t.curves[NAMES[0]] for t in part.targets)}
    if curves:
        plot_curves(curves, folder / "curves.png")
    (folder / "heat-maps.json").write_text(
        json.dumps({**figures.to_json(), "command": command, "machine": machine}, indent=1) + "\n", encoding="utf-8"
    )
    (folder / "README.md").write_text(
        as_markdown(figures, command, machine, with_curves=bool(curves)), encoding="utf-8"
    )


def as_markdown(figures: HeatMapFigures, command: str, machine: str, *, with_curves: bool) -> str:
    """Return the page."""
    lines = [
        f"# Heat maps of the pack {figures.pack}, measured",
        "",
        "Written by the command that measured it; do not edit by hand. What the methods are, and which is the default",
        "for what reason, says [heat-maps.md](../heat-maps.md).",
        "",
        f"    {command}",
        "",
        EXPLANATION,
        "",
    ]
    if PHANTOMS in figures.parts:
        lines += _phantoms(figures.parts[PHANTOMS])
    if BOXES in figures.parts:
        lines += _boxes(figures.parts[BOXES])
    if LUNGS in figures.parts:
        lines += _lungs(figures.parts[LUNGS])
    lines += ["## Figures", "", "![measures](measures.png)", ""]
    if with_curves:
        lines += ["![deletion and insertion curves](curves.png)", ""]
    return "\n".join([*lines, *_times(figures, machine)]) + "\n"


def text(figures: HeatMapFigures) -> str:
    """Return the tables alone, for a terminal."""
    lines = []
    for kind, part in figures.parts.items():
        lines += [f"{kind}: {_count(part)}", "", *_table(part, PLACES if kind == LUNGS else (*PLACES, *CURVES)), ""]
    return "\n".join([*lines, *_time_table(figures)]) + "\n"


def _phantoms(part: Part) -> list[str]:
    return [
        "## Held-out phantoms",
        "",
        f"{_count(part)} A target is a drawn finding that the draft states, its map the sum over the features that the",
        f"draft cites for it. The masks cover {part.mask_share()} of the image.",
        "",
        *_table(part, (*PLACES, *CURVES)),
        "",
        f"Against the default method (`{DEFAULT_METHOD}`), target by target; an interval without 0 is a difference:",
        "",
        *_differences(part, (*PLACES, *CURVES)),
        "",
        "Peak inside the mask, by finding:",
        "",
        *_by_name(part),
        "",
    ]


def _boxes(part: Part) -> list[str]:
    held = sum(target.held_out for target in part.targets)
    return [
        "## Boxes of NIH ChestX-ray14",
        "",
        f"{_count(part)} A target is the boxes of one finding, its map the sum over the active features that raise the",
        f"pack's own probability of that finding, whether the draft states it or not. {held} of the targets are of",
        "patients held out from training; of the others the encoder saw the image's labels, of none a box. The boxes",
        f"cover {part.mask_share()} of the image.",
        "",
        *_table(part, (*PLACES, *CURVES)),
        "",
        f"Against `{DEFAULT_METHOD}`:",
        "",
        *_differences(part, (*PLACES, *CURVES)),
        "",
    ]


def _lungs(part: Part) -> list[str]:
    return [
        "## Lung masks",
        "",
        f"{_count(part)} The map is the sum over all active features that mean something present in lungs or pleura.",
        f"*Share inside* is to be read against the lungs' share of the image, {part.mask_share()}: a map above it",
        "prefers the lungs.",
        "",
        *_table(part, ("pointing", "near", "inside")),
        "",
        f"Against `{DEFAULT_METHOD}`:",
        "",
        *_differences(part, ("pointing", "near", "inside")),
        "",
    ]


def _count(part: Part) -> str:
    return (
        f"{part.images} images, of which the gate refused {part.refused}; {len(part.targets)} targets, and "
        f"{part.silent} more of which no active feature speaks."
    )


def _table(part: Part, measures: Sequence[str]) -> list[str]:
    rows = [[f"**{name}**" if name == DEFAULT_METHOD else name, *_means(part, name, measures)] for name in NAMES]
    return _markdown(["method", *(COLUMNS[measure] for measure in measures)], rows)


def _means(part: Part, name: str, measures: Sequence[str]) -> list[str]:
    return [str(part.mean(name, measure)) for measure in measures]


def _differences(part: Part, measures: Sequence[str]) -> list[str]:
    rows = [
        [name, *(_signed(part.difference(name, measure)) for measure in measures)]
        for name in NAMES
        if name != DEFAULT_METHOD
    ]
    return _markdown(["method", *(COLUMNS[measure] for measure in measures)], rows)


def _signed(found: Interval) -> str:
    return str(found) if str(found) == "–" else f"{found.value:+.3f} [{found.low:+.3f}, {found.high:+.3f}]"


def _by_name(part: Part) -> list[str]:
    rows = [
        [finding, str(count), *(f"{part.mean(name, 'pointing', finding).value:.3f}" for name in NAMES)]
        for finding, count in part.names().items()
    ]
    return _markdown(["finding", "targets", *NAMES], rows)


def _times(figures: HeatMapFigures, machine: str) -> list[str]:
    return [
        "## Time",
        "",
        "Median milliseconds an image, maps of all its active features; the encoder alone for comparison.",
        "",
        *_time_table(figures),
        "",
        machine,
    ]


def _time_table(figures: HeatMapFigures) -> list[str]:
    encoder = figures.milliseconds("encoder")
    times = {name: figures.milliseconds(name) for name in figures.seconds}
    rows = [[name, f"{taken:.1f}", f"{taken / encoder:.2f}"] for name, taken in times.items()]
    return _markdown(["", "ms", "of the encoder's time"], rows)


def _markdown(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [heads, ["---"] * len(heads), *rows]
    return ["| " + " | ".join(cells) + " |" for cells in lines]
