"""Pictures kept in ``golden/``: the grayscale pipeline and the overlays look as they did when a person looked at them.

``SAERAD_WRITE_GOLDEN=1 pytest tests/viewer/test_golden.py`` writes them anew; look at them before committing.
Tolerance: the pipeline at one screen pixel an image pixel may differ by one grey level (rounding); interpolated
pictures, overlays and measurements, which Qt draws, by 2 levels on average and by more than 24 in one pixel of a
hundred.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from pydicom.dataset import Dataset
from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QImage, QPainter

from engine.inference.analysis import FeatureMap
from engine.measure.shapes import Kind, Measurement, cardiothoracic
from tests.viewer.factories import feature, make_radiograph
from viewer.image.composite import compose
from viewer.image.heatmap import Painted, blend_densities, density_map
from viewer.image.layers import Layer, LayerPainter, Layers
from viewer.image.orientation import UPRIGHT, Orientation
from viewer.image.outline import outline
from viewer.image.placement import Box
from viewer.image.pyramid import build_pyramid
from viewer.image.raster import render
from viewer.image.view import View
from viewer.image.windowing import Windowing
from viewer.measure.drawing import draw_shape
from viewer.state.groups import group_features
from viewer.state.look import MapLook
from viewer.state.overlay import OverlaySettings

GOLDEN = Path(__file__).parent / "golden"
WRITE = os.environ.get("SAERAD_WRITE_GOLDEN") == "1"
pytestmark = pytest.mark.usefixtures("dark")


def phantom(dtype: type = np.uint16, shift: int = 0) -> npt.NDArray[Any]:
    """A ramp, two discs and a fine grid, 12 bits: slow and fast changes, edges and a flat field."""
    rows, columns = np.mgrid[0:80, 0:96].astype(np.float64)
    values = columns / 95 * 3000 + 300
    values[(rows - 25) ** 2 + (columns - 30) ** 2 < 225] = 3800
    values[(rows - 25) ** 2 + (columns - 66) ** 2 < 225] = 200
    grid = (rows > 50) & (columns > 48)
    values[grid] += 250 * ((rows + columns)[grid] % 4 - 1.5)
    return np.asarray(values + shift).astype(dtype)


def lut(first: int, table: list[int]) -> Dataset:
    item = Dataset()
    item.LUTDescriptor, item.LUTExplanation = [len(table), first, 12], "S-curve"
    item.add_new("LUTData", "OW", np.asarray(table, np.uint16).tobytes())
    return item


CURVE = [round(4095 / (1 + np.exp(-(n - 2048) / 400))) for n in range(4096)]
PIPELINE: dict[str, tuple[dict[str, Any], Windowing]] = {
    "window": ({}, Windowing()),
    "monochrome1": ({"PhotometricInterpretation": "MONOCHROME1"}, Windowing()),
    "inverted": ({}, Windowing(invert=True)),
    "sigmoid": ({"VOILUTFunction": "SIGMOID", "WindowCenter": "1800", "WindowWidth": "1500"}, Windowing()),
    "voi_lut": ({"VOILUTSequence": [lut(0, CURVE)]}, Windowing()),
    "modality_lut": ({"ModalityLUTSequence": [lut(0, CURVE)]}, Windowing()),
    "rescaled_signed": (
        {"pixels": phantom(np.int16, -2000), "RescaleSlope": "-2", "RescaleIntercept": "100", "WindowCenter": "900",
         "WindowWidth": "6000"},
        Windowing(),
    ),
}  # fmt: skip


def channels(picture: QImage) -> npt.NDArray[np.int16]:
    converted = picture.convertToFormat(QImage.Format.Format_RGB888)
    flat = np.frombuffer(converted.constBits(), np.uint8).reshape(converted.height(), converted.bytesPerLine())
    return flat[:, : 3 * converted.width()].reshape(converted.height(), -1, 3).astype(np.int16)


def difference(name: str, picture: QImage) -> npt.NDArray[np.int16]:
    """Absolute difference from the picture kept."""
    path = GOLDEN / f"{name}.png"
    if WRITE:
        assert picture.save(str(path))
    kept = QImage(str(path))
    assert not kept.isNull() and kept.size() == picture.size(), f"{path} is missing or of another size"
    return np.abs(channels(picture) - channels(kept))


def drawn_alike(difference_: npt.NDArray[np.int16]) -> bool:
    return float(difference_.mean()) <= 2.0 and float((difference_.max(axis=2) > 24).mean()) <= 0.01


@pytest.mark.parametrize("name", PIPELINE)
def test_the_grayscale_pipeline(tmp_path: Path, name: str) -> None:
    tags, windowing = PIPELINE[name]
    tags = dict(tags)
    radiograph = make_radiograph(tmp_path, pixels=tags.pop("pixels", phantom()), **tags)
    table = radiograph.grayscale.table(windowing.voi, windowing.invert)
    picture = render(build_pyramid(radiograph.stored), View(1.0, 0.0, 0.0), table, QSize(96, 80))
    assert difference(name, picture).max() <= 1


@pytest.mark.parametrize(("name", "scale"), [("enlarged_smooth", 2.5), ("enlarged_squares", 5.0), ("shrunk", 0.37)])
def test_zoom(tmp_path: Path, name: str, scale: float) -> None:
    radiograph = make_radiograph(tmp_path, pixels=phantom())
    view = View(scale, 60 - scale * 60, 40 - scale * 40)
    picture = render(build_pyramid(radiograph.stored), view, radiograph.grayscale.table(), QSize(120, 80))
    assert drawn_alike(difference(name, picture))


def heat() -> Layers:
    box, made = (0.0, 0.0, 96.0, 80.0), []
    for number, (row, column, colour) in enumerate(((2, 2, "#ff9f1c"), (4, 5, "#2ec4b6"))):
        values = np.zeros((8, 8), np.float32)
        values[row, column] = 2.0
        made.append((density_map(FeatureMap(number, values, 1.0, 0.0, "test", box), 80, 96, 0.01), colour))
    each = tuple(
        Layer((number,), colour, colour, "test", outline(density.density, 20.0))
        for number, (density, colour) in enumerate(made)
    )
    return Layers(each, blend_densities([Painted(*one) for one in made]))


@pytest.mark.parametrize(("name", "orientation"), [("heat", UPRIGHT), ("heat_turned", Orientation(1, mirrored=True))])
def test_overlays(tmp_path: Path, name: str, orientation: Orientation) -> None:
    radiograph = make_radiograph(tmp_path, pixels=phantom())
    rows, columns = orientation.size(80, 96)
    size, view = QSize(2 * columns, 2 * rows), View(2.0, 0.0, 0.0)
    picture = render(orientation.pyramid(build_pyramid(radiograph.stored)), view, radiograph.grayscale.table(), size)
    painter = QPainter(picture)
    painter.setOpacity(0.6)
    painter.drawImage(0, 0, compose(heat(), Box(0, 0, 2 * columns, 2 * rows), size, 1.0, orientation))
    painter.end()
    assert drawn_alike(difference(name, picture))


def test_one_map_in_contours_beside_a_weaker_one_in_heat(tmp_path: Path) -> None:
    box = (0.0, 0.0, 96.0, 80.0)
    maps = {n: np.zeros((8, 8), np.float32) for n in (0, 1)}
    maps[0][2, 2] = maps[1][4, 5] = 2.0
    made = {n: density_map(FeatureMap(n, values, 1.0, 0.0, "test", box), 80, 96, 0.01) for n, values in maps.items()}
    first, second = groups = group_features([feature(0, activation=3.0), feature(1)])
    overlay = OverlaySettings().show((0, 1)).with_colours_for(groups).with_look(first.key, MapLook(contour=True))
    overlay = overlay.with_look(second.key, MapLook(opacity=0.5, threshold=0.3))
    size, view = QSize(192, 160), View(2.0, 0.0, 0.0)
    radiograph = make_radiograph(tmp_path, pixels=phantom())
    picture = render(build_pyramid(radiograph.stored), view, radiograph.grayscale.table(), size)
    painter = QPainter(picture)
    painter.drawImage(0, 0, compose(LayerPainter().paint(groups, made, overlay), Box(0, 0, 192, 160), size, 1.0))
    painter.end()
    assert drawn_alike(difference("contours", picture))


def test_measurements() -> None:
    picture = QImage(200, 160, QImage.Format.Format_RGB32)
    picture.fill(Qt.GlobalColor.darkGray)
    items = (
        Measurement("a", Kind.ARROW, ((10.0, 10.0), (30.0, 20.0))),
        Measurement("e", Kind.ELLIPSE, ((40.0, 5.0), (70.0, 25.0))),
        Measurement("k", Kind.COBB, ((75.0, 5.0), (95.0, 10.0), (75.0, 30.0), (95.0, 22.0))),
        cardiothoracic("c", ((30.0, 50.0), (60.0, 55.0)), ((10.0, 60.0), (90.0, 62.0)), 20.0, (1.0, 1.0)),
    )
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for item in items:
        draw_shape(painter, item, lambda p: QPointF(2 * p[0], 2 * p[1]), (1.0, 1.0), selected=item.key == "c")
    painter.end()
    assert drawn_alike(difference("measurements", picture))


def test_a_golden_picture_of_another_pipeline_would_be_noticed(tmp_path: Path) -> None:
    radiograph = make_radiograph(tmp_path, pixels=phantom())
    table = radiograph.grayscale.table(None, True)
    picture = render(build_pyramid(radiograph.stored), View(1.0, 0.0, 0.0), table, QSize(96, 80))
    path = GOLDEN / "window.png"
    assert np.abs(channels(picture) - channels(QImage(str(path)))).max() > 100
