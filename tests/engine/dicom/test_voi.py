"""Windows and VOI LUTs against values worked by hand, against pydicom, and as laws for any window."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_voi_lut, apply_windowing

from engine.dicom.voi import WINDOW_FUNCTIONS, VoiLut, Window, WindowFunction

VALUES = np.arange(-1000.0, 3000.0)


def test_linear_follows_the_equation_of_the_standard() -> None:
    # PS3.3 C.11.2.1.2: c=2048, w=4096 maps 0..4095 to the full range.
    window = Window(2048, 4096)
    shown = window.apply(np.array([-5.0, 0.0, 2047.5, 4095.0, 5000.0]))
    np.testing.assert_allclose(shown, [0.0, 0.0, 0.5, 1.0, 1.0], atol=1e-12)


def test_linear_example_of_the_standard_width_100_center_0() -> None:
    # PS3.3 C.11.2.1.2, example: c=0, w=100: x <= -50 → ymin, x > 49 → ymax, else ((x + 0.5) / 99 + 0.5).
    window = Window(0, 100)
    shown = window.apply(np.array([-50.0, 49.0, 49.1, 0.0]))
    np.testing.assert_allclose(shown, [0.0, 1.0, 1.0, 0.5 / 99 + 0.5], atol=1e-12)


def test_linear_width_of_one_is_a_threshold() -> None:
    # PS3.3 C.11.2.1.2, example: c=0, w=1: x <= -0.5 → ymin, x > -0.5 → ymax.
    np.testing.assert_array_equal(Window(0, 1).apply(np.array([-1.0, -0.5, -0.4, 0.0])), [0, 0, 1, 1])


def test_linear_exact_example_of_the_standard() -> None:
    # PS3.3 C.11.2.1.3.2: c=0, w=100: x <= -50 → ymin, x > 50 → ymax, else x / 100 + 0.5.
    shown = Window(0, 100, "LINEAR_EXACT").apply(np.array([-50.0, -25.0, 0.0, 50.0, 51.0]))
    np.testing.assert_allclose(shown, [0.0, 0.25, 0.5, 1.0, 1.0], atol=1e-12)


def test_sigmoid_by_hand() -> None:
    shown = Window(100, 40, "SIGMOID").apply(np.array([100.0, 120.0, 80.0]))
    np.testing.assert_allclose(shown, [0.5, 1 / (1 + math.exp(-2)), 1 / (1 + math.exp(2))], atol=1e-12)


def test_sigmoid_far_away_neither_overflows_nor_leaves_the_range() -> None:
    shown = Window(0, 1e-9, "SIGMOID").apply(np.array([-1e9, 1e9]))
    np.testing.assert_allclose(shown, [0.0, 1.0], atol=1e-12)


def test_width_below_one_shows_fractions() -> None:
    shown = Window(0.1, 0.2).apply(np.array([0.0, 0.05, 0.1, 0.2, 0.3]))
    np.testing.assert_allclose(shown, [0.0, 0.25, 0.5, 1.0, 1.0], atol=1e-12)


@pytest.mark.parametrize("function", WINDOW_FUNCTIONS)
def test_equals_pydicom(function: WindowFunction) -> None:
    dataset = Dataset()
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsStored, dataset.PixelRepresentation = 12, 1
    dataset.WindowCenter, dataset.WindowWidth, dataset.VOILUTFunction = 350, 700, function
    theirs = apply_windowing(VALUES.astype(np.int16), dataset)
    ours = Window(350, 700, function).apply(VALUES)
    np.testing.assert_allclose(ours, (theirs + 2048.0) / 4095.0, atol=1e-9)


def test_voi_lut_equals_pydicom() -> None:
    dataset, item = Dataset(), Dataset()
    table = (np.arange(300) ** 2 % 4096).astype(np.uint16)
    item.LUTDescriptor, item.LUTData = [300, 100, 12], table.tolist()
    item["LUTDescriptor"].VR = item["LUTData"].VR = "US"
    dataset.VOILUTSequence = [item]
    dataset.BitsStored, dataset.PixelRepresentation = 12, 0
    stored = np.arange(0, 600, dtype=np.uint16)
    ours = VoiLut(table, 100, bits=12).apply(stored.astype(np.float64))
    np.testing.assert_allclose(ours, apply_voi_lut(stored, dataset) / 4095.0, atol=1e-12)


def test_voi_lut_whose_entries_need_more_bits_than_it_says_stays_in_range() -> None:
    lut = VoiLut(np.array([0, 65535], dtype=np.uint16), 0, bits=8)
    np.testing.assert_array_equal(lut.apply(np.array([0.0, 1.0])), [0.0, 1.0])


def test_window_of_a_lut_spans_where_the_lut_rises() -> None:
    table = np.clip(np.arange(1000) - 200, 0, 500).astype(np.uint16)
    window = VoiLut(table, 50, "NORMAL", 9).as_window()
    assert (window.center - window.width / 2, window.center + window.width / 2) == (251.0, 749.0)
    assert window.name == "NORMAL"


@pytest.mark.parametrize("width", [0.0, -1.0, math.nan, math.inf])
def test_windows_without_width_cannot_be_made(width: float) -> None:
    with pytest.raises(ValueError, match="width above zero"):
        Window(0, width)


def test_unknown_function_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="unknown VOI LUT function"):
        Window(0, 1, "CUBIC")  # type: ignore[arg-type]


@given(
    center=st.floats(-1e6, 1e6),
    width=st.floats(1e-6, 1e6),
    function=st.sampled_from(WINDOW_FUNCTIONS),
    values=st.lists(st.floats(-1e7, 1e7), min_size=2, max_size=50),
)
def test_any_window_rises_and_stays_between_0_and_1(
    center: float, width: float, function: WindowFunction, values: list[float]
) -> None:
    shown = Window(center, width, function).apply(np.sort(np.array(values)))
    assert shown.min() >= 0.0
    assert shown.max() <= 1.0
    assert np.all(np.diff(shown) >= 0.0)


@given(low=st.floats(-1e6, 1e6), span=st.floats(1e-3, 1e6))
def test_window_between_two_values_shows_them_black_and_white(low: float, span: float) -> None:
    high = low + span
    shown = Window.between(low, high).apply(np.array([low, high]))
    np.testing.assert_allclose(shown, [0.0, 1.0], atol=1e-6)
