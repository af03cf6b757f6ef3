"""The PDF as a DICOM object (Encapsulated PDF, PS3.3 A.45.1)."""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path

from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import EncapsulatedPDFStorage, ExplicitVRLittleEndian

from engine.dicom.radiograph import Radiograph
from engine.export.dicom_object import description, equipment, new_instance, reference, source_of, write_object
from engine.export.pdf import write_pdf
from engine.inference.analysis import Analysis
from engine.report.draft import Draft

COPIED = (
    "StudyInstanceUID",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "StudyID",
    "AccessionNumber",
)


def write_encapsulated_pdf(folder: Path, radiograph: Radiograph, analysis: Analysis, draft: Draft) -> Path:
    """Write ``report_pdf.dcm``.

    Raises
    ------
    ExportError
        ``NOT_DICOM_SOURCE``, ``NO_VALID_UID``, ``EXPORT_WRITE``.
    """
    return write_object(folder / "report_pdf.dcm", encapsulated_pdf(radiograph, analysis, draft))


def encapsulated_pdf(radiograph: Radiograph, analysis: Analysis, draft: Draft) -> FileDataset:
    """Return the report's PDF in a new series of the study, not verified.

    Raises
    ------
    ExportError
        ``NOT_DICOM_SOURCE``, ``NO_VALID_UID``, ``EXPORT_WRITE``.
    """
    source = source_of(radiograph)
    with tempfile.TemporaryDirectory() as folder:
        content = write_pdf(Path(folder), radiograph, analysis, draft).read_bytes()
    new, who, now = new_instance("dicompdf"), equipment(analysis), datetime.now()
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = EncapsulatedPDFStorage, new["sop_instance_uid"]
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    document = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
    document.SpecificCharacterSet = "ISO_IR 192"
    for name in COPIED:
        setattr(document, name, source.dataset.get(name))
    document.SOPClassUID, document.SOPInstanceUID = EncapsulatedPDFStorage, new["sop_instance_uid"]
    document.SeriesInstanceUID, document.SeriesNumber = new["series_instance_uid"], new["series_number"]
    document.InstanceNumber, document.Modality, document.ConversionType = new["instance_number"], "DOC", "WSD"
    document.SeriesDescription = document.DocumentTitle = description(draft)
    document.Manufacturer, document.ManufacturerModelName = who["manufacturer"], who["manufacturer_model_name"]
    document.SoftwareVersions, document.DeviceSerialNumber = who["software_versions"], who["device_serial_number"]
    document.ContentDate, document.ContentTime = now.strftime("%Y%m%d"), now.strftime("%H%M%S")
    document.AcquisitionDateTime = ""
    # The pages name the patient.
    document.BurnedInAnnotation, document.VerificationFlag = "YES", "UNVERIFIED"
    document.ConceptNameCodeSequence = []
    document.SourceInstanceSequence = [reference(source.dataset)]
    document.MIMETypeOfEncapsulatedDocument = "application/pdf"
    document.EncapsulatedDocumentLength = len(content)
    document.EncapsulatedDocument = content + bytes(len(content) % 2)
    source.finish(document)
    return document
