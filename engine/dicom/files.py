"""Open one file as a radiograph, or refuse it with a code and a truthful sentence."""

from __future__ import annotations

import warnings as python_warnings
from pathlib import Path

from engine.dicom.elements import Elements
from engine.dicom.folders import find_images
from engine.dicom.gray import gray_of_rgb
from engine.dicom.grayscale_header import read_grayscale
from engine.dicom.header import is_uid, read_acquisition, read_identity
from engine.dicom.image_files import read_picture
from engine.dicom.objects import refuse_other_objects
from engine.dicom.palette import apply_palette
from engine.dicom.parse import parse, read_bytes, within_limits
from engine.dicom.pixel_description import PixelDescription, describe_pixels
from engine.dicom.pixels import Frame, decode_first_frame
from engine.dicom.plain_words import plain_words
from engine.dicom.radiograph import Radiograph
from engine.dicom.recognise import HEAD_BYTES, PROGRAM_SIGNATURES, Kind, recognise
from engine.dicom.spacing import read_spacing
from engine.dicom.transfer_syntax import transfer_syntax
from engine.dicom.uids import uid_of_pixels
from engine.errors import ReadError
from engine.plugins.readers import has_reader, read_with_plugin

__all__ = ["find_images", "not_dicom", "read_radiograph"]


def read_radiograph(path: Path) -> Radiograph:
    """Open a DICOM, PNG or JPEG file, or another one for which a reader is installed as a plug-in.

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
    PluginError
        As `engine.plugins.readers.read_with_plugin`.
    """
    content = read_bytes(path)
    kind, name = recognise(content[:HEAD_BYTES])
    with within_limits(), python_warnings.catch_warnings(record=True) as caught:
        python_warnings.simplefilter("always")
        if kind is Kind.PICTURE:
            return read_picture(path, content)
        if kind not in (Kind.DICOM, Kind.HEADLESS):
            if kind is Kind.OTHER and has_reader(path):
                return read_with_plugin(path, content)
            raise not_dicom(kind, name)
        header = Elements(parse(content))
        if content.startswith(PROGRAM_SIGNATURES):
            header.warn("The file's preamble is the beginning of a program: never rename it or try to run it.")
        if kind is Kind.HEADLESS:
            header.warn("The file has no DICOM preamble; it was read as a bare data set.")
        return _radiograph(path, header, caught)


def not_dicom(kind: Kind, name: str) -> ReadError:
    """Return the refusal of a file that `recognise` calls by this name."""
    if kind is Kind.ZIP:
        return ReadError("ZIP_ARCHIVE", "the file is a ZIP archive, not one image", "open one of the images in it")
    if kind is Kind.PICTURE:  # told by those who read DICOM alone
        return ReadError("NOT_DICOM", f"the file is a {name}, not a DICOM file", "name a DICOM file")
    article = "an" if name[0] in "aeiou" else "a"
    message = f"the file is {article} {name}, not a DICOM, PNG or JPEG image"
    return ReadError("NOT_DICOM", message, "open the image itself")


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
