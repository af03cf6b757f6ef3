"""The menu of windows, the sigmoid, what the screen does not show, the lens, and a ramp without bands."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRect, QSize
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QMenu

from engine.dicom.grayscale import Window
from tests.viewer.factories import make_radiograph, ramp
from tests.viewer.looking import Open
from tests.viewer.test_golden import CURVE, lut
from viewer.image.annotations import Corners
from viewer.image.decoration import corner_blocks
from viewer.image.fidelity import lacking, lossy_text, not_full_fidelity
from viewer.image.magnifier import FACTOR, SIDE, lens_picture
from viewer.image.preset_menu import fill_presets
from viewer.image.pyramid import build_pyramid
from viewer.image.raster import channel, render, sample
from viewer.image.view import View
from viewer.image.windowing import DEFAULT_NAME, PRESET_PERCENTILES, Windowing, describe, presets
from viewer.window import MainWindow

MANY = {
    "WindowCenter": ["2000", "1000", "3000"],
    "WindowWidth": ["4000", "500", "800"],
    "WindowCenterWidthExplanation": ["NORMAL", "HARDER & SOFTER", "BONE"],
}


def test_every_window_and_lut_of_the_file_is_offered_with_its_explanation(tmp_path: Path) -> None:
    grayscale = make_radiograph(tmp_path, VOILUTSequence=[lut(0, CURVE)], **MANY).grayscale
    found = presets(grayscale)
    assert [preset.name for preset in found[:4]] == [DEFAULT_NAME, "NORMAL", "HARDER & SOFTER", "BONE"]
    assert "S-curve" in found[0].detail and "4096" in found[0].detail
    assert found[2].detail == "W 500  L 1000"
    assert [preset.name for preset in found[4:]] == [name for name, _, _ in PRESET_PERCENTILES]


@pytest.mark.parametrize("photometric", ["MONOCHROME2", "MONOCHROME1"])
def test_percentile_presets_show_that_share_of_the_image_dark_and_bright(tmp_path: Path, photometric: str) -> None:
    pixels = np.random.default_rng(1).gamma(2.0, 400.0, (200, 180)).astype(np.uint16)
    radiograph = make_radiograph(tmp_path, pixels=pixels, PhotometricInterpretation=photometric)
    found = {p.name: p for p in presets(radiograph.grayscale, radiograph.grayscale.modality_values(radiograph.stored))}
    for name, low, high in PRESET_PERCENTILES:
        shown = radiograph.grayscale.apply(radiograph.stored, found[name].voi)
        assert 100 * (shown <= 0.0).mean() == pytest.approx(low, abs=0.6)
        assert 100 * (shown >= 1.0).mean() == pytest.approx(100 - high, abs=0.6)


def test_the_sigmoid_keeps_centre_and_width_and_goes_back(tmp_path: Path) -> None:
    grayscale = make_radiograph(tmp_path).grayscale
    curved = Windowing(Window(1500.0, 900.0)).with_sigmoid(grayscale)
    assert isinstance(curved.voi, Window) and curved.is_sigmoid(grayscale)
    assert (curved.voi.center, curved.voi.width) == (1500.0, 900.0)
    assert "sigmoid" in describe(curved, grayscale)
    back = curved.with_sigmoid(grayscale)
    assert not back.is_sigmoid(grayscale) and isinstance(back.voi, Window) and back.voi.center == 1500.0
    table = make_radiograph(tmp_path, "b.dcm", VOILUTSequence=[lut(0, CURVE)]).grayscale
    assert Windowing().with_sigmoid(table).is_sigmoid(table)


def test_the_menu_ticks_what_is_applied_and_gives_keys_to_ten(window: MainWindow, opened: Open) -> None:
    opened(a=dict(MANY))
    menu = QMenu(window)
    applied: list[int] = []
    fill_presets(menu, window.canvas, applied.append)
    lines = [action for action in menu.actions() if not action.isSeparator()]
    assert lines[0].isChecked() and lines[0].text().endswith("\t0")
    assert "HARDER && SOFTER" in lines[1].text() and "W 500" in lines[1].text()
    lines[1].trigger()
    assert applied == [1]
    lines[-1].trigger()
    assert window.canvas.windowing.is_sigmoid(window.canvas.radiograph.grayscale)  # type: ignore[union-attr]


def test_what_the_screen_does_not_show_is_said(tmp_path: Path) -> None:
    deep = make_radiograph(tmp_path)
    assert not_full_fidelity(deep, Windowing(Window(1000.0, 200.0)), 1.0) == ""
    assert "reduced resolution" in not_full_fidelity(deep, Windowing(Window(1000.0, 200.0)), 0.5)
    assert "4001 values in 256 greys" in not_full_fidelity(deep, Windowing(), 2.0)
    shallow = make_radiograph(tmp_path, "b.dcm", pixels=ramp(dtype=np.uint8, top=250))
    assert not_full_fidelity(shallow, Windowing(), 1.0) == ""
    steep = make_radiograph(tmp_path, "c.dcm", RescaleSlope="0.5", RescaleIntercept="0")
    assert "2001 values" in not_full_fidelity(steep, Windowing(Window(1000.0, 1000.0)), 1.0)
    assert lacking(replace(shallow, acquisition=replace(shallow.acquisition, lossy=True)), Windowing(), 1.0) == (
        "LOSSY compression (ratio not stated)",
    )
    lossy = make_radiograph(
        tmp_path, "d.dcm", LossyImageCompression="01", LossyImageCompressionRatio=["5.25", "20"],
        LossyImageCompressionMethod=["ISO_10918_1", "OWN_1"],
    )  # fmt: skip
    assert lossy_text(lossy.acquisition) == "LOSSY compression 5.25 : 1, 20 : 1 JPEG, OWN_1"
    assert lossy_text(deep.acquisition) == ""


def test_between_one_to_one_and_squares_the_picture_is_interpolated_and_says_so(
    window: MainWindow, opened: Open
) -> None:
    opened(a={"pixels": ramp(dtype=np.uint8, top=250)})
    canvas = window.canvas

    def said() -> str:
        canvas.grab()
        blocks = canvas.painting.corner_blocks(canvas.radiograph, "")  # type: ignore[arg-type]
        return " ".join(line for block in blocks for line in block.lines)

    window.actions_by_id["one_to_one"].trigger()
    assert canvas.view.scale == 1.0 and canvas.view.x == round(canvas.view.x) and canvas.view.y == round(canvas.view.y)
    assert "not full fidelity" not in said()
    canvas.zoom_by(2.0)
    assert "not full fidelity: interpolated" in said()
    canvas.zoom_by(2.5)
    assert "not full fidelity" not in said()
    canvas.zoom_by(0.1)
    assert "not full fidelity: reduced resolution" in said()


def test_what_a_picture_lacks_is_not_cut_in_a_narrow_pane(window: MainWindow, opened: Open) -> None:
    opened(a={"LossyImageCompression": "01", "LossyImageCompressionRatio": "10"})
    radiograph = window.canvas.radiograph
    assert radiograph is not None
    lines = lacking(radiograph, Windowing(), 0.5)
    blocks = corner_blocks(window.font(), QRect(0, 0, 380, 600), Corners((), (), lines, ()))
    assert " ".join(line for block in blocks for line in block.lines) == " ".join(lines)


def test_lossy_is_said_also_where_the_corner_texts_are_hidden(window: MainWindow, opened: Open) -> None:
    opened(a={"LossyImageCompression": "01"})
    window.actions_by_id["annotations"].trigger()
    blocks = window.canvas.painting.corner_blocks(window.canvas.radiograph, "")  # type: ignore[arg-type]
    assert ["LOSSY compression (ratio not stated)" in block.lines for block in blocks] == [True]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("scale", [0.5, 1.0, 3.0])
def test_a_ramp_has_no_bands(tmp_path: Path, dtype: type, scale: float) -> None:
    top = 255 if dtype is np.uint8 else 65535
    pixels = np.repeat(np.linspace(0, top, 1024)[None], 64, axis=0).astype(dtype)
    radiograph = make_radiograph(tmp_path, pixels=pixels)
    table, size = radiograph.grayscale.table(), QSize(round(1024 * scale), 20)
    pyramid, view = build_pyramid(radiograph.stored), View(scale, 0.0, 0.0)
    line = channel(render(pyramid, view, table, size), QImage.Format.Format_Grayscale8)[10].astype(int)
    steps = np.diff(line)
    assert steps.min() >= 0 and steps.max() <= (1 if scale >= 1 else 2)
    assert np.unique(line).size >= (250 if scale >= 1 else 200)
    sampled = sample(pyramid, view, size)
    assert sampled is not None and sampled.values.dtype == dtype


def test_the_lens_shows_what_is_under_the_mouse_three_times_as_large(tmp_path: Path) -> None:
    pixels = np.zeros((400, 400), np.uint16)
    pixels[200:204, 100:104] = 4000
    pixels[0, 0] = 1
    radiograph = make_radiograph(tmp_path, pixels=pixels)
    view, pyramid = View(0.5, 7.0, 3.0), build_pyramid(radiograph.stored)
    mouse = QPointF(*view.to_screen(102, 202))
    picture = lens_picture(pyramid, view, radiograph.grayscale.table(), mouse, 1.0)
    assert picture.size() == QSize(SIDE, SIDE)
    bright = channel(picture, QImage.Format.Format_Grayscale8) > 128
    rows, columns = np.nonzero(bright)
    assert (columns.mean(), rows.mean()) == pytest.approx((SIDE / 2, SIDE / 2), abs=1.5)
    assert columns.max() - columns.min() + 1 == pytest.approx(4 * 0.5 * FACTOR, abs=2)


def test_the_lens_follows_the_mouse_and_is_put_away(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={})
    canvas = window.canvas
    qtbot.mouseMove(canvas, canvas.rect().center() + QPoint(1, 1))
    before = canvas.grab().toImage()
    window.actions_by_id["magnifier"].trigger()
    qtbot.mouseMove(canvas, canvas.rect().center())
    assert canvas.grab().toImage() != before
    window.actions_by_id["magnifier"].trigger()
    qtbot.mouseMove(canvas, canvas.rect().center() + QPoint(1, 1))
    assert canvas.grab().toImage() == before


def test_from_which_zoom_on_pixels_are_squares_is_a_choice(window: MainWindow, opened: Open) -> None:
    opened(a={"pixels": np.random.default_rng(1).integers(0, 4000, (40, 40)).astype(np.uint16)})
    canvas = window.canvas
    canvas.zoom_by(10.0 / canvas.view.scale)
    canvas.set_squares_from(4.0)
    squares = canvas.grab().toImage()
    canvas.set_squares_from(40.0)
    assert canvas.grab().toImage() != squares
