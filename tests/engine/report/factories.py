"""Small builders of analyses, drafts and radiographs for the tests of report and export."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from engine.dicom.grayscale import Grayscale
from engine.dicom.radiograph import NO_SPACING, Acquisition, Identity, Radiograph
from engine.inference.analysis import ActiveFeature, Analysis, FeatureMap, GateVerdict, ObservationProbability
from engine.pack.manifest import OBSERVATIONS
from engine.report.compose import compose
from engine.report.draft import Draft
from engine.report.grounding import check_draft
from engine.report.vocabulary import SECTIONS

PACK_SHA256 = "0123456789abcdef" * 4
UID = "1.2.826.0.1.3680043.8.498.1"
SUITABLE = GateVerdict("suitable", "OK", "the image is suitable")


def feature(
    ident: int, observation: str, polarity: str = "present", laterality: str = "none", **other: Any
) -> ActiveFeature:
    values: dict[str, Any] = {
        "description": f"{polarity} {laterality} {observation}".lower(),
        "activation": 1.0,
        "percentile": 80.0,
        "location": "",
        "severity": "none",
        "section": SECTIONS.get(observation, "lungs"),
        "label_score": 0.9,
        "typical": 2.0,
        "reportable": True,
    }
    values.update(other)
    return ActiveFeature(id=ident, observation=observation, polarity=polarity, laterality=laterality, **values)


def probability(
    observation: str, value: float, laterality: str = "none", location: str = "", **other: Any
) -> ObservationProbability:
    values: dict[str, Any] = {"threshold": 0.5, "absence_threshold": 0.2, "feature_ids": ()}
    values.update(other)
    return ObservationProbability(observation, laterality, location, value, **values)


def probabilities(*extra: ObservationProbability, **high: float) -> tuple[ObservationProbability, ...]:
    """All 14 at 0.05 (No Finding 0.9 if no other is high), with changes (`Pleural_Effusion=0.9`) and more readouts."""
    values = dict.fromkeys(OBSERVATIONS, 0.05) | {name.replace("_", " "): value for name, value in high.items()}
    if "No_Finding" not in high:
        values["No Finding"] = 0.1 if high else 0.9
    return (*(probability(name, value) for name, value in values.items()), *extra)


def feature_map(
    ident: int, peak: tuple[int, int] = (10, 3), box: tuple[float, float, float, float] = (0, 0, 64, 80)
) -> FeatureMap:
    values = np.full((16, 16), -0.001, dtype=np.float32)
    values[peak[0] - 1 : peak[0] + 2, peak[1] - 1 : peak[1] + 2] = 0.2
    return FeatureMap(ident, values, float(values.sum()) + 0.1, 0.1, "attention contribution", box)


def radiograph(rows: int = 80, columns: int = 64, *, is_dicom: bool = True, **identity: str) -> Radiograph:
    ramp = np.add.outer(np.arange(rows) * 20, np.arange(columns) * 30).astype(np.uint16)
    ramp.setflags(write=False)
    named = {
        "sop_instance_uid": UID,
        "patient_id": "P1",
        "patient_name": "Doe^Jane",
        "study_date": "20240102",
    } | identity
    return Radiograph(
        stored=ramp,
        grayscale=Grayscale(stored_range=(0, int(ramp.max()))),
        spacing=NO_SPACING,
        identity=Identity(**named),
        acquisition=Acquisition(view_position="PA", patient_orientation=("L", "F")),
        source=Path("image.dcm"),
        is_dicom=is_dicom,
    )


def analysis(
    features: tuple[ActiveFeature, ...] = (),
    observations: tuple[ObservationProbability, ...] | None = None,
    gate: GateVerdict = SUITABLE,
    image: Radiograph | None = None,
) -> Analysis:
    shown = image or radiograph()
    refused = gate.verdict == "refused"
    box = (0.0, 0.0, float(shown.columns), float(shown.rows))
    return Analysis(
        sop_instance_uid=shown.identity.sop_instance_uid,
        pixel_sha256=shown.pixel_sha256,
        pack_name="toy",
        pack_version="1.0.0",
        pack_sha256=PACK_SHA256,
        provider="CPUExecutionProvider",
        precision="int8",
        gate=gate,
        features=() if refused else features,
        observations=() if refused else probabilities() if observations is None else observations,
        maps={} if refused else {f.id: feature_map(f.id, box=box) for f in features},
        explained_variance=0.8,
        timing_ms={"encoder": 12.5, "sae": 0.5},
    )


def busy(image: Radiograph | None = None) -> Analysis:
    """An analysis with an effusion on the right, a pacemaker, and denials."""
    return analysis(
        (
            feature(
                11,
                "Pleural Effusion",
                laterality="right",
                severity="moderate",
                location="base",
                activation=3.0,
                description="Moderate right pleural effusion",
            ),
            feature(
                12,
                "Support Devices",
                laterality="left",
                location="pacemaker",
                activation=2.0,
                description="Left pacemaker",
            ),
            feature(13, "Pneumothorax", "absent", activation=1.5, description="No pneumothorax"),
            feature(14, "Cardiomegaly", "normal", activation=1.0, description="Normal heart size"),
            feature(
                15, "Fracture", laterality="left", reportable=False, activation=0.5, description="Left rib fracture"
            ),
        ),
        probabilities(
            probability("Pleural Effusion", 0.85, "right"),
            probability("Pleural Effusion", 0.1, "left"),
            Pleural_Effusion=0.9,
            Support_Devices=0.95,
        ),
        image=image,
    )


def texts(draft: Draft, section: str) -> list[str]:
    """The sentences of one section."""
    return [s.text for part in draft.sections if part.name == section for s in part.sentences]


def draft_of(*features: ActiveFeature, readouts: tuple[ObservationProbability, ...] = (), **high: float) -> Draft:
    """Compose, and check that the draft stands on its evidence."""
    made = analysis(features, probabilities(*readouts, **high))
    draft = compose(made)
    assert check_draft(draft, made) == []
    return draft
