"""Open one file as a radiograph, or refuse it with a code and a truthful sentence."""

from __future__ import annotations

import io
import logging
import warnings as python_warnings
from pathlib import Path

import pydicom
from pydicom.dataset import FileDataset
from pydicom.errors import InvalidDicomError

from engine.dicom.elements import Elements
from engine.dicom.folders import find_images
from engine.dicom.gray import gray_of_rgb
from engine.dicom.grayscale_header import read_grayscale
from engine.dicom.header import is_uid, read_acquisition, read_identity
from engine.dicom.image_files import read_picture
from engine.dicom.limits import check_file_size
from engine.dicom.objects import refuse_other_objects
from engine.dicom.palette import apply_palette
from engine.dicom.pixel_description import PixelDescription, describe_pixels
from engine.dicom.pixels import Frame, decode_first_frame
from engine.dicom.plain_words import plain_words
from engine.dicom.radiograph import Radiograph
from engine.dicom.recognise import HEAD_BYTES, PROGRAM_SIGNATURES, Kind, recognise
from engine.dicom.spacing import read_spacing
from engine.dicom.transfer_syntax import check_inflated_size, transfer_syntax
from engine.dicom.uids import uid_of_pixels
from engine.errors import ReadError

__all__ = ["find_images", "read_radiograph"]

# The parser logs what it also warns of, quoting the header; the warnings are collected, patients' data not logged.
logging.getLogger("pydicom").setLevel(logging.CRITICAL)


def read_radiograph(path: Path) -> Radiograph:
    """Open a DICOM, PNG or JPEG file.

    The file is read into memory and never written to. Nothing is believed before it is checked, but decoders are
    foreign code: hostile files belong into `engine.worker`, which survives what they do. Python's warnings are
    caught meanwhile, so call it from one thread at a time.

    Parameters
    ----------
    path : Path

    Returns
    -------
    Radiograph
        First frame; what was odd about the file is in its ``warnings``.

    Raises
    ------
    ReadError
        With one of the codes listed in ``docs/error-codes.md``.
    """
    content = read_bytes(path)
    kind, name = recognise(content[:HEAD_BYTES])
    try:
        with python_warnings.catch_warnings(record=True) as caught:
            python_warnings.simplefilter("always")
            if kind is Kind.PICTURE:
                return read_picture(path, content)
            if kind not in (Kind.DICOM, Kind.HEADLESS):
                raise _not_dicom(kind, name)
            header = Elements(_parse(content))
            if content.startswith(PROGRAM_SIGNATURES):
                header.warn("The file's preamble is the beginning of a program: never rename it or try to run it.")
            if kind is Kind.HEADLESS:
                header.warn("The file has no DICOM preamble; it was read as a bare data set.")
            return _radiograph(path, header, caught)
    except RecursionError as error:
        raise ReadError(
            "NESTING_TOO_DEEP",
            "the file nests its sequences too deeply to be read",
            "it is damaged or not to be trusted",
        ) from error
    except MemoryError as error:
        raise ReadError(
            "OUT_OF_MEMORY",
            "there is not enough memory to open the file",
            "close other images or programs and try again",
        ) from error


def read_bytes(path: Path) -> bytes:
    """Return a file's content after checking its size; ``FILE_MISSING`` or ``FILE_UNREADABLE`` otherwise."""
    try:
        if not path.is_file():
            missing = not path.exists()
            raise ReadError(
                "FILE_MISSING" if missing else "FILE_UNREADABLE",
                "there is no such file" if missing else "this is not a regular file",
                "check the path",
            )
        check_file_size(path.stat().st_size)
        return path.read_bytes()
    except OSError as error:
        raise ReadError(
            "FILE_UNREADABLE",
            f"the file cannot be read ({error.strerror or error})",
            "check its permissions and the drive",
        ) from error


def _not_dicom(kind: Kind, name: str) -> ReadError:
    if kind is Kind.ZIP:
        return ReadError("ZIP_ARCHIVE", "the file is a ZIP archive", "unpack it and open the folder")
    article = "an" if name[0] in "aeiou" else "a"
    message = f"the file is {article} {name}, not a DICOM, PNG or JPEG image"
    return ReadError("NOT_DICOM", message, "open the image itself")


def _parse(content: bytes) -> FileDataset:
    check_inflated_size(content)
    try:
        dataset = pydicom.dcmread(io.BytesIO(content), force=True)
    except (RecursionError, MemoryError):
        raise
    except InvalidDicomError as error:
        raise ReadError("NOT_DICOM", "the file is not a DICOM file", "open the image itself") from error
    except Exception as error:  # the parser raises whatever a broken file makes it raise
        raise ReadError(
            "DICOM_DAMAGED",
            f"the file begins as DICOM but cannot be parsed ({_reason(error)})",
            "copy or export it again",
        ) from error
    if len(dataset) == 0:
        # The parser gives nothing at all when the file ends inside its last element.
        raise ReadError("DICOM_TRUNCATED", "the file ends in the middle of its data", "copy or export it again")
    return dataset


def _radiograph(path: Path, header: Elements, caught: list[python_warnings.WarningMessage]) -> Radiograph:
    refuse_other_objects(header)
    pixels = describe_pixels(header)
    syntax = transfer_syntax(header)
    stored = _gray_frame(header, pixels, syntax)
    if pixels.frames > 1:
        header.warn(f"The file has {pixels.frames} frames; the first is shown.")
    photometric = pixels.photometric if pixels.photometric.startswith("MONOCHROME") else "MONOCHROME2"
    sop_instance_uid = header.text("SOPInstanceUID")
    if not is_uid(sop_instance_uid):
        header.warn("The file has no valid SOP Instance UID; one was derived from its pixels.")
        sop_instance_uid = uid_of_pixels(stored)
    grayscale = read_grayscale(header, stored, photometric)
    spacing = read_spacing(header)
    identity = read_identity(header, sop_instance_uid)
    acquisition = read_acquisition(header, pixels, syntax)
    stored.flags.writeable = False
    for sentence in plain_words(str(warning.message) for warning in caught):
        header.warn(sentence)
    return Radiograph(
        stored=stored,
        grayscale=grayscale,
        spacing=spacing,
        identity=identity,
        acquisition=acquisition,
        source=path,
        frames=pixels.frames,
        warnings=tuple(header.warnings),
    )


def _gray_frame(header: Elements, pixels: PixelDescription, syntax: str) -> Frame:
    """Return the first frame as grey stored values, shape (rows, columns)."""
    frame = decode_first_frame(header, pixels, syntax)
    if pixels.photometric.startswith("MONOCHROME"):
        if frame.ndim != 2:
            raise ReadError("PIXEL_FORMAT", "the header calls the image monochrome but gives it three samples a pixel")
        return frame
    if pixels.photometric == "PALETTE COLOR":
        frame = apply_palette(header, frame)
    if frame.ndim != 3:
        raise ReadError("PIXEL_FORMAT", "the header calls the image coloured but gives it one sample a pixel")
    gray = gray_of_rgb(frame, f"an image ({pixels.photometric})")
    header.warn("The image is stored in colour; its channels agree and were read as grey.")
    return gray


def _reason(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
