"""Decode the first frame of a data set into stored values."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom import uid
from pydicom.encaps import generate_frames
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import UID

from engine.dicom.codestream import Codestream, is_complete, read_codestream
from engine.dicom.complaints import overheard
from engine.dicom.elements import Elements
from engine.dicom.pixel_description import PixelDescription
from engine.errors import ReadError

# Which decoder is asked first, and which if that one fails. libjpeg's plug-in (GPL) is never asked.
DECODER_ORDER: dict[str, tuple[str, ...]] = {
    uid.JPEGBaseline8Bit: ("gdcm", "pillow"),
    uid.JPEGExtended12Bit: ("gdcm", "pillow"),
    uid.JPEGLossless: ("gdcm",),
    uid.JPEGLosslessSV1: ("gdcm",),
    uid.JPEGLSLossless: ("pyjpegls", "gdcm"),
    uid.JPEGLSNearLossless: ("pyjpegls", "gdcm"),
    uid.JPEG2000Lossless: ("pylibjpeg", "gdcm"),
    uid.JPEG2000: ("pylibjpeg", "gdcm"),
    uid.HTJ2KLossless: ("pylibjpeg",),
    uid.HTJ2KLosslessRPCL: ("pylibjpeg",),
    uid.HTJ2K: ("pylibjpeg",),
    uid.RLELossless: ("pydicom",),
}
NATIVE = frozenset(
    {
        uid.ImplicitVRLittleEndian,
        uid.ExplicitVRLittleEndian,
        uid.ExplicitVRBigEndian,
        uid.DeflatedExplicitVRLittleEndian,
    }
)
# These have no sign of their own and pydicom does not correct it for them.
_SIGNLESS = frozenset({uid.JPEGBaseline8Bit, uid.JPEGExtended12Bit, uid.JPEGLossless, uid.JPEGLosslessSV1})

Frame = npt.NDArray[np.integer]


def decode_frame(header: Elements, pixels: PixelDescription, syntax: str, number: int) -> Frame:
    """Return the stored values of one frame of several, which need not begin at a whole byte.

    Parameters
    ----------
    number : int
        From 0.

    Returns
    -------
    ndarray of int, shape (rows, columns)
        As `decode_first_frame`.

    Raises
    ------
    ReadError
        As `decode_first_frame`.
    """
    data: bytes = header.dataset.PixelData
    if syntax in NATIVE:
        bits = pixels.rows * pixels.columns * pixels.samples * pixels.bits_allocated
        first, last = number * bits, (number + 1) * bits
        if len(data) * 8 < last:
            raise ReadError("PIXELS_TRUNCATED", f"the file ends before its frame {number + 1}", "copy it again")
        if first % 8 or bits % 8:
            # Bits of one byte belong to two frames (PS3.5 8.2): the lowest bit is the first pixel.
            run = np.frombuffer(data, np.uint8, -(-last // 8) - first // 8, first // 8)
            loose = np.unpackbits(run, bitorder="little")[first % 8 : first % 8 + bits]
            return loose.reshape(pixels.rows, pixels.columns)
        return _used_bits(_decode(syntax, "", data[first // 8 : last // 8], header, pixels), pixels)
    return _decode_encapsulated(data, number, header, pixels, syntax)


def decode_first_frame(header: Elements, pixels: PixelDescription, syntax: str) -> Frame:
    """Return the stored values of the first frame.

    Parameters
    ----------
    syntax : str
        Transfer syntax UID.

    Returns
    -------
    ndarray of int, shape (rows, columns) or (rows, columns, 3)
        Signed or unsigned as the header says, of 8 or 16 bits, unused bits removed. Colour is RGB.

    Raises
    ------
    ReadError
        ``SYNTAX_UNSUPPORTED``, ``PIXELS_TRUNCATED``, ``PIXELS_INCONSISTENT`` or ``PIXELS_DAMAGED``.
    """
    data: bytes = header.dataset.PixelData
    if syntax in NATIVE:
        if len(data) < pixels.frame_bytes:
            raise ReadError(
                "PIXELS_TRUNCATED",
                f"the file ends early: {len(data):,} of the {pixels.frame_bytes:,} bytes of its image are there",
                "copy or export the file again",
            )
        return _used_bits(_decode(syntax, "", data[: pixels.frame_bytes], header, pixels), pixels)
    return _decode_encapsulated(data, 0, header, pixels, syntax)


def _decode_encapsulated(data: bytes, number: int, header: Elements, pixels: PixelDescription, syntax: str) -> Frame:
    if syntax not in DECODER_ORDER:
        raise _unsupported(UID(syntax).name)
    frame = _nth_frame(data, pixels.frames, number)
    if syntax == uid.RLELossless:
        return _used_bits(_decode_by_any(syntax, frame, header, pixels), pixels)
    stream = _checked_codestream(frame, pixels, syntax)
    decoded = _decode_by_any(syntax, frame, header, pixels)
    if not pixels.signed and stream.precision > pixels.bits_stored and int(decoded.max()) >> pixels.bits_stored:
        header.warn(f"Pixels need more than the {pixels.bits_stored} bits that the header says; all bits are used.")
    if pixels.signed and syntax in _SIGNLESS:
        return _shift_through(decoded, decoded.dtype.itemsize * 8 - stream.precision, 0)
    return decoded


def _unsupported(name: str) -> ReadError:
    return ReadError(
        "SYNTAX_UNSUPPORTED",
        f"the image is compressed as {name}, for which there is no decoder",
        "export it uncompressed or as JPEG 2000",
    )


def first_frame(data: bytes, frames: int) -> bytes:
    """Return the first of so many frames of encapsulated pixel data (PS3.5 A.4), still compressed."""
    return _nth_frame(data, frames, 0)


def _nth_frame(data: bytes, frames: int, number: int) -> bytes:
    try:
        frame = next(itertools.islice(generate_frames(data, number_of_frames=frames), number, number + 1), b"")
    except (ValueError, EOFError, IndexError) as error:
        raise ReadError(
            "PIXELS_DAMAGED", f"the compressed image has no proper fragments ({error})", "copy or export the file again"
        ) from error
    if not frame:
        raise ReadError("PIXELS_TRUNCATED", "the compressed image holds no bytes", "copy or export the file again")
    return frame


def _checked_codestream(frame: bytes, pixels: PixelDescription, syntax: str) -> Codestream:
    """Refuse a frame whose own header is of another size than the file's, before memory is taken for it."""
    stream = read_codestream(frame)
    if stream is None:
        raise ReadError(
            "PIXELS_DAMAGED",
            f"the compressed image does not begin as {UID(syntax).name} does",
            "copy or export the file again",
        )
    if (stream.rows, stream.columns, stream.components) != (pixels.rows, pixels.columns, pixels.samples):
        raise ReadError(
            "PIXELS_INCONSISTENT",
            f"the header says {pixels.rows} x {pixels.columns} x {pixels.samples}, "
            f"the compressed image {stream.rows} x {stream.columns} x {stream.components}",
            "the file is damaged or not to be trusted; export it again",
        )
    if not is_complete(frame):
        raise ReadError(
            "PIXELS_TRUNCATED",
            "the compressed image ends early: its end marker is missing",
            "copy or export the file again",
        )
    if syntax == uid.JPEGExtended12Bit and stream.precision > 8:
        raise _unsupported("JPEG Extended with 12 bits")
    return stream


def _decode_by_any(syntax: str, frame: bytes, header: Elements, pixels: PixelDescription) -> Frame:
    failures: list[str] = []
    for plugin in DECODER_ORDER[syntax]:
        try:
            decoded = _decode(syntax, plugin, _encapsulated(frame), header, pixels)
        except ReadError as error:
            failures.append(error.message)
            continue
        if failures:
            header.warn(f"The first decoder failed and {plugin} decoded the image instead.")
        return decoded
    raise ReadError(
        "PIXELS_DAMAGED",
        f"the compressed image ({UID(syntax).name}) cannot be decoded: {'; '.join(failures)}",
        "it is damaged or of a rare kind; copy or export it again",
    )


def _decode(syntax: str, plugin: str, data: bytes, header: Elements, pixels: PixelDescription) -> Frame:
    options: dict[str, Any] = {
        "rows": pixels.rows,
        "columns": pixels.columns,
        "samples_per_pixel": pixels.samples,
        "bits_allocated": pixels.bits_allocated,
        "bits_stored": pixels.bits_stored,
        "photometric_interpretation": pixels.photometric,
        "pixel_representation": int(pixels.signed),
        "number_of_frames": 1,
        "pixel_keyword": "PixelData",
        "pixel_vr": "OB" if header.dataset["PixelData"].VR == "OB" else "OW",
        # Unused bits are dealt with here, by High Bit and by the codestream's own precision.
        "correct_unused_bits": False,
    }
    if pixels.samples > 1:
        options["planar_configuration"] = pixels.planar
    try:
        with overheard() as complaints:
            array, _ = get_decoder(UID(syntax)).as_array(data, index=0, decoding_plugin=plugin, **options)
    except MemoryError:
        raise
    except Exception as error:  # decoders raise whatever they like, and each failure means the same
        raise ReadError("PIXELS_DAMAGED", f"{plugin or 'the reader'} says {_first_line(error)}") from error
    if complaints:
        header.warn("The decoder found errors in the compressed image; parts of it may be wrong.")
    expected = (pixels.rows, pixels.columns, pixels.samples)[: 2 if pixels.samples == 1 else 3]
    if array.shape != expected:
        raise ReadError("PIXELS_INCONSISTENT", f"{plugin} gives an image of shape {array.shape}, not {expected}")
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _encapsulated(frame: bytes) -> bytes:
    """Wrap one frame as pixel data of a single fragment with an empty offset table."""
    padded = frame + b"\x00" * (len(frame) % 2)
    item = b"\xfe\xff\x00\xe0"
    return item + bytes(4) + item + len(padded).to_bytes(4, "little") + padded


def _used_bits(array: Frame, pixels: PixelDescription) -> Frame:
    """Drop bits outside Bits Stored (old files keep overlays there, PS3.5 8.1.1) and extend the sign."""
    if pixels.bits_allocated == 1:
        return array
    width = array.dtype.itemsize * 8
    return _shift_through(array, width - 1 - pixels.high_bit, pixels.high_bit + 1 - pixels.bits_stored)


def _shift_through(array: Frame, above: int, below: int) -> Frame:
    """Push out so many bits above and below the value, keeping the sign of signed integers."""
    if above <= 0 and below == 0:
        return array
    shifted = np.left_shift(array, above)
    return np.right_shift(shifted, above + below, out=shifted)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
