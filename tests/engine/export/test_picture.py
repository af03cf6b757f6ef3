"""The picture shows the image as it is, maps where they lie, and letters that are true."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.dicom.radiograph import Acquisition, Calibration, Spacing
from engine.export.picture import (
    COLOURS,
    LARGEST_SIDE,
    Overlay,
    blend,
    density,
    grey_picture,
    orientation_letters,
    overlays_of,
    render,
)
from engine.inference.heat_scale import OPACITY
from engine.report.compose import compose
from tests.engine.report.factories import busy, feature, feature_map, radiograph


def overlay(peak: tuple[int, int], box: tuple[float, float, float, float], colour: int = 0) -> Overlay:
    weak = feature_map(1, peak, box)
    # Strong enough that the peak reaches the full colour.
    return Overlay(feature(1, "Edema"), replace(weak, values=weak.values * np.float32(4.0)), COLOURS[colour])


def test_without_maps_the_picture_is_the_displayed_image() -> None:
    image = radiograph(800, 640)
    grey = grey_picture(image)
    assert grey.shape == (800, 640)
    assert np.array_equal(grey, np.rint(image.display() * 255).astype(np.uint8))
    assert np.array_equal(blend(grey, image, []), np.repeat(grey[:, :, None], 3, axis=2))


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
    changed = np.any(blend(grey, image, [overlay(peak, box)]) != grey[:, :, None], axis=2)
    down, across = (positions.mean() for positions in np.nonzero(changed))
    height, width = grey.shape
    assert down / height == pytest.approx(0.2 + 0.6 * (peak[0] + 0.5) / 16, abs=0.01)
    assert across / width == pytest.approx(0.1 + 0.8 * (peak[1] + 0.5) / 16, abs=0.01)


def test_overlapping_maps_mix_whatever_their_order_and_leave_the_image_visible() -> None:
    image = radiograph(800, 800)
    box = (0.0, 0.0, 800.0, 800.0)
    grey = grey_picture(image)
    both = [overlay((8, 8), box, 0), overlay((8, 8), box, 1)]
    picture = blend(grey, image, both)
    assert np.array_equal(picture, blend(grey, image, both[::-1]))
    mean = (np.array(COLOURS[0]) + np.array(COLOURS[1])) / 2
    assert picture[425, 425] == pytest.approx(grey[425, 425] * (1 - OPACITY) + mean * OPACITY, abs=1)


def test_the_scale_is_that_of_the_feature_not_of_the_image() -> None:
    weak = overlay((8, 8), (0.0, 0.0, 64.0, 80.0))
    strong = replace(weak, map=replace(weak.map, values=weak.map.values * 2, preactivation=weak.map.preactivation * 2))
    assert np.allclose(density(strong), 2 * density(weak))
    unknown = replace(weak, feature=replace(weak.feature, typical=0.0))
    assert np.allclose(density(unknown), weak.map.values * 256 / weak.feature.activation)


def test_only_present_findings_have_maps() -> None:
    shown = overlays_of(busy(), compose(busy()))
    assert [item.feature.id for item in shown] == [12, 11] or [item.feature.id for item in shown] == [11, 12]
    removed = compose(busy())
    for sentence in list(removed.sentences()):
        removed = removed.remove(sentence.key)
    assert overlays_of(busy(), removed) == []


def test_an_edited_sentence_has_no_map() -> None:
    draft = compose(busy())
    for sentence in list(draft.sentences()):
        draft = draft.edit(sentence.key, f"{sentence.text} Or not.")
    assert overlays_of(busy(), draft) == []


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


def test_the_strip_and_legend_do_not_cover_the_image() -> None:
    image = radiograph(800, 640)
    overlays = overlays_of(busy(image), compose(busy(image)))
    bare, full = render(image, [], "Draft"), render(image, overlays, "Draft")
    assert bare.getpixel((2, 2)) == (255, 193, 7)
    assert bare.width == full.width == 640
    assert full.height > bare.height > 800
