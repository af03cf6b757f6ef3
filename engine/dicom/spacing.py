"""The size of a pixel and what it means: the calibration ladder of projection radiography (PS3.3 10.7.1.3)."""

from __future__ import annotations

import math

from engine.dicom.elements import Elements
from engine.dicom.radiograph import NO_SPACING, Calibration, Spacing

# Storage classes whose image is a projection: a length on it depends on the distance from the detector.
PROJECTION_CLASSES = frozenset(
    {
        "1.2.840.10008.5.1.4.1.1.1",  # Computed Radiography
        "1.2.840.10008.5.1.4.1.1.1.1",  # Digital X-Ray, for presentation
        "1.2.840.10008.5.1.4.1.1.1.1.1",  # Digital X-Ray, for processing
        "1.2.840.10008.5.1.4.1.1.1.2",  # Digital Mammography, for presentation
        "1.2.840.10008.5.1.4.1.1.1.2.1",  # Digital Mammography, for processing
        "1.2.840.10008.5.1.4.1.1.1.3",  # Digital Intra-Oral, for presentation
        "1.2.840.10008.5.1.4.1.1.1.3.1",  # Digital Intra-Oral, for processing
        "1.2.840.10008.5.1.4.1.1.12.1",  # X-Ray Angiographic
        "1.2.840.10008.5.1.4.1.1.12.1.1",  # Enhanced XA
        "1.2.840.10008.5.1.4.1.1.12.2",  # X-Ray Radiofluoroscopic
        "1.2.840.10008.5.1.4.1.1.12.2.1",  # Enhanced XRF
        "1.2.840.10008.5.1.4.1.1.481.1",  # RT Image
    }
)
PROJECTION_MODALITIES = frozenset({"CR", "DX", "MG", "IO", "PX", "RG", "XA", "RF"})

Pair = tuple[float, float]


def read_spacing(header: Elements) -> Spacing:
    """Return the spacing of an image by the first rule that holds.

    1. Pixel Spacing with Pixel Spacing Calibration Type FIDUCIAL or GEOMETRY: calibrated so.
    2. Imager Pixel Spacing with a magnification factor of 1 or more: divided by it, estimated magnification.
    3. Both, and they differ: Pixel Spacing has been corrected by the sender, in a manner it does not say: estimated.
    4. Imager Pixel Spacing alone, or an equal Pixel Spacing: at the detector.
    5. Pixel Spacing alone, or Nominal Scanned Pixel Spacing (a digitised film): uncalibrated.

    A file that is no projection (CT, MR, secondary capture of another modality) has plain Pixel Spacing as rule 5.
    A spacing of 0 is no spacing.
    """
    pixel = _pair(header, "PixelSpacing")
    imager = _pair(header, "ImagerPixelSpacing") or _pair(header, "ImagePlanePixelSpacing")
    if not is_projection(header):
        imager = None
    kind = header.text("PixelSpacingCalibrationType").upper()
    if pixel and kind in ("FIDUCIAL", "GEOMETRY"):
        return Spacing(*pixel, Calibration.CALIBRATED if kind == "FIDUCIAL" else Calibration.GEOMETRY)
    if imager and pixel and not _same(imager, pixel):
        return Spacing(*pixel, Calibration.ERMF)
    if imager:
        factor = _magnification(header)
        if factor is not None:
            return Spacing(imager[0] / factor, imager[1] / factor, Calibration.ERMF)
        return Spacing(*imager, Calibration.DETECTOR)
    scanned = pixel or _pair(header, "NominalScannedPixelSpacing")
    if scanned:
        return Spacing(*scanned, Calibration.UNKNOWN)
    return NO_SPACING


def is_projection(header: Elements) -> bool:
    """Whether the image is a projection, by SOP class, or by modality where the class is a secondary capture."""
    sop_class = header.text("SOPClassUID")
    if sop_class in PROJECTION_CLASSES:
        return True
    secondary_capture = sop_class.startswith("1.2.840.10008.5.1.4.1.1.7")
    return secondary_capture and header.text("Modality").upper() in PROJECTION_MODALITIES


def length_mm(spacing: Spacing, dx_columns: float, dy_rows: float) -> float | None:
    """Return the length in millimetres of a line over so many columns and rows, None without a spacing."""
    if spacing.row_mm is None or spacing.column_mm is None:
        return None
    return math.hypot(dx_columns * spacing.column_mm, dy_rows * spacing.row_mm)


def _pair(header: Elements, keyword: str) -> Pair | None:
    """Return (between rows, between columns) in millimetres, None when absent, zero, negative or not two numbers."""
    numbers = header.numbers(keyword)
    if len(numbers) != 2 or min(numbers) <= 0.0:
        if numbers:
            header.warn(f"The header's {keyword} {header.text(keyword)} is no spacing and is not used.")
        return None
    return numbers[0], numbers[1]


def _same(a: Pair, b: Pair) -> bool:
    return all(math.isclose(x, y, rel_tol=1e-3) for x, y in zip(a, b, strict=True))


def _magnification(header: Elements) -> float | None:
    """Return how much larger than life the detector shows the patient, from the header's factor or its distances."""
    factor = header.number("EstimatedRadiographicMagnificationFactor")
    detector, patient = header.number("DistanceSourceToDetector"), header.number("DistanceSourceToPatient")
    if factor is None and detector and patient:
        factor = detector / patient
    if factor is None:
        return None
    if not 1.0 <= factor <= 10.0:
        header.warn(f"The header's magnification factor {factor:g} is not possible and is not used.")
        return None
    return factor
