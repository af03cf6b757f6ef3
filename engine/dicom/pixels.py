"""Decode the first frame of a data set into stored values."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom import uid
from pydicom.encaps import generate_frames
from pydicom.pixels import get_decoder
from pydicom.uid import UID

from engine.dicom.codestream import read_codestream
from engine.dicom.elements import Elements
from engine.dicom.limits import check_image_size
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
    {uid.ImplicitVRLittleEndian, uid.ExplicitVRLittleEndian, uid.ExplicitVRBigEndian, uid.DeflatedExplicitVRLittleEndian}
)

Frame = npt.NDArray[np.integer]


@dataclass(frozen=True)
class PixelDescription:
    """The Image Pixel module (PS3.3 C.7.6.3), checked."""

    rows: int
    columns: int
    samples: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool
    photometric: str
    planar: int
    frames: int

    @property
    def frame_bytes(self) -> int:
        """Bytes of one uncompressed frame."""
        samples = self.samples if self.photometric != "YBR_FULL_422" else 2
        return (self.rows * self.columns * samples * self.bits_allocated + 7) // 8


def describe_pixels(header: Elements) -> PixelDescription:
    """Return the checked description of the pixels.

    Raises
    ------
    ReadError
        ``PIXELS_MISSING``, ``HEADER_INCOMPLETE``, ``IMAGE_SIZE``, ``IMAGE_TOO_LARGE`` or ``PIXEL_FORMAT``.
    """
    if "PixelData" not in header:
        if "FloatPixelData" in header or "DoubleFloatPixelData" in header:
            raise ReadError("PIXEL_FORMAT", "the pixels are floating-point numbers", "only integer pixels are shown")
        raise ReadError("PIXELS_MISSING", "the file has an image header but no pixels", "export the image again")
    numbers = {key: header.integer(key) for key in ("Rows", "Columns", "BitsAllocated")}
    missing = [key for key, value in numbers.items() if value is None]
    if missing:
        raise ReadError(
            "HEADER_INCOMPLETE",
            f"the header does not say {' and '.join(missing)}, without which pixels cannot be read",
            "export the image again",
        )
    rows, columns, allocated = (value or 0 for value in numbers.values())
    check_image_size(rows, columns)
    stored = header.integer("BitsStored") or allocated
    high = header.integer("HighBit")
    high = stored - 1 if high is None else high
    samples = header.integer("SamplesPerPixel") or 1
    if allocated not in (1, 8, 16) or not 1 <= stored <= allocated or not stored - 1 <= high < allocated:
        raise ReadError(
            "PIXEL_FORMAT",
            f"the pixels have {allocated} bits allocated, {stored} stored and high bit {high}",
            "grayscale images of 1 to 16 bits in 8- or 16-bit words are shown",
        )
    if samples not in (1, 3):
        raise ReadError("PIXEL_FORMAT", f"the pixels have {samples} samples each", "one (grey) or three (colour) are known")
    photometric = header.text("PhotometricInterpretation").upper().replace(" ", "_")
    if not photometric:
        photometric = "MONOCHROME2" if samples == 1 else "RGB"
        header.warn(f"The header does not say its Photometric Interpretation; {photometric} is assumed.")
    return PixelDescription(
        rows=rows,
        columns=columns,
        samples=samples,
        bits_allocated=allocated,
        bits_stored=stored,
        high_bit=high,
        signed=header.integer("PixelRepresentation") == 1,
        photometric=photometric,
        planar=header.integer("PlanarConfiguration") or 0,
        frames=max(1, header.integer("NumberOfFrames") or 1),
    )


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
    data = header.raw("PixelData")
    if not isinstance(data, bytes):
        raise ReadError("PIXELS_DAMAGED", "the pixel data are not a run of bytes", "export the image again")
    if syntax in NATIVE:
        if len(data) < pixels.frame_bytes:
            raise ReadError(
                "PIXELS_TRUNCATED",
                f"the file ends early: {len(data):,} of the {pixels.frame_bytes:,} bytes of its image are there",
                "copy or export the file again",
            )
        return _remove_unused_bits(_decode(syntax, "", data[: pixels.frame_bytes], header, pixels), pixels)
    if syntax not in DECODER_ORDER:
        raise ReadError(
            "SYNTAX_UNSUPPORTED",
            f"the image is compressed as {UID(syntax).name}, for which there is no decoder",
            "export it uncompressed or as JPEG 2000",
        )
    frame = _first_fragment(data, pixels)
    _check_codestream(frame, pixels, syntax)
    failures: list[str] = []
    for plugin in DECODER_ORDER[syntax]:
        try:
            decoded = _decode(syntax, plugin, frame, header, pixels)
        except ReadError as error:
            failures.append(error.message)
            continue
        if failures:
            header.warn(f"The first decoder failed and {plugin} decoded the image instead.")
        return _remove_unused_bits(decoded, pixels) if syntax == uid.RLELossless else decoded
    raise ReadError(
        "PIXELS_DAMAGED",
        f"the compressed image ({UID(syntax).name}) cannot be decoded: {'; '.join(dict.fromkeys(failures))}",
        "it is damaged or of a rare kind; copy or export it again",
    )


def _first_fragment(data: bytes, pixels: PixelDescription) -> bytes:
    """Return the first frame of encapsulated pixel data (PS3.5 A.4)."""
    try:
        frame = next(itertools.islice(generate_frames(data, number_of_frames=pixels.frames), 1), b"")
    except (ValueError, EOFError, IndexError) as error:
        raise ReadError(
            "PIXELS_DAMAGED", f"the compressed image has no proper fragments ({error})", "copy or export the file again"
        ) from error
    if not frame:
        raise ReadError("PIXELS_TRUNCATED", "the compressed image holds no bytes", "copy or export the file again")
    return frame


def _check_codestream(frame: bytes, pixels: PixelDescription, syntax: str) -> None:
    """Refuse a frame whose own header is of another size than the file's, before memory is taken for it."""
    if syntax == uid.RLELossless:
        return
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


def _decode(syntax: str, plugin: str, frame: bytes, header: Elements, pixels: PixelDescription) -> Frame:
    native = syntax in NATIVE
    options: dict[str, Any] = {
        "rows": pixels.rows,
        "columns": pixels.columns,
        "samples_per_pixel": pixels.samples,
        "bits_allocated": pixels.bits_allocated,
        "bits_stored": pixels.bits_stored,
        "photometric_interpretation": pixels.photometric.replace("PALETTE_COLOR", "PALETTE COLOR"),
        "pixel_representation": int(pixels.signed),
        "number_of_frames": 1,
        "pixel_keyword": "PixelData",
        "pixel_vr": header.dataset["PixelData"].VR,
        # Unused bits are dealt with here, by High Bit; codestreams have a precision of their own.
        "correct_unused_bits": pixels.signed and not native,
    }
    if pixels.samples > 1:
        options["planar_configuration"] = pixels.planar
    decoder = get_decoder(UID(syntax))
    try:
        if native:
            array, _ = decoder.as_array(frame, index=0, **options)
        else:
            array, _ = decoder.as_array(_encapsulated(frame), index=0, decoding_plugin=plugin, **options)
    except MemoryError:
        raise
    except Exception as error:  # decoders raise whatever they like, and each failure means the same
        raise ReadError("PIXELS_DAMAGED", f"{plugin or 'the reader'} says {_first_line(error)}") from error
    expected = (pixels.rows, pixels.columns) if pixels.samples == 1 else (pixels.rows, pixels.columns, pixels.samples)
    if array.shape != expected:
        raise ReadError("PIXELS_INCONSISTENT", f"{plugin} gives an image of shape {array.shape}, not {expected}")
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _encapsulated(frame: bytes) -> bytes:
    """Wrap one frame as pixel data of a single fragment with an empty offset table."""
    padded = frame + b"\x00" * (len(frame) % 2)
    length = len(padded).to_bytes(4, "little")
    return b"\xfe\xff\x00\xe0\x00\x00\x00\x00" + b"\xfe\xff\x00\xe0" + length + padded


def _remove_unused_bits(array: Frame, pixels: PixelDescription) -> Frame:
    """Clear bits outside Bits Stored (old files keep overlays there, PS3.5 8.1.1) and extend the sign."""
    if pixels.bits_stored == pixels.bits_allocated or pixels.bits_allocated == 1:
        return array
    above = array.dtype.itemsize * 8 - 1 - pixels.high_bit
    values = np.left_shift(array, above)
    return np.right_shift(values, array.dtype.itemsize * 8 - pixels.bits_stored, out=values)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
