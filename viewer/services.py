"""Everything the viewer asks of the engine: the only place that decodes, analyses, composes and exports.

All of it runs inside ``run_task``; heavy engine modules are imported when first needed, so that the window opens quickly.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.dicom.radiograph import Radiograph
from engine.inference.analysis import Analysis
from engine.report.draft import Draft
from viewer.image.pyramid import Pyramid, build_pyramid
from viewer.state.session import AnalysisResult
from viewer.tasks import TaskControl

if TYPE_CHECKING:
    from engine.inference.analyzer import Analyzer
    from engine.pack.library import InstalledPack

THUMBNAIL = 112


@dataclass(frozen=True, eq=False)
class LoadedImage:
    """A decoded image with what the screen needs.

    Attributes
    ----------
    thumbnail : ndarray of uint8, shape (height, width)
        Displayed gray levels, longest side at most `THUMBNAIL`.
    """

    radiograph: Radiograph
    pyramid: Pyramid
    thumbnail: npt.NDArray[np.uint8]


def find_images(paths: Sequence[Path], control: TaskControl) -> list[Path]:
    """Return the files below `paths` that may be images."""
    from engine.dicom.files import find_images as find

    control.progress("Looking for images", 0.0)
    return find(paths)


def load_image(path: Path, control: TaskControl) -> LoadedImage:
    """Decode a file, hash its pixels and build its pyramid."""
    from engine.dicom.files import read_radiograph

    radiograph = read_radiograph(path)
    control.check()
    pyramid = build_pyramid(radiograph.stored)
    small = pyramid.levels[-1]
    step = max(1, -(-max(small.shape) // THUMBNAIL))
    thumbnail = np.rint(radiograph.grayscale.apply(small[::step, ::step]) * 255).astype(np.uint8)
    # Computed here because it reads every pixel; the property keeps it.
    _ = radiograph.pixel_sha256
    return LoadedImage(radiograph, pyramid, np.ascontiguousarray(thumbnail))


class Engine:
    """Model pack and analyzer, opened at the first use and kept.

    Parameters
    ----------
    pack : str or None
        Folder, file or name; None is the bundled demo pack.
    device : str
        As for the engine's providers: "auto", "cpu", "cuda"…
    """

    def __init__(self, pack: str | None, device: str) -> None:
        self.pack_name, self.device = pack, device
        self._lock = threading.Lock()
        self._analyzer: Analyzer | None = None
        self._pack: InstalledPack | None = None

    def analyse(self, radiograph: Radiograph, control: TaskControl) -> AnalysisResult:
        """Analyse one image and compose its draft; one at a time, so that a second does not slow the first down."""
        from engine.report.compose import compose

        control.progress("Waiting for the model", 0.0)
        with self._lock:
            control.check()
            analyzer, pack = self._open(control)
            analysis = analyzer.analyse(radiograph, progress=control.progress, cancelled=control.cancelled)
        control.check()
        if analysis.gate.verdict == "refused":
            return AnalysisResult(analysis, None, {})
        records = pack.features.get(feature.id for feature in analysis.features)
        references = {i: record.quantiles[len(record.quantiles) // 2] for i, record in records.items()}
        draft = compose(analysis, indication=radiograph.acquisition.indication)
        return AnalysisResult(analysis, draft, references)

    def _open(self, control: TaskControl) -> tuple[Analyzer, InstalledPack]:
        from engine.inference.analyzer import Analyzer
        from engine.pack.library import load_pack

        if self._analyzer is None or self._pack is None:
            control.progress("Opening the model pack", 0.05)
            self._pack = load_pack(self.pack_name)
            self._analyzer = Analyzer(self._pack, device=self.device)
        return self._analyzer, self._pack


def compose_again(analysis: Analysis, indication: str) -> Draft:
    """Compose the draft of an analysis anew."""
    from engine.report.compose import compose

    return compose(analysis, indication=indication)


def export(folder: Path, radiograph: Radiograph, analysis: Analysis, draft: Draft, formats: Sequence[str],
           control: TaskControl) -> list[Path]:
    """Write the chosen formats and return their files."""
    from engine.export import export_all

    control.progress("Exporting", 0.1)
    analysis.require_image(radiograph.identity.sop_instance_uid, radiograph.pixel_sha256)
    draft.require_image(radiograph.identity.sop_instance_uid, radiograph.pixel_sha256)
    return export_all(folder, radiograph, analysis, draft, formats)
