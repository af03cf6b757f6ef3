"""What measurements say: units, calibration labels, statistics, the cardiothoracic ratio and its warnings."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from engine.dicom.grayscale import Grayscale, LookupTable, Modality
from engine.dicom.radiograph import NO_SPACING, Calibration, Spacing
from engine.errors import MeasureError
from engine.measure.serialise import public_measurements, readings, sheet_from_dict, sheet_to_dict
from engine.measure.shapes import Kind, Measurement
from engine.measure.sheet import Sheet, calibrate
from engine.measure.statistics import statistics
from engine.measure.values import AP_WARNING, UNKNOWN_WARNING, read
from tests.engine.pictures import radiograph

MM = Spacing(0.2, 0.1, Calibration.DETECTOR)
LINE = Measurement("l", Kind.LENGTH, ((10.0, 10.0), (40.0, 30.0)))
CTR = Measurement(
    "c", Kind.CARDIOTHORACIC, ((20.0, 50.0), (50.0, 60.0), (10.0, 70.0), (70.0, 70.0), (40.0, 20.0), (40.0, 90.0))
)


@pytest.mark.parametrize("calibration", [each for each in Calibration if each is not Calibration.NONE])
def test_every_length_carries_the_label_of_its_calibration(calibration: Calibration) -> None:
    (value,) = read(LINE, radiograph(), Spacing(0.2, 0.1, calibration)).values
    assert (value.text, value.label) == ("5.0 mm", calibration.value)


def test_without_a_spacing_a_length_is_pixels_and_says_so() -> None:
    (value,) = read(LINE, radiograph(), NO_SPACING).values
    assert (value.text, value.label) == ("36.1 px", "pixels only")
    area = read(Measurement("b", Kind.RECTANGLE, ((0.0, 0.0), (10.0, 5.0))), radiograph(), NO_SPACING).values[0]
    assert (area.text, area.label) == ("50 px²", "pixels only")
    half = read(LINE, radiograph(), Spacing(0.2, None, Calibration.DETECTOR)).values[0]
    assert (half.unit, half.label) == ("px", "pixels only")


def test_angles() -> None:
    corner = Measurement("a", Kind.ANGLE, ((10.0, 0.0), (0.0, 0.0), (10.0, 10.0)))
    assert read(corner, radiograph(), NO_SPACING).values[0].text == "45.0°"
    lines = Measurement("k", Kind.COBB, ((0.0, 0.0), (10.0, 0.0), (0.0, 30.0), (10.0, 20.0)))
    assert read(lines, radiograph(), NO_SPACING).values[0].text == "45.0°"
    nothing = Measurement("a", Kind.ANGLE, ((1.0, 1.0), (1.0, 1.0), (2.0, 2.0)))
    assert read(nothing, radiograph(), NO_SPACING).values == ()


@pytest.mark.parametrize("kind", [Kind.RECTANGLE, Kind.ELLIPSE])
@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16])
def test_statistics_are_those_of_the_pixels_whose_centre_lies_inside(kind: Kind, dtype: type) -> None:
    stored = np.random.default_rng(3).integers(-90 if dtype is np.int16 else 0, 120, (60, 50)).astype(dtype)
    image = replace(radiograph(), stored=stored, grayscale=Grayscale(Modality(slope=2.0, intercept=-7.0)))
    drawn = Measurement("b", kind, ((31.2, 40.9), (3.7, -5.0)))
    columns, rows = np.meshgrid(np.arange(50) + 0.5, np.arange(60) + 0.5)
    x, y = (columns - 17.45) / 13.75, (rows - 17.95) / 22.95
    inside = (np.abs(x) <= 1) & (np.abs(y) <= 1) if kind is Kind.RECTANGLE else x**2 + y**2 <= 1
    values = stored[inside].astype(np.float64) * 2.0 - 7.0
    found = statistics(drawn, image)
    assert found is not None and found.count == inside.sum()
    assert (found.mean, found.sd) == pytest.approx((values.mean(), values.std()))
    assert (found.minimum, found.maximum) == (values.min(), values.max())


def test_statistics_pass_through_the_modality_lut() -> None:
    table = LookupTable(np.arange(0, 4000, 10, dtype=np.uint16)[::-1].copy(), 0, bits=16)
    image = replace(radiograph(), stored=np.full((20, 20), 7, np.uint16), grayscale=Grayscale(Modality(lut=table)))
    found = statistics(Measurement("b", Kind.RECTANGLE, ((0.0, 0.0), (9.0, 9.0))), image)
    assert found is not None and (found.mean, found.sd) == (3990.0 - 70.0, 0.0)


def test_a_region_without_a_pixel_has_an_area_and_no_statistics() -> None:
    for points in (((3.6, 3.6), (4.4, 4.4)), ((500.0, 500.0), (600.0, 600.0)), ((5.0, 5.0), (5.0, 5.0))):
        for kind in (Kind.ELLIPSE, Kind.RECTANGLE):
            assert [v.name for v in read(Measurement("b", kind, points), radiograph(), MM).values] == ["area"]


def test_the_cardiothoracic_ratio_has_two_decimals_both_widths_and_their_label() -> None:
    reading = read(CTR, radiograph(view_position="PA"), MM)
    assert [value.text for value in reading.values] == ["0.50", "3.0 mm", "6.0 mm"]
    assert [value.name for value in reading.values] == ["cardiothoracic ratio", "heart width", "thoracic width"]
    assert {value.label for value in reading.values[1:]} == {"at detector"}
    assert reading.warnings == ()
    pixels = read(CTR, radiograph(view_position="PA"), NO_SPACING)
    assert [value.text for value in pixels.values] == ["0.50", "30.0 px", "60.0 px"]


def test_tilting_the_midline_measures_both_widths_at_right_angles_to_it() -> None:
    tilt = math.radians(20.0)
    tilted = CTR.with_handle(4, (40.0 - 50.0 * math.sin(tilt), 90.0 - 50.0 * math.cos(tilt)))
    _, heart, thorax = read(tilted, radiograph(view_position="PA"), NO_SPACING).values
    assert thorax.number == pytest.approx(60.0 * math.cos(tilt))
    assert heart.number == pytest.approx(30.0 * math.cos(tilt) - 10.0 * math.sin(tilt))


@pytest.mark.parametrize(
    ("view", "warning"), [("AP", AP_WARNING), ("", UNKNOWN_WARNING), ("LL", "projection LL: the ratio is defined on")]
)
def test_the_ratio_warns_where_the_projection_is_not_pa(view: str, warning: str) -> None:
    (said,) = read(CTR, radiograph(view_position=view), MM).warnings
    assert said.startswith(warning)


def test_a_ratio_without_a_thorax_is_none() -> None:
    flat = replace(CTR, points=(*CTR.points[:2], (40.0, 70.0), (40.0, 80.0), *CTR.points[4:]))
    assert read(flat, radiograph(view_position="PA"), MM).values == ()


def test_calibration_by_hand_gives_the_line_its_length_and_keeps_the_shape_of_pixels() -> None:
    line = ((10.0, 10.0), (40.0, 30.0))
    found = calibrate(line, 100.0, MM)
    assert found.spacing == Spacing(pytest.approx(4.0), pytest.approx(2.0), Calibration.BY_HAND)
    sheet = Sheet("1.2.3", "ab").calibrated(found)
    (value,) = read(LINE, radiograph(), sheet.spacing(MM)).values
    assert (value.text, value.label) == ("100.0 mm", "calibrated by hand")
    square = calibrate(line, 100.0, NO_SPACING)
    assert square.row_mm == square.column_mm == pytest.approx(100.0 / math.hypot(30.0, 20.0))
    assert sheet.calibrated(None).spacing(MM) is MM


@pytest.mark.parametrize(("end", "length"), [((10.5, 10.0), 100.0), ((50.0, 50.0), 0.0), ((50.0, 50.0), math.nan)])
def test_a_calibration_that_says_nothing_is_refused(end: tuple[float, float], length: float) -> None:
    with pytest.raises(MeasureError, match="CALIBRATION_LENGTH"):
        calibrate(((10.0, 10.0), end), length, MM)


def test_a_sheet_survives_json_and_belongs_to_its_image() -> None:
    image = radiograph(view_position="AP")
    sheet = Sheet(image.identity.sop_instance_uid, image.pixel_sha256, (LINE, CTR), calibrate(LINE.points, 5.0, MM))  # type: ignore[arg-type]
    assert sheet_from_dict(json.loads(json.dumps(sheet_to_dict(sheet)))) == sheet
    public = public_measurements(readings(sheet, image))
    assert public[0]["values"] == [
        {"name": "length", "value": 5.0, "unit": "mm", "shown": "5.0 mm", "calibration": "calibrated by hand"}
    ]
    assert public[1]["warnings"] == [AP_WARNING]
    with pytest.raises(MeasureError, match="WRONG_IMAGE"):
        readings(replace(sheet, sop_instance_uid="1.2.4"), image)
    with pytest.raises(MeasureError, match="WRONG_IMAGE"):
        readings(replace(sheet, pixel_sha256="ff"), image)


@pytest.mark.parametrize("change", [{"schema_version": 2}, {"items": [{"key": "x"}]}, {"calibration": {"row_mm": 0}}])
def test_a_damaged_sheet_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(MeasureError, match="MEASUREMENTS_FORMAT"):
        sheet_from_dict(sheet_to_dict(Sheet("1.2.3", "ab", (LINE,))) | change)


def test_items_are_put_found_and_taken_out() -> None:
    sheet = Sheet("1.2.3", "ab").put(LINE).put(CTR)
    assert sheet.put(LINE.moved(1.0, 1.0)).items == (LINE.moved(1.0, 1.0), CTR)
    assert sheet.without("l").items == (CTR,) and sheet.find("l") is LINE and sheet.find("x") is None
