"""The decoded radiograph: stored values, grayscale pipeline, spacing, orientation and identity."""

from __future__ import annotations

import enum
import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.dicom.grayscale import Grayscale
from engine.dicom.names import readable_name


class Calibration(enum.Enum):
    """What a length on the image means (the ladder of PS3.3 10.7.1.3); the value is the label shown beside it."""

    CALIBRATED = "calibrated (fiducial)"
    GEOMETRY = "calibrated (geometry)"
    ERMF = "estimated magnification"
    DETECTOR = "at detector"
    UNKNOWN = "uncalibrated spacing"
    BY_HAND = "calibrated by hand"
    NONE = "pixels only"


@dataclass(frozen=True)
class Spacing:
    """Size of one pixel.

    Attributes
    ----------
    row_mm, column_mm : float or None
        Distance in millimetres between rows and between columns; None when the file gives none that can be used.
    calibration : Calibration
        What those millimetres mean.
    """

    row_mm: float | None
    column_mm: float | None
    calibration: Calibration


NO_SPACING = Spacing(None, None, Calibration.NONE)


@dataclass(frozen=True)
class Identity:
    """Whose image this is and where it belongs (decoded to Unicode; empty when absent).

    ``view_position`` is that of the acquisition, here too because it says where an image hangs before its pixels are
    read.
    """

    sop_instance_uid: str
    sop_class_uid: str = ""
    study_instance_uid: str = ""
    series_instance_uid: str = ""
    patient_id: str = ""
    patient_name: str = ""
    patient_birth_date: str = ""
    patient_sex: str = ""
    patient_age: str = ""
    accession_number: str = ""
    study_id: str = ""
    study_date: str = ""
    study_time: str = ""
    study_description: str = ""
    series_description: str = ""
    series_number: str = ""
    instance_number: str = ""
    modality: str = ""
    manufacturer: str = ""
    institution: str = ""
    referring_physician: str = ""
    patient_id_issuer: str = ""
    view_position: str = ""

    @property
    def readable_name(self) -> str:
        """The patient's name for people: ``Yamada, Tarou (山田 太郎)`` of ``Yamada^Tarou=山田^太郎=...``."""
        return readable_name(self.patient_name)


@dataclass(frozen=True)
class Acquisition:
    """How the image was taken, as its header says (upper case, empty when absent).

    ``indication`` (reason, diagnoses, history) and ``procedure`` (its description) are as given, for reports only: no
    log and no message carries them. ``lossy_ratios`` and ``lossy_methods`` name each compression with loss that the
    image went through, in their order (PS3.3 C.7.6.1.1.5): 10.0 for 10 : 1, and ``ISO_10918_1`` for JPEG.
    """

    body_part: str = ""
    view_position: str = ""
    image_laterality: str = ""
    patient_orientation: tuple[str, ...] = ()
    photometric: str = ""
    bits_stored: int = 0
    transfer_syntax_uid: str = ""
    lossy: bool = False
    lossy_ratios: tuple[float, ...] = ()
    lossy_methods: tuple[str, ...] = ()
    burned_in_annotation: str = ""
    indication: str = ""
    procedure: str = ""


@dataclass(frozen=True, eq=False)
class Radiograph:
    """One decoded frame and what is needed to show, measure, analyse and name it.

    Attributes
    ----------
    stored : ndarray of int, shape (rows, columns)
        Stored values as decoded, read-only, the file's own integer type.
    grayscale : Grayscale
        Stored → modality → VOI → presentation (PS3.3 C.11, PS3.14).
    source : Path
        The file it came from; never written to.
    is_dicom : bool
        False for PNG and JPEG files, which are research images without identity.
    frames : int
        Frames in the file; the first one is held here.
    warnings : tuple of str
        What a person should know about this file, one sentence each.
    """

    stored: npt.NDArray[np.integer]
    grayscale: Grayscale
    spacing: Spacing
    identity: Identity
    acquisition: Acquisition
    source: Path
    is_dicom: bool = True
    frames: int = 1
    warnings: tuple[str, ...] = field(default=())

    @property
    def rows(self) -> int:
        """Number of pixel rows."""
        return int(self.stored.shape[0])

    @property
    def columns(self) -> int:
        """Number of pixel columns."""
        return int(self.stored.shape[1])

    @cached_property
    def pixel_sha256(self) -> str:
        """SHA-256 (hex) of the stored values, little endian, C order: binds results to pixels, not to a file name."""
        values = np.ascontiguousarray(self.stored)
        return hashlib.sha256(values.astype(values.dtype.newbyteorder("<"), copy=False).tobytes()).hexdigest()

    def display(self) -> npt.NDArray[np.float32]:
        """Return the image as first shown: float32, shape (rows, columns), 0 black to 1 white, file's default VOI."""
        return self.grayscale.apply(self.stored)
