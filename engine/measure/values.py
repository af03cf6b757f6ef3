"""What a measurement says: its numbers, each with unit and the label of its calibration, and what to beware of."""

from __future__ import annotations

from dataclasses import dataclass

from engine.dicom.radiograph import Calibration, Radiograph, Spacing
from engine.measure.geometry import angle, box_area, cobb_angle, distance, scale_of, width_across
from engine.measure.shapes import Kind, Measurement
from engine.measure.statistics import statistics

AP_WARNING = "AP projection: the heart looks larger than it is"
UNKNOWN_WARNING = "projection not stated: on an AP image the heart looks larger than it is"
OTHER_WARNING = "projection {view}: the ratio is defined on a PA image"

# Units of PS3.3 C.11.1.1.2; US is "unspecified", and a table of optical densities holds thousandths.
_UNITS = {"US": "", "OD": "OD/1000", "MGML": "mg/ml"}


@dataclass(frozen=True)
class Value:
    """One number.

    Attributes
    ----------
    name : str
        What it is: ``length``, ``heart width``, ``mean``…
    label : str
        What its unit means: the label of the calibration (`Calibration`), empty for values of pixels.
    """

    name: str
    number: float
    unit: str
    decimals: int
    label: str = ""

    @property
    def text(self) -> str:
        """The number with its unit."""
        return f"{self.number:.{self.decimals}f}" + ("" if self.unit == "°" else " " if self.unit else "") + self.unit


@dataclass(frozen=True)
class Reading:
    """A measurement with what it says of its image."""

    drawn: Measurement
    values: tuple[Value, ...] = ()
    warnings: tuple[str, ...] = ()


def read(drawn: Measurement, radiograph: Radiograph, spacing: Spacing, *, pixels: bool = True) -> Reading:
    """Return what a measurement says.

    Parameters
    ----------
    spacing : Spacing
        That of the image, or of a calibration by hand (`Sheet.spacing`).
    pixels : bool
        False leaves the statistics of a region out, which read every pixel in it.

    Notes
    -----
    The cardiothoracic ratio is that of Danzer (Am J Med Sci 1919): greatest width of the heart by greatest inner width
    of the thorax, both measured at right angles to the midline. It needs no calibration; the two widths do.
    """
    points, ruler = drawn.points, _Ruler(spacing)
    if drawn.kind is Kind.LENGTH:
        return Reading(drawn, (ruler.length("length", distance(points[0], points[1], ruler.scale)),))
    if drawn.kind is Kind.ANGLE:
        return Reading(drawn, ruler.angle("angle", angle(points[0], points[1], points[2], ruler.scale)))
    if drawn.kind is Kind.COBB:
        found = cobb_angle((points[0], points[1]), (points[2], points[3]), ruler.scale)
        return Reading(drawn, ruler.angle("Cobb angle", found))
    if drawn.kind in (Kind.ELLIPSE, Kind.RECTANGLE):
        return Reading(drawn, _region(drawn, radiograph, ruler, pixels))
    if drawn.kind is Kind.CARDIOTHORACIC:
        return _cardiothoracic(drawn, radiograph, ruler)
    return Reading(drawn)


class _Ruler:
    """Lengths, areas and angles with the unit and the label that a spacing gives them."""

    def __init__(self, spacing: Spacing) -> None:
        self.scale = scale_of(spacing)
        self.metric = spacing.row_mm is not None and spacing.column_mm is not None
        self._label = (spacing.calibration if self.metric else Calibration.NONE).value

    def length(self, name: str, number: float) -> Value:
        return Value(name, number, "mm" if self.metric else "px", 1, self._label)

    def area(self, name: str, number: float) -> Value:
        return Value(name, number, "mm²" if self.metric else "px²", 0, self._label)

    def angle(self, name: str, number: float | None) -> tuple[Value, ...]:
        # An angle depends on the shape of the pixels only, but the label says what it was measured on.
        return () if number is None else (Value(name, number, "°", 1, self._label),)


def _region(drawn: Measurement, radiograph: Radiograph, ruler: _Ruler, pixels: bool) -> tuple[Value, ...]:
    area = box_area(drawn.points[0], drawn.points[1], ruler.scale, ellipse=drawn.kind is Kind.ELLIPSE)
    values = [ruler.area("area", area)]
    found = statistics(drawn, radiograph) if pixels else None
    if found is not None:
        unit = radiograph.grayscale.modality.unit
        unit = _UNITS.get(unit, unit)
        fine = found.maximum - found.minimum < 100.0
        for name, number in (("mean", found.mean), ("SD", found.sd), ("min", found.minimum), ("max", found.maximum)):
            decimals = 0 if number == round(number) and name in ("min", "max") else 2 if fine else 1
            values.append(Value(name, number, unit, decimals))
        values.append(Value("pixels", float(found.count), "", 0))
    return tuple(values)


def _cardiothoracic(drawn: Measurement, radiograph: Radiograph, ruler: _Ruler) -> Reading:
    points = drawn.points
    midline = (points[4], points[5])
    heart = width_across(points[0], points[1], midline, ruler.scale)
    thorax = width_across(points[2], points[3], midline, ruler.scale)
    warnings = _projection_warnings(radiograph.acquisition.view_position)
    if heart is None or not thorax:
        return Reading(drawn, (), warnings)
    values = (
        Value("cardiothoracic ratio", heart / thorax, "", 2, "ratio, needs no calibration"),
        ruler.length("heart width", heart),
        ruler.length("thoracic width", thorax),
    )
    return Reading(drawn, values, warnings)


def _projection_warnings(view: str) -> tuple[str, ...]:
    if view == "PA":
        return ()
    if view == "AP":
        return (AP_WARNING,)
    return (OTHER_WARNING.format(view=view) if view else UNKNOWN_WARNING,)
