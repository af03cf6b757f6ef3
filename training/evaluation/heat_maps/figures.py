"""What was measured of heat maps, with intervals over patients and phantoms."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.inference.attribution import DEFAULT_METHOD
from training.evaluation.bootstrap import Interval, interval
from training.evaluation.heat_maps.mapped import BASELINES, METHODS
from training.evaluation.heat_maps.measures import Floats

MEASURES = ("pointing", "near", "inside", "iou_half", "iou_area", "deletion", "insertion")
"""Peak inside the mask, peak at most a patch from it, share of the positive map inside it, two overlaps, two areas."""


@dataclass(frozen=True, eq=False)
class Measured:
    """One target.

    Attributes
    ----------
    mask_share : float
        Share of the image that the mask covers.
    values : dict
        By method or baseline, each of `MEASURES`; NaN where one could not be taken.
    curves : dict
        By method or baseline, the curves "deletion" and "insertion"; 1 is the score of the image, 0 that of an image of
        which everything is gone.
    """

    name: str
    group: str
    held_out: bool
    mask_share: float
    values: dict[str, dict[str, float]]
    curves: dict[str, dict[str, Floats]]


@dataclass
class Part:
    """All targets of one kind.

    Attributes
    ----------
    images, refused : int
        Images looked at, and those of them that the gate refused.
    silent : int
        Targets of which no active feature speaks: there is no map to measure.
    """

    images: int = 0
    refused: int = 0
    silent: int = 0
    targets: list[Measured] = field(default_factory=list)

    def mean(self, method: str, measure: str, name: str | None = None) -> Interval:
        """Return the mean of a measure, of the targets of one name if it is given."""
        return self._mean(self._values(method, measure), name)

    def difference(self, method: str, measure: str) -> Interval:
        """Return by how much a method's mean exceeds the default method's, target by target."""
        return self._mean(self._values(method, measure) - self._values(DEFAULT_METHOD, measure))

    def mask_share(self) -> Interval:
        """Return the mean share of the image that the masks cover: what a map would hit that knows nothing."""
        return self._mean(np.array([target.mask_share for target in self.targets], dtype=np.float64))

    def curve(self, method: str, kind: str) -> Floats:
        """Return a mean curve over the targets that have it."""
        curves = [t.curves[method][kind] for t in self.targets if kind in t.curves[method]]
        return np.asarray(np.mean(curves, axis=0), dtype=np.float64)

    def names(self) -> dict[str, int]:
        """Return the targets' names with their numbers, sorted."""
        found = sorted({target.name for target in self.targets})
        return {name: sum(target.name == name for target in self.targets) for name in found}

    def _values(self, method: str, measure: str) -> Floats:
        return np.array([target.values[method][measure] for target in self.targets], dtype=np.float64)

    def _mean(self, values: Floats, name: str | None = None) -> Interval:
        kept = [i for i, target in enumerate(self.targets) if name in (None, target.name)]
        kept = [i for i in kept if not np.isnan(values[i])]
        if not kept:
            return Interval(float("nan"), float("nan"), float("nan"))
        chosen = values[kept]

        def mean(rows: npt.NDArray[np.int_]) -> float:
            return float(chosen[rows].mean())

        return interval(mean, [self.targets[i].group for i in kept])


@dataclass
class HeatMapFigures:
    """Everything that was measured.

    Attributes
    ----------
    pack : str
        Name and version.
    parts : dict
        "phantoms", "boxes", "lungs": those that were measured.
    seconds : dict
        By method, what the maps of all active features of each image took; "encoder" for the encoder alone.
    """

    pack: str
    parts: dict[str, Part] = field(default_factory=dict)
    seconds: dict[str, list[float]] = field(default_factory=dict)

    def milliseconds(self, name: str) -> float:
        """Return the median over images."""
        return 1e3 * statistics.median(self.seconds[name])

    def to_json(self) -> dict[str, Any]:
        """Return plain values with the keys that every benchmark has; peers are the baselines.

        The ratio is the default method's pointing on the first part by that of the better baseline.
        """
        first = next(iter(self.parts.values()))
        best = max(first.mean(name, "pointing").value for name in BASELINES)
        ratio = first.mean(DEFAULT_METHOD, "pointing").value / best if best > 0.0 else None
        return {
            "benchmark": "heat-maps",
            "pack": self.pack,
            "default": DEFAULT_METHOD,
            "ours": {name: self._plain(name) for name in METHODS},
            "peers": {name: self._plain(name) for name in BASELINES},
            "ratio": ratio,
            "milliseconds": {name: self.milliseconds(name) for name in self.seconds},
            "parts": {
                kind: {
                    "images": part.images,
                    "refused": part.refused,
                    "silent": part.silent,
                    "targets": len(part.targets),
                    "held_out": sum(target.held_out for target in part.targets),
                    "mask_share": _plain(part.mask_share()),
                }
                for kind, part in self.parts.items()
            },
        }

    def _plain(self, name: str) -> dict[str, dict[str, list[float | None]]]:
        return {kind: {m: _plain(part.mean(name, m)) for m in MEASURES} for kind, part in self.parts.items()}


def _plain(found: Interval) -> list[float | None]:
    """Value and bounds; null where there is none, which JSON has in place of NaN."""
    return [None if np.isnan(x) else round(float(x), 5) for x in (found.value, found.low, found.high)]
