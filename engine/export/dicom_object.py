"""What every DICOM object that we derive from an image has in common: study, equipment, new series, algorithm."""

from __future__ import annotations

import io
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from highdicom import AlgorithmIdentificationSequence, sr
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes

from engine.dicom.radiograph import Radiograph
from engine.export.atomic import write_atomic
from engine.export.dicom_identity import derived_uid, source_dataset
from engine.export.identity import SOFTWARE, software_version
from engine.inference.analysis import Analysis
from engine.report.draft import Draft, DraftStatus
from engine.report.findings import Finding

SERIES_NUMBERS = {"sr": 9901, "gsps": 9902, "seg": 9903, "sc": 9904, "dicompdf": 9905, "ko": 9906, "narrative": 9907}
"""High, so that none stands between the series of the modality; one format, one series."""


def new_uid() -> str:
    """Return a UID that no other object has (PS3.5 B.2, from a random UUID)."""
    return f"2.25.{uuid.uuid4().int}"


@dataclass(frozen=True, eq=False)
class Source:
    """The source image's identity for highdicom.

    Attributes
    ----------
    dataset : Dataset
        Patient, study and image reference; the names are empty, because highdicom takes a name without a caret, which
        the standard allows, for a mistake: `finish` writes them.
    notes : tuple of str
        One sentence for each value of the header that had to be repaired.
    """

    dataset: Dataset
    notes: tuple[str, ...]
    patient_name: Any
    referring_physician: Any

    def finish(self, document: Dataset) -> None:
        """Write the names and the study's description into a finished document."""
        document.PatientName, document.ReferringPhysicianName = self.patient_name, self.referring_physician
        if self.dataset.StudyDescription:
            document.StudyDescription = self.dataset.StudyDescription


def source_of(radiograph: Radiograph) -> Source:
    """Return the identity that every derived object carries.

    Raises
    ------
    ExportError
        ``NOT_DICOM_SOURCE``, ``NO_VALID_UID``.
    """
    dataset, notes = source_dataset(radiograph)
    names = dataset.PatientName, dataset.ReferringPhysicianName
    dataset.PatientName = dataset.ReferringPhysicianName = None
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    return Source(dataset, tuple(notes), *names)


def new_instance(name: str, number: int = 1) -> dict[str, Any]:
    """Return UIDs and numbers of a new object in a new series, as highdicom's constructors take them.

    Parameters
    ----------
    name : str
        Format, a key of `SERIES_NUMBERS`.
    number : int
        Instance number, from 1.
    """
    return {
        "series_instance_uid": new_uid(),
        "series_number": SERIES_NUMBERS[name],
        "sop_instance_uid": new_uid(),
        "instance_number": number,
    }


def equipment(analysis: Analysis) -> dict[str, Any]:
    """Return which program and model made the object, and what ran the model, as highdicom's constructors take it."""
    return {
        "manufacturer": SOFTWARE,
        "manufacturer_model_name": f"{analysis.pack_name} {analysis.pack_version}"[:64],
        "software_versions": [software_version(), f"{analysis.provider}, {analysis.precision}"[:64]],
        "device_serial_number": analysis.pixel_sha256[:16],
    }


def parameters(analysis: Analysis) -> list[str]:
    """Return what fixes the result, one text a parameter (TID 4019; Algorithm Parameters, PS3.3 10.16)."""
    return [
        f"software version {software_version()}",
        f"model pack {analysis.pack_name} {analysis.pack_version}",
        f"model pack SHA-256 {analysis.pack_sha256}",
        f"execution provider {analysis.provider}",
        f"precision {analysis.precision}",
        f"pixel SHA-256 {analysis.pixel_sha256}",
    ]


def algorithm(analysis: Analysis) -> AlgorithmIdentificationSequence:
    """Return the algorithm that found what the object shows (PS3.3 10.16)."""
    return AlgorithmIdentificationSequence(
        name=f"{SOFTWARE}, model pack {analysis.pack_name}"[:64],
        family=codes.DCM.ArtificialIntelligence,
        version=analysis.pack_version[:64],
        parameters={str(number): text for number, text in enumerate(parameters(analysis), 1)},
    )


def observer(analysis: Analysis) -> sr.ObserverContext:
    """Return the program with its pack as the device that observed (TID 1004); the same pack is the same device."""
    device = sr.DeviceObserverIdentifyingAttributes(
        uid=derived_uid(SOFTWARE, analysis.pack_name, analysis.pack_version, analysis.pack_sha256),
        name=SOFTWARE,
        manufacturer_name=SOFTWARE,
        model_name=equipment(analysis)["manufacturer_model_name"],
    )
    return sr.ObserverContext(codes.DCM.Device, device)


def tracking_uid(analysis: Analysis, *what: str) -> str:
    """Return the UID by which all objects of one image and pack name the same thing, such as a finding's key."""
    return derived_uid(
        analysis.sop_instance_uid, analysis.pack_name, analysis.pack_version, analysis.pack_sha256, *what
    )


def finding_key(finding: Finding) -> tuple[str, str, str, str]:
    """Return what tells a finding from the others of its image, for `tracking_uid`."""
    return finding.observation, finding.polarity, finding.laterality, finding.location


def description(draft: Draft, what: str = "report") -> str:
    """Name a series by what became of the draft; a program can attest a review, never a verification."""
    if draft.status is DraftStatus.DRAFT:
        return f"AI draft {what}, not for diagnostic use"
    return f"AI-assisted {what}, reviewed, not verified"


def write_object(path: Path, document: Dataset) -> Path:
    """Write a DICOM file (PS3.10) as a whole or not at all.

    Raises
    ------
    ExportError
        ``EXPORT_WRITE``.
    """
    stream = io.BytesIO()
    document.save_as(stream, enforce_file_format=True)
    return write_atomic(path, stream.getvalue())


def reference(dataset: Dataset) -> Dataset:
    """Return a reference to an instance (PS3.3 table 10-11)."""
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = dataset.SOPClassUID, dataset.SOPInstanceUID
    return item
