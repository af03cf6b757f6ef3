"""Small DICOM files made on the spot, so that the reading is proven without any real data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

CR = "1.2.840.10008.5.1.4.1.1.1"

MakeDicom = Callable[..., Path]


@pytest.fixture
def gradient() -> npt.NDArray[np.uint16]:
    """A 12-bit picture, 40 rows by 60 columns, that uses all values from 0 to 4095 or nearly."""
    values: npt.NDArray[np.uint16] = np.linspace(0, 4095, 40 * 60).round().astype(np.uint16).reshape(40, 60)
    return values


@pytest.fixture
def header() -> Callable[..., Dataset]:
    """Return a function that makes the data set of a CR image; keyword arguments replace elements, None removes."""

    def make(pixels: npt.NDArray[Any], **elements: Any) -> Dataset:
        dataset = Dataset()
        dataset.SOPClassUID = CR
        dataset.SOPInstanceUID = generate_uid(entropy_srcs=["saerad", "test"])
        dataset.StudyInstanceUID = generate_uid(entropy_srcs=["saerad", "study"])
        dataset.Modality = "CR"
        dataset.PatientName = "Doe^Jane"
        dataset.Rows, dataset.Columns = pixels.shape[-2:] if pixels.ndim == 2 else pixels.shape[-3:-1]
        dataset.SamplesPerPixel = 1 if pixels.ndim == 2 else 3
        dataset.PhotometricInterpretation = "MONOCHROME2" if pixels.ndim == 2 else "RGB"
        if pixels.ndim == 3:
            dataset.PlanarConfiguration = 0
        bits = 8 * pixels.dtype.itemsize
        dataset.BitsAllocated = bits
        dataset.BitsStored = 12 if bits == 16 else bits
        dataset.HighBit = dataset.BitsStored - 1
        dataset.PixelRepresentation = 1 if pixels.dtype.kind == "i" else 0
        dataset.PixelData = pixels.tobytes()
        for keyword, value in elements.items():
            if value is None:
                delattr(dataset, keyword)
            else:
                setattr(dataset, keyword, value)
        dataset["PixelData"].VR = "OW" if bits == 16 else "OB"
        return dataset

    return make


@pytest.fixture
def write_dicom(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a data set as a DICOM file in any uncompressed transfer syntax."""

    def write(dataset: Dataset, name: str = "image.dcm", syntax: str = ExplicitVRLittleEndian) -> Path:
        path = tmp_path / name
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = pydicom.uid.UID(syntax)
        dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
        dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
        dataset.save_as(path, enforce_file_format=True)
        return path

    return write


@pytest.fixture
def make_dicom(header: Callable[..., Dataset], write_dicom: Callable[..., Path]) -> MakeDicom:
    """Return a function that writes pixels as an Explicit VR Little Endian file with the elements given."""

    def make(pixels: npt.NDArray[Any], name: str = "image.dcm", **elements: Any) -> Path:
        return write_dicom(header(pixels, **elements), name)

    return make
