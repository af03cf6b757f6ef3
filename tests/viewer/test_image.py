"""Pyramid, view, window/level, raster, heat maps: what reaches the screen is what the file says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QSize
from PySide6.QtGui import QImage

from engine.dicom.grayscale import Window
from engine.dicom.radiograph import Calibration, Radiograph, Spacing
from tests.viewer.factories import make_radiograph, ramp
from viewer.image.annotations import corners, edges, person_text, spacing_text
from viewer.image.fidelity import lacking
from viewer.image.pyramid import build_pyramid
from viewer.image.raster import render, render_sampled, sample
from viewer.image.view import View, fit
from viewer.image.windowing import Windowing, describe, presets

pytestmark = pytest.mark.usefixtures("dark")


def gray(image: QImage) -> npt.NDArray[np.uint8]:
    """Gray levels of a picture."""
    converted = image.convertToFormat(QImage.Format.Format_Grayscale8)
    flat = np.frombuffer(converted.constBits(), dtype=np.uint8).reshape(converted.height(), converted.bytesPerLine())
    return flat[:, : converted.width()].copy()


# pyramid and view


@pytest.mark.parametrize("shape", [(1024, 2048), (1023, 2049), (700, 513)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16])
def test_pyramid_halves_and_keeps_values_in_range(shape: tuple[int, int], dtype: type) -> None:
    stored = np.random.default_rng(1).integers(0, 200, shape).astype(dtype)
    pyramid = build_pyramid(stored)
    assert pyramid.levels[0] is stored
    for above, below in zip(pyramid.levels, pyramid.levels[1:], strict=False):
        assert below.shape == (-(-above.shape[0] // 2), -(-above.shape[1] // 2))
        assert below.dtype == dtype
        assert above.min() <= below.min() and below.max() <= above.max()
    assert max(pyramid.levels[-1].shape) <= 512
    block = pyramid.levels[1][3, 5]
    assert abs(int(block) - stored[6:8, 10:12].astype(int).mean()) <= 1


def test_the_level_drawn_from_is_never_coarser_than_the_screen_except_while_dragging() -> None:
    pyramid = build_pyramid(np.zeros((4096, 4096), np.uint16))
    assert [pyramid.level_for(s) for s in (2.0, 1.0, 0.6, 0.5, 0.3, 0.25, 0.01)] == [0, 0, 0, 1, 1, 2, 3]
    assert pyramid.level_for(0.4, fast=True) == 2


@given(x=st.floats(0, 1000), y=st.floats(0, 1000), factor=st.floats(0.2, 5), scale=st.floats(0.05, 10))
def test_zoom_keeps_the_place_under_the_mouse(x: float, y: float, factor: float, scale: float) -> None:
    view = View(scale, 13.0, -7.0)
    before = view.to_image(x, y)
    assert view.zoom(factor, x, y).to_image(x, y) == pytest.approx(before, abs=1e-6 * max(1.0, 1 / scale))


def test_fit_shows_all_and_is_centred() -> None:
    view = fit(400, 200, 1000, 800)
    assert view.scale == 2.0 and view.fitted
    assert view.to_screen(0, 0) == (300, 0) and view.to_screen(200, 400) == (700, 800)
    assert not view.pan(1, 0).fitted


# grayscale on the screen


def on_screen(radiograph: Radiograph, windowing: Windowing) -> npt.NDArray[np.uint8]:
    """The image at one screen pixel an image pixel."""
    table = radiograph.grayscale.table(windowing.voi, windowing.invert)
    size = QSize(radiograph.columns, radiograph.rows)
    picture = render(build_pyramid(radiograph.stored), View(1.0, 0.0, 0.0), table, size)
    return gray(picture)


@pytest.mark.parametrize(
    "tags",
    [
        {},
        {"PhotometricInterpretation": "MONOCHROME1"},
        {"PhotometricInterpretation": "MONOCHROME1", "PresentationLUTShape": "INVERSE"},
        {"RescaleSlope": "-1", "RescaleIntercept": "4095"},
        {"VOILUTFunction": "SIGMOID"},
    ],
)
@pytest.mark.parametrize("dtype", [np.uint16, np.int16, np.uint8])
def test_the_screen_shows_the_grayscale_pipeline_exactly(tmp_path: Path, tags: dict[str, Any], dtype: type) -> None:
    pixels = ramp(top=250 if dtype is np.uint8 else 4000, dtype=dtype)
    if dtype is np.int16:
        pixels = pixels - 2000
    radiograph = make_radiograph(tmp_path, pixels=pixels, **tags)
    for windowing in (Windowing(), Windowing(invert=True), Windowing(Window(900.0, 700.0))):
        expected = np.rint(radiograph.grayscale.apply(radiograph.stored, windowing.voi, windowing.invert) * 255)
        assert np.abs(on_screen(radiograph, windowing).astype(int) - expected).max() <= 1


def test_monochrome1_is_shown_white_on_low_values_and_invert_turns_it(tmp_path: Path) -> None:
    radiograph = make_radiograph(tmp_path, PhotometricInterpretation="MONOCHROME1")
    shown, turned = on_screen(radiograph, Windowing()), on_screen(radiograph, Windowing(invert=True))
    assert shown[0, 0] > 250 and shown[-1, -1] < 5
    assert turned[0, 0] < 5 and turned[-1, -1] > 250


def test_outside_of_the_image_is_black_also_when_inverted(tmp_path: Path) -> None:
    radiograph = make_radiograph(tmp_path)
    table = radiograph.grayscale.table(None, True)
    picture = gray(render(build_pyramid(radiograph.stored), View(1.0, 50.0, 40.0), table, QSize(300, 300)))
    assert picture[:40].max() == 0 and picture[:, :50].max() == 0
    assert picture[40 + radiograph.rows :].max() == 0 and picture[:, 50 + radiograph.columns :].max() == 0
    assert picture[40, 50] > 200


@pytest.mark.parametrize("scale", [0.21, 0.5, 0.77, 1.0, 1.7, 6.0])
@pytest.mark.parametrize("dtype", [np.uint16, np.int16, np.uint8])
def test_the_quick_picture_of_a_drag_is_the_same_picture(tmp_path: Path, scale: float, dtype: type) -> None:
    radiograph = make_radiograph(tmp_path, pixels=ramp(1300, 1100, dtype, top=250 if dtype is np.uint8 else 4000))
    pyramid, size = build_pyramid(radiograph.stored), QSize(400, 300)
    view = View(scale, 37.4 - 100 * scale, -11.8)
    table = radiograph.grayscale.table()
    full, quick = render(pyramid, view, table, size), render_sampled(sample(pyramid, view, size), table, size)
    difference = np.abs(gray(full).astype(int) - gray(quick))
    # Edges may fall on one pixel or the next.
    assert np.percentile(difference, 98) <= 2


def test_an_image_out_of_the_window_is_black(tmp_path: Path) -> None:
    radiograph = make_radiograph(tmp_path)
    pyramid, size, view = build_pyramid(radiograph.stored), QSize(200, 200), View(1.0, 500.0, 0.0)
    assert sample(pyramid, view, size) is None
    table = radiograph.grayscale.table()
    assert gray(render(pyramid, view, table, size)).max() == 0
    assert gray(render_sampled(None, table, size)).max() == 0


def test_dragging_up_brightens_and_right_widens(tmp_path: Path) -> None:
    for tags in ({}, {"PhotometricInterpretation": "MONOCHROME1"}):
        radiograph = make_radiograph(tmp_path, **tags)
        grayscale = radiograph.grayscale
        start, up = Windowing(), Windowing().drag(grayscale, 0, -50, 0.004)
        assert on_screen(radiograph, up).mean() > on_screen(radiograph, start).mean() + 5
        wide = Windowing().drag(grayscale, 100, 0, 0.004)
        assert isinstance(wide.voi, Window) and isinstance(grayscale.default_voi, Window)
        assert wide.voi.width > grayscale.default_voi.width


def test_dragging_never_leaves_the_range_of_sense(tmp_path: Path) -> None:
    grayscale = make_radiograph(tmp_path).grayscale
    windowing = Windowing()
    for dx, dy in [(-1e5, 1e5)] * 5 + [(1e6, -1e6)] * 5:
        windowing = windowing.drag(grayscale, dx, dy, 0.004)
        assert isinstance(windowing.voi, Window)
        assert windowing.voi.width >= 1 and np.isfinite(windowing.voi.center)


def test_presets_begin_with_the_files_own_and_describe_says_what_is_applied(tmp_path: Path) -> None:
    grayscale = make_radiograph(tmp_path, WindowCenter=["2000", "1000"], WindowWidth=["4000", "500"]).grayscale
    found = presets(grayscale)
    assert found[0].voi is None
    assert isinstance(found[1].voi, Window) and found[1].voi.center == 1000
    assert describe(Windowing(), grayscale).startswith("W 4000  L 2000")
    assert "inverted" in describe(Windowing(invert=True), grayscale)


# annotations


def test_corners_say_who_what_and_how(tmp_path: Path) -> None:
    radiograph = make_radiograph(tmp_path, PatientAge="058Y", InstitutionName="Ward", StudyDescription="Chest",
                                 LossyImageCompression="01")  # fmt: skip
    found = corners(radiograph, ("", "W 1 L 2"))
    assert found.top_left[0] == "TEST, ANNA" and "58Y" in found.top_left[-1]
    assert "Ward" in found.top_right and "2026-01-02  10:15" in found.top_right
    assert found.bottom_left == ("W 1 L 2",)
    assert lacking(radiograph, Windowing(), 1.0)[0] == "LOSSY compression (ratio not stated)"
    assert any("pixels only" in line for line in found.bottom_right)


def test_sides_are_shown_as_the_file_says_and_never_guessed(tmp_path: Path) -> None:
    assert (edges(make_radiograph(tmp_path)).left, edges(make_radiograph(tmp_path)).right) == ("R", "L")
    turned = make_radiograph(tmp_path, "b.dcm", PatientOrientation=["R", "F"])
    assert (edges(turned).left, edges(turned).right) == ("L", "R")
    silent = make_radiograph(tmp_path, "c.dcm", PatientOrientation="")
    assert (edges(silent).left, edges(silent).right) == ("", "")
    assert any("sides not stated" in line for line in corners(silent, ()).bottom_right)


def test_spacing_names_its_calibration() -> None:
    assert spacing_text(Spacing(0.143, 0.143, Calibration.DETECTOR)) == "0.143 mm/pixel, at detector"
    assert "0.200 × 0.100" in spacing_text(Spacing(0.1, 0.2, Calibration.ERMF))
    assert "pixels only" in spacing_text(Spacing(None, None, Calibration.NONE))
    assert person_text("Yamada^Tarou=山田^太郎") == "Yamada, Tarou"
    assert person_text("") == ""
