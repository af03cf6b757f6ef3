"""What the viewer asks of model and drafts: the only place that analyses, composes and exports.

All of it runs inside ``run_task``, and what runs models in the engine's worker processes: no long computation holds the
interpreter that the window needs.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.dicom.radiograph import Radiograph
from engine.inference.analysis import Analysis, FeatureMap
from engine.inference.attribution import Method
from engine.measure.sheet import Sheet
from engine.pack import library
from engine.pack.evidence import PackEvidence
from engine.pack.library import PackEntry
from engine.report.draft import Draft, IndicationSource
from engine.report.wishes import DEFAULT_WISHES, DraftWishes
from engine.report.wording import load_wording
from engine.worker.decode import shared_decoder
from engine.worker.job import Job
from engine.worker.worker import Worker
from viewer.marking import mark
from viewer.report.house_style import usable
from viewer.rewording import Rewording
from viewer.state.images import Problem
from viewer.state.session import AnalysisResult
from viewer.tasks import TaskControl
from viewer.waiting import wait

ANALYSIS_LIMIT_S = 600.0
MAPS_LIMIT_S = 3600.0
"""Occlusion runs the encoder 162 times; a person sees how far it is and can stop it."""


def list_packs(control: TaskControl) -> list[PackEntry]:
    """Return installed and bundled packs."""
    control.progress(mark("Looking for model packs"), 0.0)
    return library.list_packs()


@dataclass(frozen=True, eq=False)
class ExportOrder:
    """What to write, of what, and below which folder (each image gets its own in it)."""

    folder: Path
    radiograph: Radiograph
    analysis: Analysis
    draft: Draft
    formats: tuple[str, ...]
    sheet: Sheet | None = None


class Engine:
    """Model and exports in a worker process of their own.

    Parameters
    ----------
    pack : str or None
        Folder, file or name; None is the bundled demo pack.
    device : str
        As for the engine's providers: "auto", "cpu", "cuda"…
    precision : str
        Of the encoder: "auto", "fp32", "fp16" or "int8".
    wishes : DraftWishes
        Language and house style of the drafts.
    """

    def __init__(
        self, pack: str | None, device: str, precision: str = "auto", wishes: DraftWishes = DEFAULT_WISHES
    ) -> None:
        self.pack, self.device, self.precision, self.wishes = pack, device, precision, wishes
        self._rewording = Rewording()
        self.style_problem: Problem | None = None
        """Why the house style was passed over when a draft was last to be composed."""
        self._worker = Worker(time_limit_s=ANALYSIS_LIMIT_S, preload=("viewer.analysis_job",), name="saerad-model")

    def _usable_wishes(self) -> DraftWishes:
        wishes, self.style_problem = usable(self.wishes)
        return wishes

    def warm_up(self) -> None:
        """Start the decoding process now, so that the first image does not wait for it."""
        shared_decoder().warm_up()

    def prepare(self, control: TaskControl) -> tuple[str, ...]:
        """Open the model pack; what is missing is known before the first image then.

        Raises
        ------
        PackError
            When the pack cannot be used.
        """
        job: Job[tuple[str, ...]] = self._worker.submit(
            "viewer.analysis_job:prepare", self.pack, self.device, self.precision
        )
        return wait(job, control)

    def analyse(self, radiograph: Radiograph, control: TaskControl) -> AnalysisResult:
        """Analyse one image and compose its draft."""
        return self._analyse(self.pack, radiograph, control)

    def analyse_with(self, pack: str, radiograph: Radiograph, control: TaskControl) -> AnalysisResult:
        """Analyse one image with another pack than the drafts' own: its name, folder or file."""
        return self._analyse(pack, radiograph, control)

    def _analyse(self, pack: str | None, radiograph: Radiograph, control: TaskControl) -> AnalysisResult:
        control.progress(mark("Waiting for the model"), 0.0)
        job = self._worker.submit(
            "viewer.analysis_job:analyse",
            radiograph,
            pack,
            self.device,
            self.precision,
            self._usable_wishes(),
            progress=control.progress,
        )
        analysis, draft = wait(job, control)
        if draft is not None:
            # Read and checked here, kept for the panel: on the UI thread it would cost as much as building the draft.
            load_wording(draft.language)
        return AnalysisResult(analysis, draft)

    def compose(self, analysis: Analysis, indication: str, source: IndicationSource, control: TaskControl) -> Draft:
        """Compose the draft of an analysis anew."""
        job: Job[Draft] = self._worker.submit(
            "viewer.analysis_job:compose",
            analysis,
            indication,
            source,
            self._usable_wishes(),
        )
        return wait(job, control)

    def reword(self, draft: Draft, model: Path, control: TaskControl) -> Draft:
        """Let a local language model (a GGUF file) reword a draft, in a process of its own."""
        return self._rewording.reword(draft, model, control)

    def maps(
        self, radiograph: Radiograph, analysis: Analysis, method: Method, control: TaskControl, pack: str = ""
    ) -> dict[int, FeatureMap]:
        """Make the heat maps of an analysis by another method; `pack` where it is not of the drafts' own."""
        job: Job[dict[int, FeatureMap]] = self._worker.submit(
            "viewer.map_job:maps",
            radiograph,
            analysis,
            method,
            pack=pack or self.pack,
            device=self.device,
            precision=self.precision,
            progress=control.progress,
            time_limit_s=MAPS_LIMIT_S,
        )
        return wait(job, control)

    def evidence(
        self, analysis: Analysis, feature_ids: Sequence[int], observations: Collection[str], control: TaskControl
    ) -> PackEvidence:
        """Read what the pack keeps of some features of an analysis, and of some observations."""
        job: Job[PackEvidence] = self._worker.submit(
            "viewer.evidence_job:look_up",
            analysis.pack_sha256,
            feature_ids,
            observations,
            pack=self.pack,
            device=self.device,
            precision=self.precision,
        )
        return wait(job, control)

    def export(self, order: ExportOrder, control: TaskControl) -> list[Path]:
        """Write the chosen formats into the image's own folder below the chosen one and return their files."""
        control.progress(mark("Exporting"), 0.1)
        job: Job[list[Path]] = self._worker.submit(
            "viewer.export_job:export",
            order.folder,
            order.radiograph,
            order.analysis,
            order.draft,
            order.formats,
            sheet=order.sheet,
        )
        return wait(job, control)

    def close(self) -> None:
        """End the models' processes."""
        self._rewording.close()
        self._worker.close()
