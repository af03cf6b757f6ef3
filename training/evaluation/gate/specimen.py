"""One file to put before the input gate, and the writers of such files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian, generate_uid

FloatImage = npt.NDArray[np.float32]
CHEST = "frontal chest"
"""The only kind that is to pass."""
LARGEST = 4095


@dataclass(frozen=True)
class Specimen:
    """A file and what it is.

    Attributes
    ----------
    kind : str
        What it shows, such as ``hip``; `CHEST` is to pass, everything else is to be refused.
    origin : str
        Where the picture came from.
    told : bool
        Whether the file's header says what it is; False for PNG and JPEG, and for DICOM without the tags that tell.
    altered : bool
        Whether it is an altered copy of one that is counted as it is.
    file : callable
        Given the path of a file that does not exist yet, returns the file to open: that one, written, or another.
    """

    kind: str
    origin: str
    told: bool
    altered: bool
    file: Callable[[Path], Path]


def existing(path: Path) -> Callable[[Path], Path]:
    """Return a `Specimen.file` for a file as it lies."""
    return lambda _: path


def picture(make: Callable[[], FloatImage]) -> Callable[[Path], Path]:
    """Return a `Specimen.file` that writes displayed values, 0 black to 1 white, as an 8-bit PNG."""

    def write(path: Path) -> Path:
        file = path.with_suffix(".png")
        grey = np.clip(np.rint(make() * 255.0), 0, 255).astype(np.uint8)
        Image.fromarray(grey).save(file)
        return file

    return write


def dicom(make: Callable[[], FloatImage], tagged: str, **elements: object) -> Callable[[Path], Path]:
    """Return a `Specimen.file` that writes a computed radiograph of the chest, 12 bits.

    Parameters
    ----------
    make : callable
        Returns what is written as stored values: 0 becomes 0, 1 becomes 4095.
    tagged : str
        Photometric Interpretation; with ``MONOCHROME1`` a viewer shows 4095 black.
    **elements
        Of the header, in place of CHEST and PA.
    """

    def write(path: Path) -> Path:
        file = path.with_suffix(".dcm")
        stored = np.clip(np.rint(make() * LARGEST), 0, LARGEST).astype(np.uint16)
        meta = FileMetaDataset()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        meta.MediaStorageSOPClassUID = ComputedRadiographyImageStorage
        meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[file.name])
        dataset = FileDataset(str(file), {}, file_meta=meta, preamble=b"\0" * 128)
        values: dict[str, object] = {
            "SOPClassUID": ComputedRadiographyImageStorage,
            "SOPInstanceUID": meta.MediaStorageSOPInstanceUID,
            "StudyInstanceUID": generate_uid(entropy_srcs=["study", file.name]),
            "SeriesInstanceUID": generate_uid(entropy_srcs=["series", file.name]),
            "Modality": "CR",
            "PatientID": "GATE",
            "BodyPartExamined": "CHEST",
            "ViewPosition": "PA",
            "Rows": stored.shape[0],
            "Columns": stored.shape[1],
            "BitsAllocated": 16,
            "BitsStored": 12,
            "HighBit": 11,
            "PixelRepresentation": 0,
            "SamplesPerPixel": 1,
            "PhotometricInterpretation": tagged,
            "PixelData": stored.tobytes(),
        }
        for name, value in (values | elements).items():
            setattr(dataset, name, value)
        dataset.save_as(file, enforce_file_format=True)
        return file

    return write
