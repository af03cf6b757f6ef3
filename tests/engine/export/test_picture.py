"""The picture shows the image as it is, maps where they lie, and letters that are true."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.dicom.radiograph import Acquisition, Calibration, Spacing
from engine.export.panels import HeatSum, panels_of
from engine.export.picture import COLOUR, LARGEST_SIDE, blend, grey_picture, orientation_letters, ramp, render
from engine.inference.heat_scale import OPACITY
from engine.report.compose import compose
from tests.engine.report.factories import busy, feature_map, radiograph


def heat(peak: tuple[int, int], box: tuple[float, float, float, float]) -> HeatSum:
    """A map strong enough that its peak reaches the full colour."""
    return HeatSum(feature_map(1, peak, box), 0.2 / 200)


def test_without_maps_the_picture_is_the_displayed_image() -> None:
    image = radiograph(800, 640)
    grey = grey_picture(image)
    assert grey.shape == (800, 640)
    assert np.array_equal(grey, np.rint(image.display() * 255).astype(np.uint8))
    assert np.array_equal(blend(grey, image, None), np.repeat(grey[:, :, None], 3, axis=2))


@pytest.mark.parametrize(("rows", "columns"), [(3200, 2400), (80, 64), (16, 3000)])
def test_the_size_is_limited_and_the_aspect_kept(rows: int, columns: int) -> None:
    height, width = grey_picture(radiograph(rows, columns)).shape
    assert 800 <= max(height, width) <= LARGEST_SIDE
    assert height == max(1, round(rows * max(height, width) / max(rows, columns)))


def test_pixels_that_are_not_square_are_shown_square() -> None:
    image = replace(radiograph(500, 1000), spacing=Spacing(0.2, 0.1, Calibration.DETECTOR))
    height, width = grey_picture(image).shape
    assert height == width


@pytest.mark.parametrize(("rows", "columns"), [(2000, 1600), (80, 64)])
@pytest.mark.parametrize("peak", [(2, 3), (12, 9), (1, 13)])
def test_a_map_is_drawn_where_it_lies(rows: int, columns: int, peak: tuple[int, int]) -> None:
    image = radiograph(rows, columns)
    box = (columns * 0.1, rows * 0.2, columns * 0.9, rows * 0.8)
    grey = grey_picture(image)
    changed = np.any(blend(grey, image, heat(peak, box)) != grey[:, :, None], axis=2)
    down, across = (positions.mean() for positions in np.nonzero(changed))
    height, width = grey.shape
    assert down / height == pytest.approx(0.2 + 0.6 * (peak[0] + 0.5) / 16, abs=0.01)
    assert across / width == pytest.approx(0.1 + 0.8 * (peak[1] + 0.5) / 16, abs=0.01)


def test_a_map_has_one_colour_and_leaves_the_image_visible() -> None:
    image = radiograph(800, 800)
    grey = grey_picture(image)
    picture = blend(grey, image, heat((8, 8), (0.0, 0.0, 800.0, 800.0)))
    expected = grey[425, 425] * (1 - OPACITY) + np.array(COLOUR) * OPACITY
    assert picture[425, 425] == pytest.approx(expected, abs=1)


def test_the_ramp_begins_with_nothing_and_ends_with_the_full_colour() -> None:
    line = np.asarray(ramp(200, 4))[0]
    assert tuple(line[0]) == (90, 90, 90)
    assert line[-1] == pytest.approx(90 * (1 - OPACITY) + np.array(COLOUR) * OPACITY, abs=1)


@pytest.mark.parametrize(
    ("stated", "left", "right"),
    [
        (("L", "F"), "R", "L"),
        (("R", "F"), "L", "R"),
        (("LF", "FR"), "R", "L"),
        ((), "R?", "L?"),
        (("L",), "R?", "L?"),
        (("X", "F"), "R?", "L?"),
    ],
)
def test_letters_say_what_the_file_says(stated: tuple[str, ...], left: str, right: str) -> None:
    image = replace(radiograph(), acquisition=Acquisition(patient_orientation=stated))
    letters = orientation_letters(image)
    assert (letters["left"], letters["right"]) == (left, right)


@pytest.mark.parametrize("size", [(800, 640), (300, 2000), (2000, 300)])
def test_the_strip_does_not_cover_the_image(size: tuple[int, int]) -> None:
    image = radiograph(*size)
    grey = grey_picture(image)
    (panel, *_) = panels_of(busy(image), compose(busy(image)))
    for picture in (render(image, grey, None, "Draft"), render(image, grey, panel.heat, "Draft")):
        assert picture.getpixel((2, 2)) == (255, 193, 7)
        assert picture.width == grey.shape[1] and picture.height > grey.shape[0]
