"""Radiographs and DICOM files made for tests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian, generate_uid

from engine.dicom.grayscale import Grayscale
from engine.dicom.radiograph import NO_SPACING, Acquisition, Identity, Radiograph
from tests.engine.toy_vit import GRID


def picture(rows: int = 96, columns: int = 80, seed: int = 1) -> npt.NDArray[np.uint16]:
    """A random 8 x 8 pattern of grey tiles with the grain that a radiograph has, 12 bits."""
    rng = np.random.default_rng(seed)
    tiles = rng.integers(0, 64, (GRID, GRID)) * 64
    down, across = (np.arange(size) * GRID // size for size in (rows, columns))
    return (tiles[np.ix_(down, across)] + rng.integers(0, 64, (rows, columns))).astype(np.uint16)


def radiograph(
    pixels: npt.NDArray[np.uint16] | None = None,
    *,
    uid: str = "1.2.3",
    modality: str = "DX",
    sop_class: str = "",
    age: str = "",
    series: str = "",
    is_dicom: bool = True,
    **acquisition: str | tuple[str, ...],
) -> Radiograph:
    """A radiograph in memory whose header says what is given."""
    stored = picture() if pixels is None else pixels
    identity = Identity(uid, modality=modality, sop_class_uid=sop_class, patient_age=age, series_description=series)
    taken = replace(Acquisition(), **acquisition)  # type: ignore[arg-type]
    grayscale = Grayscale(stored_range=(int(stored.min()), int(stored.max())))
    return Radiograph(stored, grayscale, NO_SPACING, identity, taken, Path("memory"), is_dicom=is_dicom)


def write_dicom(path: Path, pixels: npt.NDArray[np.uint16] | None = None, **elements: object) -> str:
    """Write a digital X-ray of the chest with the given elements changed; return its SOP Instance UID."""
    stored = picture() if pixels is None else pixels
    uid = str(elements.get("SOPInstanceUID", generate_uid(entropy_srcs=[path.name])))
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = DigitalXRayImageStorageForPresentation
    meta.MediaStorageSOPInstanceUID = uid
    dataset = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    values: dict[str, object] = {
        "SOPClassUID": DigitalXRayImageStorageForPresentation,
        "SOPInstanceUID": uid,
        "Modality": "DX",
        "StudyInstanceUID": generate_uid(entropy_srcs=["study"]),
        "SeriesInstanceUID": generate_uid(entropy_srcs=["series"]),
        "PatientName": "Test^Patient",
        "PatientID": "T1",
        "BodyPartExamined": "CHEST",
        "ViewPosition": "PA",
        "Rows": stored.shape[0],
        "Columns": stored.shape[1],
        "BitsAllocated": 16,
        "BitsStored": 12,
        "HighBit": 11,
        "PixelRepresentation": 0,
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "PixelData": stored.tobytes(),
    }
    for name, value in (values | elements).items():
        setattr(dataset, name, value)
    dataset.save_as(path, enforce_file_format=True)
    return uid
