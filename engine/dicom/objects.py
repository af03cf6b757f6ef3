"""DICOM objects that are no image: said what they are instead of failing on what they lack."""

from __future__ import annotations

from pydicom.uid import UID

from engine.dicom.elements import Elements
from engine.errors import ReadError

_DICOMDIR = "1.2.840.10008.1.3.10"

# Classes with pixel data that are no picture to read: segmentations, dose, parametric maps.
_NOT_PICTURES = (
    "1.2.840.10008.5.1.4.1.1.66",  # raw data, registration, segmentation, surfaces
    "1.2.840.10008.5.1.4.1.1.481.2",  # RT Dose
    "1.2.840.10008.5.1.4.1.1.30",  # Parametric Map
)


def refuse_other_objects(header: Elements) -> None:
    """Raise ``IS_DICOMDIR`` or ``NOT_AN_IMAGE``, naming the object, unless the data set is an image."""
    meta = getattr(header.dataset, "file_meta", {})
    sop_class = header.text("SOPClassUID") or str(meta.get("MediaStorageSOPClassUID", ""))
    if sop_class == _DICOMDIR or "DirectoryRecordSequence" in header:
        raise ReadError(
            "IS_DICOMDIR", "the file is a DICOMDIR, the table of contents of a disc", "open the folder that holds it"
        )
    has_pixels = any(key in header for key in ("PixelData", "FloatPixelData", "DoubleFloatPixelData"))
    name = UID(sop_class).name if sop_class else ""
    if any(sop_class == root or sop_class.startswith(root + ".") for root in _NOT_PICTURES):
        raise _refusal(name)
    if not has_pixels and not ("Image Storage" in name or "Rows" in header):
        raise _refusal(name if name and name != sop_class else header.text("Modality"))


def _refusal(name: str) -> ReadError:
    what = name.removesuffix(" Storage") if name else "no known object"
    return ReadError("NOT_AN_IMAGE", f"the file holds a DICOM object without a picture ({what})", "open an image")
