"""A corrected report names the one that it replaces (Predecessor Documents Sequence, PS3.3 C.17.2)."""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.uid import UID, Comprehensive3DSRStorage, EnhancedSRStorage

from engine.export.dicom_object import reference, write_object

DOCUMENTS = {"sr": ("report.dcm", Comprehensive3DSRStorage), "narrative": ("narrative.dcm", EnhancedSRStorage)}
"""Format → file and class of the reports that a later one of the same image supersedes."""


def earlier_reports(folder: Path, files: Container[str], sop_instance_uid: str) -> dict[str, Dataset]:
    """Return those of the files of `DOCUMENTS` that lie in a folder and are reports of that image."""
    found = {
        file: earlier_report(folder / file, sop_class, sop_instance_uid)
        for file, sop_class in DOCUMENTS.values()
        if file in files
    }
    return {file: document for file, document in found.items() if document is not None}


def earlier_report(path: Path, sop_class: UID, sop_instance_uid: str) -> Dataset | None:
    """Return the header of the structured report that lies at a path, if it is one of this class and of that image.

    Anything else that lies there, readable or not, is no predecessor: None.
    """
    if not path.is_file():
        return None
    try:
        found = pydicom.dcmread(path)
        images = found.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence
        of_image = images[0].ReferencedSOPInstanceUID == sop_instance_uid
        right = found.SOPClassUID == sop_class and found.StudyInstanceUID and found.SeriesInstanceUID
    except (InvalidDicomError, OSError, AttributeError, IndexError, ValueError, TypeError, KeyError):
        return None
    return found if of_image and right else None


def supersede(path: Path, earlier: Dataset) -> None:
    """Make the report at a path name an earlier one as its predecessor.

    Raises
    ------
    ExportError
        ``EXPORT_WRITE``.
    """
    series, study = Dataset(), Dataset()
    series.SeriesInstanceUID = earlier.SeriesInstanceUID
    series.ReferencedSOPSequence = [reference(earlier)]
    study.StudyInstanceUID = earlier.StudyInstanceUID
    study.ReferencedSeriesSequence = [series]
    document = pydicom.dcmread(path)
    document.PredecessorDocumentsSequence = [study]
    write_object(path, document)
