"""What DICOM objects show of the heat maps: one region a positive finding, and one a feature behind it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.dicom.radiograph import Radiograph
from engine.export.identity import one_line
from engine.export.panels import HeatSum, Panel, heat_sum, panels_of
from engine.inference.analysis import ActiveFeature, Analysis
from engine.inference.heat_scale import FULL_SCALE, THRESHOLD
from engine.inference.outline import outline
from engine.report.draft import Draft
from engine.report.findings import Finding

GRID = 512
"""Longer side, in samples, of the grid on which regions are outlined: a patch is dozens of samples wide."""


@dataclass(frozen=True, eq=False)
class ShownFinding:
    """One positive finding that has a map.

    Attributes
    ----------
    panel : Panel
        Its number and sentence, as in the PDF.
    finding : Finding
        The claim with a place that the sentence states first.
    heat : HeatSum
        The sum of the maps of all its features.
    features : tuple of ActiveFeature
        Those features, the strongest first.
    """

    panel: Panel
    finding: Finding
    heat: HeatSum
    features: tuple[ActiveFeature, ...]

    @property
    def label(self) -> str:
        """Number and sentence on one line, as stated by an AI."""
        return f"AI {self.panel.number}: {one_line(self.panel.sentence.text)}"

    @property
    def tracking(self) -> str:
        """Tracking identifier, the same as in the structured report: the features that the finding stands on."""
        return f"features {' '.join(map(str, self.finding.evidence))}"


def shown_findings(analysis: Analysis, draft: Draft) -> list[ShownFinding]:
    """Return the positive findings that have a map, in reading order."""
    active = {feature.id: feature for feature in analysis.features}
    return [
        ShownFinding(
            panel,
            next(finding for finding in panel.sentence.claims if finding.has_place),
            panel.heat,
            tuple(active[i] for i in panel.cited if i in active and i in analysis.maps),
        )
        for panel in panels_of(analysis, draft)
        if panel.heat is not None
    ]


def shown_features(findings: Sequence[ShownFinding], analysis: Analysis) -> Iterator[tuple[ActiveFeature, HeatSum]]:
    """Yield every feature behind the findings once, with its own map."""
    for feature in dict.fromkeys(feature for finding in findings for feature in finding.features):
        heat = heat_sum([feature], analysis)
        assert heat is not None  # only features with a map are named
        yield feature, heat


def contours(radiograph: Radiograph, heat: HeatSum) -> list[npt.NDArray[np.float32]]:
    """Outline where a map is drawn at all, as the viewer outlines it.

    Returns
    -------
    list of ndarray of float32, shape (points, 2)
        Closed lines of (column, row) in pixels of the image, 0, 0 at the corner of the first one (PS3.3 C.10.5.1.2).
    """
    scale = GRID / max(radiograph.rows, radiograph.columns)
    size = max(2, round(radiograph.rows * scale)), max(2, round(radiograph.columns * scale))
    lines = outline(heat.over(radiograph, *size), THRESHOLD * FULL_SCALE)
    return [(line * (radiograph.columns, radiograph.rows)).astype(np.float32) for line in lines if len(line) > 3]
