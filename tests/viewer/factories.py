"""Synthetic images, analyses and drafts for the viewer's tests."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian, generate_uid

from engine.dicom.files import read_radiograph
from engine.dicom.radiograph import Radiograph
from engine.errors import Cancelled
from engine.inference.analysis import ActiveFeature, Analysis, FeatureMap, GateVerdict, ObservationProbability
from engine.inference.attribution import METHOD_TITLES, Method
from engine.pack.evidence import FeatureEvidence, PackEvidence
from engine.pack.features import Evidence, FeatureRecord
from engine.pack.manifest import Readout
from engine.pack.reliability import ReliabilityBin
from engine.report.draft import Draft, IndicationSource, ReportSection, Sentence
from engine.report.findings import Finding
from engine.report.rewriting import Rejection, Rewriting, RewritingModel
from engine.report.wishes import DEFAULT_WISHES
from viewer.services import ExportOrder
from viewer.state.images import Problem
from viewer.state.session import AnalysisResult
from viewer.tasks import TaskControl

GRID = 8
PACK_SHA256 = "0123456789abcdef" * 4


def ramp(rows: int = 120, columns: int = 100, dtype: type = np.uint16, top: int = 4000) -> npt.NDArray[Any]:
    """Values that rise along the columns and, a little, along the rows."""
    x = np.linspace(0, top * 0.9, columns)[None, :]
    y = np.linspace(0, top * 0.1, rows)[:, None]
    return np.asarray(x + y).astype(dtype)


def write_dicom(path: Path, pixels: npt.NDArray[Any] | None = None, **tags: Any) -> Path:
    """Write a CR image; `tags` replace or add attributes."""
    stored = ramp() if pixels is None else pixels
    ds = Dataset()
    ds.SOPClassUID = ComputedRadiographyImageStorage
    ds.SOPInstanceUID = generate_uid(entropy_srcs=[path.name])
    ds.StudyInstanceUID, ds.SeriesInstanceUID = generate_uid(entropy_srcs=["s"]), generate_uid(entropy_srcs=["e"])
    ds.PatientName, ds.PatientID, ds.PatientSex = "TEST^ANNA", "T1", "F"
    ds.StudyDate, ds.StudyTime, ds.Modality = "20260102", "101500", "CR"
    ds.BodyPartExamined, ds.ViewPosition = "CHEST", "PA"
    ds.PatientOrientation = ["L", "F"]
    ds.Rows, ds.Columns = stored.shape
    bits = 8 * stored.dtype.itemsize
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = bits, bits, bits - 1
    ds.PixelRepresentation = int(stored.dtype.kind == "i")
    low, high = float(stored.min()), float(stored.max())
    ds.WindowCenter, ds.WindowWidth = f"{(low + high) / 2:.0f}", f"{max(high - low, 1):.0f}"
    for name, value in tags.items():
        setattr(ds, name, value)
    ds.PixelData = np.ascontiguousarray(stored).tobytes()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.save_as(path, enforce_file_format=True)
    return path


def make_radiograph(
    folder: Path, name: str = "a.dcm", pixels: npt.NDArray[Any] | None = None, **tags: Any
) -> Radiograph:
    """Write and read a synthetic image."""
    return read_radiograph(write_dicom(folder / name, pixels, **tags))


def feature(ident: int, percentile: float = 80.0, **changes: Any) -> ActiveFeature:
    """An active feature."""
    made = ActiveFeature(
        id=ident, description=f"feature number {ident}", activation=2.0, percentile=percentile,
        observation="Pleural Effusion", polarity="present", laterality="left", location="base", severity="small",
        section="pleura", label_score=0.8, reportable=True,
    )  # fmt: skip
    return replace(made, **changes)


def one_patch(
    ident: int, row: int, column: int, box: tuple[float, float, float, float], value: float = 2.0
) -> FeatureMap:
    """A map with one hot patch."""
    values = np.zeros((GRID, GRID), dtype=np.float32)
    values[row, column] = value
    return FeatureMap(ident, values, preactivation=value, remainder=0.0, method=METHOD_TITLES["messages"], box=box)


def make_analysis(radiograph: Radiograph, ids: Sequence[int] = (3, 5, 9), verdict: str = "suitable") -> Analysis:
    """An analysis of this image: features 3 and 5 with maps, 9 without; refused ones have nothing."""
    refused = verdict == "refused"
    box = (0.0, 0.0, float(radiograph.columns), float(radiograph.rows))
    gate = (GateVerdict("refused", "LATERAL_VIEW", "this is a lateral view") if refused
            else GateVerdict("suitable", "OK", "the image is suitable"))  # fmt: skip
    return Analysis(
        sop_instance_uid=radiograph.identity.sop_instance_uid, pixel_sha256=radiograph.pixel_sha256, pack_name="toy",
        pack_version="0.1.0", pack_sha256=PACK_SHA256, provider="CPUExecutionProvider", precision="int8", gate=gate,
        features=() if refused else tuple(feature(i, 90.0 - 10 * n) for n, i in enumerate(ids)),
        observations=() if refused else (ObservationProbability("Pleural Effusion", "none", "", 0.8, 0.5, 0.1, (3,)),),
        maps={} if refused else {i: one_patch(i, 2, i % GRID, box) for i in ids if i != 9},
        explained_variance=0.7, timing_ms={"encoder": 10.0},
    )  # fmt: skip


def finding(ids: tuple[int, ...], polarity: Any = "present") -> Finding:
    """A finding that stands on these features."""
    return Finding("Pleural Effusion", polarity, "left", "base", "small", "pleura", 0.8, ids)


def make_draft(analysis: Analysis) -> Draft:
    """Three sentences: s1 positive on 3 and 5, s2 negative on 9, s3 positive on 5."""

    def sentence(key: str, text: str, ids: tuple[int, ...], polarity: str = "present") -> Sentence:
        return Sentence(key, text, (finding(ids, polarity),), ids, ai_text=text)

    return Draft(
        sop_instance_uid=analysis.sop_instance_uid, pixel_sha256=analysis.pixel_sha256, pack_name=analysis.pack_name,
        pack_version=analysis.pack_version, pack_sha256=analysis.pack_sha256,
        sections=(
            ReportSection("pleura", "Pleura", (sentence("s1", "Small left effusion.", (3, 5)),
                                               sentence("s2", "No pneumothorax.", (9,), "absent"))),
            ReportSection("heart", "Heart and mediastinum", (sentence("s3", "Large heart.", (5,)),)),
        ),
    )  # fmt: skip


def kept_evidence(active: ActiveFeature) -> FeatureEvidence:
    """What a pack keeps of a feature whose activations run evenly from 0 to 4."""
    record = FeatureRecord(
        active.id, active.description, active.observation, "present", "left", active.location, "small", "pleura",
        active.label_score, active.reportable, firing_rate=0.02, quantiles=tuple(np.linspace(0, 4, 101).tolist()),
        duplicate_group=active.id,
    )  # fmt: skip
    examples = tuple(Evidence(active.id, n, f"set/{n}", 4.0 - n, f"FINDINGS: report {n}.") for n in range(2))
    return FeatureEvidence(record, examples, rank=1.5, duplicates=(active.id, active.id + 100))


def readout(observation: str) -> Readout:
    """A readout whose stated probabilities held in one bin and not in the other."""

    def half(low: float, stated: float, observed: float) -> ReliabilityBin:
        return ReliabilityBin(
            low=low, high=low + 0.5, images=40, positives=10, stated=stated, observed=observed,
            observed_low=observed - 0.05, observed_high=observed + 0.05,
        )  # fmt: skip

    bins = (half(0.0, 0.2, 0.22), half(0.5, 0.8, 0.6))
    return Readout(observation=observation, feature_ids=(3,), weights=(1.0,), bias=0.0, threshold=0.5, reliability=bins)


class FakeEngine:
    """Answers at once, or when `gate` is set; refuses images of a body part other than the chest."""

    def __init__(self) -> None:
        self.wishes = DEFAULT_WISHES
        self.style_problem: Problem | None = None
        self.gate = threading.Event()
        self.gate.set()
        self.analysed: list[str] = []
        self.fail: BaseException | None = None
        self.wrong_image: Analysis | None = None
        self.warnings: tuple[str, ...] = ()
        self.maps_gate = threading.Event()
        self.maps_gate.set()
        self.maps_asked: list[tuple[str, Method]] = []
        self.maps_packs: list[str] = []
        self.maps_fail: BaseException | None = None
        self.evidence_fail: BaseException | None = None
        self.rewriting: Rewriting | None = None
        self.exported: list[Analysis] = []
        self.exports: list[tuple[Path, Draft, tuple[str, ...]]] = []

    def warm_up(self) -> None:
        pass

    def close(self) -> None:
        self.gate.set()
        self.maps_gate.set()

    def prepare(self, control: TaskControl) -> tuple[str, ...]:
        if self.fail is not None:
            raise self.fail
        return ("the model runs slowly here",)

    def analyse(self, radiograph: Radiograph, control: TaskControl) -> AnalysisResult:
        control.progress("step one", 0.5)
        while not self.gate.wait(0.01):
            if control.cancelled():
                raise Cancelled
        if self.fail is not None:
            raise self.fail
        self.analysed.append(radiograph.identity.sop_instance_uid)
        refused = radiograph.acquisition.body_part not in ("", "CHEST")
        analysis = self.wrong_image or make_analysis(radiograph, verdict="refused" if refused else "suitable")
        analysis = replace(analysis, warnings=self.warnings)
        return AnalysisResult(analysis, None if refused else make_draft(analysis))

    def analyse_with(self, pack: str, radiograph: Radiograph, control: TaskControl) -> AnalysisResult:
        """Feature 3 means something else in this pack, and 4 is its own."""
        analysis = replace(make_analysis(radiograph, (3, 4)), pack_name=pack, pack_sha256="f" * 64)
        features = tuple(replace(f, description=f"other {f.id}") for f in analysis.features)
        return AnalysisResult(replace(analysis, features=features), None)

    def compose(self, analysis: Analysis, indication: str, source: IndicationSource, control: TaskControl) -> Draft:
        return replace(make_draft(analysis), indication=indication, indication_source=source)

    def maps(
        self, radiograph: Radiograph, analysis: Analysis, method: Method, control: TaskControl, pack: str = ""
    ) -> dict[int, FeatureMap]:
        """Maps whose hot patch is where the analysis has it, twice as hot."""
        self.maps_asked.append((radiograph.identity.sop_instance_uid, method))
        self.maps_packs.append(pack)
        control.progress("heat maps", 0.25)
        while not self.maps_gate.wait(0.01):
            if control.cancelled():
                raise Cancelled
        if self.maps_fail is not None:
            raise self.maps_fail
        return {i: replace(m, values=2 * m.values, method=METHOD_TITLES[method]) for i, m in analysis.maps.items()}

    def evidence(
        self, analysis: Analysis, feature_ids: Sequence[int], observations: Collection[str], control: TaskControl
    ) -> PackEvidence:
        """Two reports for each feature, and a readout with two bins for each observation."""
        if self.evidence_fail is not None:
            raise self.evidence_fail
        features = {i: kept_evidence(next(f for f in analysis.features if f.id == i)) for i in feature_ids}
        return PackEvidence(features, tuple(readout(name) for name in sorted(observations)))

    def reword(self, draft: Draft, model: Path, control: TaskControl) -> Draft:
        """Reword the first sentence and refuse the words for the second."""
        control.progress("rewording", 0.5)
        while not self.gate.wait(0.01):
            if control.cancelled():
                raise Cancelled
        pleura, *rest = draft.sections
        first, *others = pleura.sentences
        said = replace(first, text="Left effusion, small.", origin="rewritten", rule_text=first.text)
        used = RewritingModel(model.name, "", "fake", "", "rewrite-en", 1, "", "1", 0)
        refused = Rejection(others[0].key, "Pneumothorax.", "LOST", "the denial")
        done = Rewriting(used, asked=3, taken=1, rejected=(refused,))
        return replace(
            draft, sections=(replace(pleura, sentences=(said, *others)), *rest), rewriting=self.rewriting or done
        )

    def export(self, order: ExportOrder, control: TaskControl) -> list[Path]:
        folder = order.folder / order.analysis.sop_instance_uid
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "report.txt"
        path.write_text(order.draft.status.value, encoding="utf-8")
        self.exported.append(order.analysis)
        self.exports.append((order.folder, order.draft, order.formats))
        return [path]
