"""The Image Pixel module of a header (PS3.3 C.7.6.3), checked before anything is decoded."""

from __future__ import annotations

from dataclasses import dataclass

from engine.dicom.elements import Elements
from engine.dicom.limits import check_image_size
from engine.errors import ReadError

PHOTOMETRIC_INTERPRETATIONS = frozenset(
    {
        "MONOCHROME1",
        "MONOCHROME2",
        "PALETTE COLOR",
        "RGB",
        "YBR_FULL",
        "YBR_FULL_422",
        "YBR_ICT",
        "YBR_RCT",
    }
)


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
        ``PIXELS_MISSING``, ``PIXELS_DAMAGED``, ``HEADER_INCOMPLETE``, ``IMAGE_SIZE``, ``IMAGE_TOO_LARGE`` or
        ``PIXEL_FORMAT``.
    """
    if "PixelData" not in header:
        if "FloatPixelData" in header or "DoubleFloatPixelData" in header:
            raise ReadError("PIXEL_FORMAT", "the pixels are floating-point numbers", "only integer pixels are shown")
        raise ReadError("PIXELS_MISSING", "the file has an image header but no pixels", "export the image again")
    if not isinstance(header.raw("PixelData"), bytes):
        raise ReadError("PIXELS_DAMAGED", "the pixel data are not a run of bytes", "export the image again")
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
        raise ReadError(
            "PIXEL_FORMAT", f"the pixels have {samples} samples each", "one (grey) or three (colour) are read"
        )
    photometric = header.text("PhotometricInterpretation").upper()
    if not photometric:
        photometric = "MONOCHROME2" if samples == 1 else "RGB"
        header.warn(f"The header does not say its Photometric Interpretation; {photometric} is assumed.")
    if photometric not in PHOTOMETRIC_INTERPRETATIONS:
        raise ReadError(
            "PIXEL_FORMAT",
            f"the photometric interpretation {photometric} is not known",
            "export the image as MONOCHROME2",
        )
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
