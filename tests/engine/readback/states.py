"""Presentation states and images written by hand for the tests of reading back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from engine.dicom.radiograph import Acquisition, Radiograph
from tests.engine.report.factories import UID, radiograph

CR = "1.2.840.10008.5.1.4.1.1.1"
GSPS = "1.2.840.10008.5.1.4.1.1.11.1"


def item(**elements: Any) -> Dataset:
    made = Dataset()
    for keyword, value in elements.items():
        setattr(made, keyword, value)
    return made


def to_image(uid: str = UID) -> Dataset:
    return item(ReferencedSOPClassUID=CR, ReferencedSOPInstanceUID=uid)


def file(sop_class: str, uid: str, **elements: Any) -> Dataset:
    made = item(SOPClassUID=sop_class, SOPInstanceUID=uid, StudyInstanceUID="1.2.3.4", SeriesInstanceUID="1.2.3.6")
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.SpecificCharacterSet = "ISO_IR 192"
    for keyword, value in elements.items():
        setattr(made, keyword, value)
    return made


def save(path: Path, made: Dataset) -> Path:
    made.save_as(path, enforce_file_format=True)
    return path


def state(**elements: Any) -> Dataset:
    """A presentation state of one image, with what a test adds."""
    needed: dict[str, Any] = {
        "Modality": "PR",
        "PatientName": "Doe^Jane",
        "InstanceNumber": 1,
        "PresentationCreationDate": "20260102",
        "PresentationCreationTime": "101500",
        "Manufacturer": "Somebody",
        "SoftwareVersions": ["7.1", "b"],
        "ContentLabel": "FINDINGS",
        "ReferencedSeriesSequence": [item(SeriesInstanceUID="1.2.3.5", ReferencedImageSequence=[to_image()])],
        "DisplayedAreaSelectionSequence": [
            item(
                DisplayedAreaTopLeftHandCorner=[1, 1],
                DisplayedAreaBottomRightHandCorner=[64, 80],
                PresentationSizeMode="SCALE TO FIT",
                PresentationPixelAspectRatio=[1, 1],
            )
        ],
        "PresentationLUTShape": "IDENTITY",
    }
    return file(GSPS, "1.2.3.77", **(needed | elements))


def graphic(kind: str, data: list[float], units: str = "PIXEL", **more: Any) -> Dataset:
    return item(
        GraphicAnnotationUnits=units,
        GraphicDimensions=2,
        NumberOfGraphicPoints=len(data) // 2,
        GraphicData=data,
        GraphicType=kind,
        GraphicFilled="N",
        **more,
    )


def image_of(rows: int = 80, columns: int = 64, uid: str = UID) -> Radiograph:
    made = radiograph(rows, columns, sop_class_uid=CR, sop_instance_uid=uid, study_instance_uid="1.2.3.4")
    return replace(made, acquisition=Acquisition(bits_stored=12))


def write_image(path: Path, image: Radiograph, photometric: str = "MONOCHROME2") -> Path:
    made = file(
        CR,
        image.identity.sop_instance_uid,
        Rows=image.rows,
        Columns=image.columns,
        SamplesPerPixel=1,
        BitsAllocated=16,
        BitsStored=12,
        HighBit=11,
        PixelRepresentation=0,
        PhotometricInterpretation=photometric,
        PixelData=image.stored.tobytes(),
    )
    made.SeriesInstanceUID = "1.2.3.5"
    return save(path, made)


def read(path: Path) -> Dataset:
    return pydicom.dcmread(path)
