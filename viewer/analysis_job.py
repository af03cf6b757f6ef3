"""What runs in the engine's worker process for one image: analysis and draft."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from engine.dicom.radiograph import Radiograph
from engine.inference.analysis import Analysis
from engine.inference.analyzer import Analyzer
from engine.pack.library import load_pack
from engine.report.draft import Draft, IndicationSource
from engine.report.wishes import DraftWishes
from viewer.marking import mark

Answer = tuple[Analysis, Draft | None]


@lru_cache(maxsize=2)
def open_analyzer(pack: str | None, device: str, precision: str) -> Analyzer:
    """Open a model pack and keep it for the next images, beside the one that was used before it for comparison."""
    return Analyzer(load_pack(pack), device=device, precision=precision)


def prepare(pack: str | None, device: str, precision: str) -> tuple[str, ...]:
    """Open the model pack before the first image, and return what a person should know about how it runs here."""
    analyzer = open_analyzer(pack, device, precision)
    analyzer.warm_up()
    return analyzer.warnings


def analyse(
    radiograph: Radiograph,
    pack: str | None,
    device: str,
    precision: str,
    wishes: DraftWishes,
    *,
    progress: Callable[[str, float], None],
    cancelled: Callable[[], bool],
) -> Answer:
    """Analyse one image and compose its draft.

    Returns
    -------
    tuple
        Analysis; its draft, None for a refused image.
    """
    progress(mark("Opening the model pack"), 0.02)
    analyzer = open_analyzer(pack, device, precision)
    analysis = analyzer.analyse(radiograph, progress=progress, cancelled=cancelled)
    if analysis.gate.verdict == "refused":
        return analysis, None
    return analysis, wishes.draft(analysis, radiograph)


def compose(analysis: Analysis, indication: str, source: IndicationSource, wishes: DraftWishes) -> Draft:
    """Compose the draft of an analysis anew."""
    return wishes.compose(analysis, indication, source)
