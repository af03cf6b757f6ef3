"""Measure all heat maps of a pack on phantoms, boxes and lungs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from engine.inference.occlusion import blur_sigma, blurred
from engine.pack.library import InstalledPack
from engine.pack.manifest import Readout
from training.corpus import phantom_samples
from training.data.phantom.dataset import PhantomRecord, read_phantoms
from training.evaluation.heat_maps.figures import HeatMapFigures, Measured, Part
from training.evaluation.heat_maps.mapped import MapMaker, Mapped
from training.evaluation.heat_maps.measures import (
    Floats,
    above_half,
    area,
    exchange,
    overlap,
    pointing,
    share_inside,
    strongest,
)
from training.evaluation.heat_maps.targets import (
    RealRow,
    Target,
    box_targets,
    lung_target,
    phantom_targets,
    rows_with_boxes,
    rows_with_lungs,
)

Progress = Callable[[str, float], None]
PHANTOMS, BOXES, LUNGS = "phantoms", "boxes", "lungs"
LEAST_CHANGE = 0.25
"""A curve is read where exchanging everything changes the score by at least this part of it."""


@dataclass(frozen=True, eq=False)
class Source:
    """An image file and what is to be found on it."""

    path: Path
    group: str
    held_out: bool
    targets: Callable[[Mapped], list[Target]]


def measure_heat_maps(
    pack: InstalledPack,
    phantoms: Path,
    data: Path | None,
    *,
    limit: int,
    threads: int,
    seed: int,
    progress: Progress,
) -> HeatMapFigures:
    """Measure.

    Parameters
    ----------
    phantoms : Path
        A set of which the test split is used.
    data : Path, optional
        Folder of ``cxrtrain.csv``; without it phantoms only.
    limit : int
        Images of each kind at most.
    """
    sources = {PHANTOMS: _phantoms(phantoms)}
    if data is not None:
        sources |= {BOXES: _boxes(data, pack.manifest.calibration.readouts), LUNGS: _lungs(data)}
    maker = MapMaker(pack, threads, seed)
    figures = HeatMapFigures(f"{pack.manifest.name} {pack.manifest.version}")
    for kind, each in sources.items():
        part = figures.parts[kind] = Part()
        for number, source in enumerate(each[:limit]):
            progress(kind, number / len(each[:limit]))
            part.images += 1
            mapped = maker.make(source.path)
            if mapped is None:
                part.refused += 1
                continue
            for name, seconds in mapped.seconds.items():
                figures.seconds.setdefault(name, []).append(seconds)
            found = source.targets(mapped)
            part.silent += sum(not target.ids for target in found)
            # The lungs are no finding, so there is nothing whose evidence could be taken away.
            part.targets += [_measured(mapped, t, source, curves=kind != LUNGS) for t in found if t.ids]
    return figures


def _phantoms(folder: Path) -> list[Source]:
    test = {sample.path for sample in phantom_samples(folder) if sample.case.split == "test"}
    records = [record for record in read_phantoms(folder) if record.image_path in test]

    def targets(record: PhantomRecord, mapped: Mapped) -> list[Target]:
        return phantom_targets(record, mapped.analysis)

    return [Source(record.image_path, record.group, True, partial(targets, record)) for record in records]


def _boxes(folder: Path, readouts: Sequence[Readout]) -> list[Source]:
    def targets(row: RealRow, mapped: Mapped) -> list[Target]:
        return box_targets(row, mapped.analysis, readouts, mapped.size)

    return [Source(r.path, r.group, r.split == "test", partial(targets, r)) for r in rows_with_boxes(folder)]


def _lungs(folder: Path) -> list[Source]:
    def targets(row: RealRow, mapped: Mapped) -> list[Target]:
        return [lung_target(row, mapped.analysis)]

    return [Source(r.path, r.group, r.split == "test", partial(targets, r)) for r in rows_with_lungs(folder)]


def _measured(mapped: Mapped, target: Target, source: Source, *, curves: bool) -> Measured:
    drawn: dict[str, dict[str, Floats]] = _curves(mapped, target) if curves else {name: {} for name in mapped.maps}
    values: dict[str, dict[str, float]] = {}
    for name in mapped.maps:
        heat = mapped.heat(name, target.ids)
        hit, near = pointing(heat, target.mask, mapped.patch)
        values[name] = {
            "pointing": float(hit),
            "near": float(near),
            "inside": share_inside(heat, target.mask),
            "iou_half": overlap(above_half(heat), target.mask),
            "iou_area": overlap(strongest(heat, int(target.mask.sum())), target.mask),
            "deletion": float("nan"),
            "insertion": float("nan"),
            **{kind: area(curve) for kind, curve in drawn[name].items()},
        }
    return Measured(target.name, source.group, source.held_out, float(target.mask.mean()), values, drawn)


def _curves(mapped: Mapped, target: Target) -> dict[str, dict[str, Floats]]:
    """Deletion to the image's own mean grey, insertion into its blurred copy, both scaled from nothing to the image."""
    image, score = mapped.pixels, mapped.score(target.ids)
    grey = np.broadcast_to(image.mean(axis=(2, 3), keepdims=True), image.shape)
    veiled = blurred(image, blur_sigma(image, mapped.grid))
    whole, without, hidden = (float(x) for x in score(np.concatenate([image, grey, veiled])))
    curves: dict[str, dict[str, Floats]] = {name: {} for name in mapped.maps}
    for kind, nothing, start, end in (("deletion", without, image, grey), ("insertion", hidden, veiled, image)):
        if not whole - nothing >= LEAST_CHANGE * whole > 0.0:
            continue
        ends = (whole, nothing) if kind == "deletion" else (nothing, whole)
        for name in mapped.maps:
            patches = mapped.patches(name, target.ids)
            curve = exchange(score, start, end, ends, patches=patches, grid=mapped.grid)
            curves[name][kind] = (curve - nothing) / (whole - nothing)
    return curves
