"""Lengths, angles and widths against values that can be worked out on paper, for square and other pixels."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.dicom.radiograph import NO_SPACING, Calibration, Spacing
from engine.measure.geometry import angle, box_area, cobb_angle, distance, foot, scale_of, width_across
from engine.measure.shapes import Kind, Measurement, Point, cardiothoracic

SQUARE = (1.0, 1.0)
FLAT = (0.1, 0.2)
places = st.tuples(st.floats(0, 4000), st.floats(0, 4000))
turns = st.floats(-math.pi, math.pi)


def turned(point: Point, turn: float) -> Point:
    x, y = point
    return x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn)


def test_lengths_use_the_size_of_a_pixel_in_each_direction() -> None:
    assert distance((1.0, 1.0), (4.0, 5.0), SQUARE) == 5.0
    assert distance((0.0, 0.0), (30.0, 0.0), FLAT) == pytest.approx(3.0)
    assert distance((0.0, 0.0), (0.0, 20.0), FLAT) == pytest.approx(4.0)
    assert distance((0.0, 0.0), (30.0, 20.0), FLAT) == pytest.approx(5.0)
    assert scale_of(Spacing(0.2, 0.1, Calibration.DETECTOR)) == FLAT
    assert scale_of(NO_SPACING) == SQUARE


def test_angles_are_those_of_the_patient_not_of_the_pixels() -> None:
    assert angle((1.0, 0.0), (0.0, 0.0), (0.0, 1.0), SQUARE) == pytest.approx(90.0)
    assert angle((1.0, 0.0), (0.0, 0.0), (1.0, 1.0), SQUARE) == pytest.approx(45.0)
    assert angle((1.0, 0.0), (0.0, 0.0), (1.0, 1.0), FLAT) == pytest.approx(math.degrees(math.atan(2.0)))
    assert angle((1.0, 0.0), (0.0, 0.0), (-1.0, 0.0), SQUARE) == pytest.approx(180.0)
    assert angle((0.0, 0.0), (0.0, 0.0), (1.0, 0.0), SQUARE) is None


@given(first=turns, tilt=st.floats(0, 90), flips=st.tuples(st.booleans(), st.booleans()))
def test_a_cobb_angle_does_not_depend_on_how_the_lines_were_drawn(
    first: float, tilt: float, flips: tuple[bool, bool]
) -> None:
    lines = [(turned((-50.0, 0.0), turn), turned((50.0, 0.0), turn)) for turn in (first, first + math.radians(tilt))]
    a, b = (line[::-1] if flip else line for line, flip in zip(lines, flips, strict=True))
    assert cobb_angle((a[0], a[1]), (b[0], b[1]), SQUARE) == pytest.approx(tilt, abs=1e-6)


def test_areas() -> None:
    assert box_area((10.0, 10.0), (30.0, 0.0), FLAT, ellipse=False) == pytest.approx(2.0 * 2.0)
    assert box_area((0.0, 0.0), (20.0, 20.0), SQUARE, ellipse=True) == pytest.approx(math.pi * 100.0)


@given(a=places, b=places, turn=turns)
def test_a_width_across_an_upright_line_is_the_difference_of_columns_and_turns_with_it(
    a: Point, b: Point, turn: float
) -> None:
    midline = ((5.0, 0.0), (5.0, 100.0))
    assert width_across(a, b, midline, SQUARE) == pytest.approx(abs(a[0] - b[0]), abs=1e-6)
    a2, b2, m0, m1 = (turned(point, turn) for point in (a, b, *midline))
    assert width_across(a2, b2, (m0, m1), SQUARE) == pytest.approx(abs(a[0] - b[0]), abs=1e-6)
    assert width_across(a, b, ((1.0, 1.0), (1.0, 1.0)), SQUARE) is None


@given(a=places, b=places, top=places, bottom=places)
def test_a_width_is_what_is_drawn_from_both_ends_to_the_midline(a: Point, b: Point, top: Point, bottom: Point) -> None:
    if distance(top, bottom, FLAT) < 1.0:
        return
    midline = (top, bottom)
    one, other = foot(a, midline, FLAT), foot(b, midline, FLAT)
    found = width_across(a, b, midline, FLAT)
    drawn = (distance(a, one, FLAT), distance(b, other, FLAT))
    # On opposite sides the two distances add up, on one side they are taken from each other.
    assert found == pytest.approx(sum(drawn), abs=1e-4) or found == pytest.approx(abs(drawn[0] - drawn[1]), abs=1e-4)


def test_the_midline_crosses_the_thoracic_stroke_in_its_middle_at_right_angles_in_millimetres() -> None:
    heart, thorax = ((40.0, 60.0), (70.0, 65.0)), ((90.0, 70.0), (10.0, 60.0))
    for scale in (SQUARE, FLAT):
        points = cardiothoracic("c", heart, thorax, 30.0, scale).points
        (x0, y0), (x1, y1) = points[4:]
        assert ((x0 + x1) / 2, (y0 + y1) / 2) == pytest.approx((50.0, 65.0))
        assert y0 < y1
        across = ((thorax[1][0] - thorax[0][0]) * scale[0], (thorax[1][1] - thorax[0][1]) * scale[1])
        along = ((x1 - x0) * scale[0], (y1 - y0) * scale[1])
        assert across[0] * along[0] + across[1] * along[1] == pytest.approx(0.0, abs=1e-9)
        full = width_across(*points[2:4], (points[4], points[5]), scale)
        assert full == pytest.approx(distance(*thorax, scale))


def test_a_box_is_changed_by_any_corner_and_a_whole_is_moved_back_onto_the_image() -> None:
    box = Measurement("b", Kind.RECTANGLE, ((10.0, 20.0), (30.0, 40.0)))
    assert box.handles == ((10.0, 20.0), (30.0, 20.0), (30.0, 40.0), (10.0, 40.0))
    for number in range(4):
        moved = box.with_handle(number, (1.0, 2.0))
        assert moved.handles[number] == (1.0, 2.0)
        assert moved.handles[(number + 2) % 4] == box.handles[(number + 2) % 4]
    assert box.moved(-15.0, 5.0).within(100, 100).points == ((0.0, 25.0), (20.0, 45.0))
    assert box.moved(90.0, 90.0).within(100, 100).points == ((80.0, 80.0), (100.0, 100.0))
    with pytest.raises(ValueError, match="2 points"):
        Measurement("x", Kind.LENGTH, ((0.0, 0.0),))
    with pytest.raises(ValueError, match="not finite"):
        Measurement("x", Kind.TEXT, ((math.nan, 0.0),))
