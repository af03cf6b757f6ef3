"""What the pictures of a report show: one panel a positive finding, with the maps of all its cited features summed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from engine.dicom.radiograph import Radiograph
from engine.inference.analysis import ActiveFeature, Analysis, FeatureMap
from engine.inference.attribution import upsample
from engine.inference.heat_scale import FULL_SCALE, THRESHOLD, density_unit
from engine.report.draft import Draft, Sentence
from engine.report.findings import Finding

_FINE = 8
"""Samples a patch by which `HeatSum.is_drawn` looks at the smooth map."""


@dataclass(frozen=True, eq=False)
class HeatSum:
    """Maps of several features as one.

    Attributes
    ----------
    map : FeatureMap
        The sum: contributions, pre-activations and remainders add up, so it is as exact as its parts. ``feature_id`` is
        that of the first.
    unit : float
        Contribution of one patch that counts as density 1 (`engine.inference.heat_scale`), the sum of the parts' units:
        one feature alone, and many that say the same, are drawn on one scale.
    """

    map: FeatureMap
    unit: float

    @property
    def density(self) -> npt.NDArray[np.float32]:
        """Contributions as multiples of the typical activations spread evenly, shape (patch_rows, patch_columns)."""
        return (self.map.values / np.float32(self.unit)).astype(np.float32)

    def over(self, radiograph: Radiograph, rows: int, columns: int) -> npt.NDArray[np.float32]:
        """Return the smooth density over the whole image on a grid of any size, shape (rows, columns)."""
        across, down = columns / radiograph.columns, rows / radiograph.rows
        left, top, right, bottom = self.map.box
        box = (left * across, top * down, right * across, bottom * down)
        return upsample(replace(self.map, values=self.density, box=box), rows, columns)

    @property
    def is_drawn(self) -> bool:
        """Whether any place is strong enough to be given colour, once the map is smooth as it is drawn."""
        rows, columns = (size * _FINE for size in self.map.values.shape)
        whole = (0.0, 0.0, float(columns), float(rows))
        drawn = upsample(replace(self.map, values=self.density, box=whole), rows, columns)
        return float(drawn.max()) > THRESHOLD * FULL_SCALE


@dataclass(frozen=True, eq=False)
class Panel:
    """One picture of the report.

    Attributes
    ----------
    number : int
        1, 2, … in reading order, by which sentence and picture name each other.
    sentence : Sentence
        The first sentence that states the finding.
    cited : tuple of int
        Ids of the features behind the finding, none left out, the strongest first.
    heat : HeatSum or None
        None when none of them has a map.
    mapped : int
        How many of them the sum holds.
    """

    number: int
    sentence: Sentence
    cited: tuple[int, ...]
    heat: HeatSum | None
    mapped: int


def panels_of(analysis: Analysis, draft: Draft) -> list[Panel]:
    """Return a panel for each sentence that states a finding with a place; a finding said again has none of its own.

    Denials, a normal image and a person's sentences have no panel: no map shows what they say.
    """
    panels: list[Panel] = []
    said: set[Finding] = set()
    active = {feature.id: feature for feature in analysis.features}
    for sentence in draft.sentences():
        findings = [finding for finding in sentence.claims if finding.has_place]
        if not said.issuperset(findings):
            ids = dict.fromkeys(ident for finding in findings for ident in finding.evidence)
            cited = sorted(ids, key=lambda i: -active[i].activation if i in active else 0.0)
            mapped = [active[i] for i in cited if i in active and i in analysis.maps]
            panels.append(Panel(len(panels) + 1, sentence, tuple(cited), heat_sum(mapped, analysis), len(mapped)))
            said.update(findings)
    return panels


def panel_of_finding(panels: Sequence[Panel]) -> dict[Finding, int]:
    """Return the number of the panel that shows each finding, for sentences that say it again."""
    return {f: panel.number for panel in panels for f in panel.sentence.claims if f.has_place}


def heat_sum(features: Sequence[ActiveFeature], analysis: Analysis) -> HeatSum | None:
    """Add up the maps of features, which share their grid and box in one analysis; None without features."""
    if not features:
        return None
    maps = [analysis.maps[feature.id] for feature in features]
    whole = replace(
        maps[0],
        values=np.sum([m.values for m in maps], axis=0, dtype=np.float32),
        preactivation=sum(m.preactivation for m in maps),
        remainder=sum(m.remainder for m in maps),
    )
    patches = maps[0].values.size
    return HeatSum(whole, sum(density_unit(f.typical, f.activation, patches) for f in features))
