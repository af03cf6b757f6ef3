"""What runs in the engine's worker process for the heat maps of one image by another method."""

from __future__ import annotations

from collections.abc import Callable

from engine.dicom.radiograph import Radiograph
from engine.inference.analysis import Analysis, FeatureMap
from engine.inference.attribution import Method
from viewer.analysis_job import open_analyzer


def maps(
    radiograph: Radiograph,
    analysis: Analysis,
    method: Method,
    *,
    pack: str | None,
    device: str,
    precision: str,
    progress: Callable[[str, float], None],
    cancelled: Callable[[], bool],
) -> dict[int, FeatureMap]:
    """Make the heat maps of an analysis by another method, with the model that is open for analyses."""
    analyzer = open_analyzer(pack, device, precision)
    return analyzer.maps(radiograph, analysis, method, progress=progress, cancelled=cancelled)
