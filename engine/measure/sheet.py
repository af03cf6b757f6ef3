"""Everything that was drawn on one image, bound to it by its SOP Instance UID and its pixels."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.dicom.radiograph import Calibration, Spacing
from engine.errors import MeasureError
from engine.measure.geometry import distance, scale_of
from engine.measure.shapes import Measurement, Point


@dataclass(frozen=True)
class HandCalibration:
    """The size of a pixel as a person stated it, by a line of known length.

    Attributes
    ----------
    row_mm, column_mm : float
        Between rows and between columns.
    length_mm : float
        What the person said that the line measures.
    """

    row_mm: float
    column_mm: float
    length_mm: float

    def __post_init__(self) -> None:
        if not all(0.0 < value < 1e6 for value in (self.row_mm, self.column_mm, self.length_mm)):
            raise ValueError("a calibration by hand needs lengths above zero")

    @property
    def spacing(self) -> Spacing:
        """The spacing with its label."""
        return Spacing(self.row_mm, self.column_mm, Calibration.BY_HAND)


def calibrate(line: tuple[Point, Point], length_mm: float, stated: Spacing) -> HandCalibration:
    """Return the calibration that gives a line this length.

    Pixels keep the aspect ratio that the file states; without one they are square.

    Raises
    ------
    MeasureError
        ``CALIBRATION_LENGTH`` when the line or its length is too short to say anything.
    """
    scale = scale_of(stated)
    pixels = distance(*line, (1.0, 1.0))
    if pixels < 1.0 or not 0.0 < length_mm < 1e5:
        raise MeasureError(
            "CALIBRATION_LENGTH",
            "the line for the calibration is shorter than a pixel, or its length is not above zero",
            "draw a line along something of known length, and state that length in millimetres",
        )
    factor = length_mm / distance(*line, scale)
    return HandCalibration(scale[1] * factor, scale[0] * factor, length_mm)


@dataclass(frozen=True)
class Sheet:
    """The measurements of one image, in the order in which they were made."""

    sop_instance_uid: str
    pixel_sha256: str
    items: tuple[Measurement, ...] = ()
    calibration: HandCalibration | None = None

    def require_image(self, sop_instance_uid: str, pixel_sha256: str) -> None:
        """Refuse another image.

        Raises
        ------
        MeasureError
            ``WRONG_IMAGE``.
        """
        if (self.sop_instance_uid, self.pixel_sha256) != (sop_instance_uid, pixel_sha256):
            raise MeasureError(
                "WRONG_IMAGE",
                "these measurements belong to another image than the one shown",
                "open the image on which they were made",
            )

    def find(self, key: str) -> Measurement | None:
        """Return the measurement of this name, None when it is not there."""
        return next((item for item in self.items if item.key == key), None)

    def put(self, item: Measurement) -> Sheet:
        """Return the sheet with a measurement added, or in place of the one of its name."""
        if self.find(item.key) is None:
            return replace(self, items=(*self.items, item))
        return replace(self, items=tuple(item if other.key == item.key else other for other in self.items))

    def without(self, key: str) -> Sheet:
        """Return the sheet without a measurement."""
        return replace(self, items=tuple(item for item in self.items if item.key != key))

    def calibrated(self, calibration: HandCalibration | None) -> Sheet:
        """Return the sheet with a calibration by hand, or with None, without one."""
        return replace(self, calibration=calibration)

    def spacing(self, stated: Spacing) -> Spacing:
        """Return the spacing that lengths go by: that of the calibration by hand, else the file's."""
        return stated if self.calibration is None else self.calibration.spacing
