"""The legend hides no marker, no heat map and no text where there is another place; it can be moved and folded."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFont

from engine.inference.attribution import METHOD_TITLES
from tests.viewer.factories import ramp
from tests.viewer.looking import Open
from viewer.image.annotations import Corners
from viewer.image.decoration import corner_blocks
from viewer.image.layers import Layer
from viewer.image.legend import PADDING, WIDEST, Legend
from viewer.image.placement import FINE, HEAT, Box, best_place, cost_of_hiding
from viewer.window import MainWindow

AREA, SIZE = Box(0, 0, 800, 640), (240.0, 60.0)


def empty() -> tuple[Any, Any]:
    return np.zeros((160, 200), np.uint8), np.zeros((160, 200), np.float32)


def test_the_letterbox_comes_first() -> None:
    gray, heat = empty()
    cost = cost_of_hiding(gray, heat, Box(0, 0, 540, 640))
    x, _ = best_place(cost, AREA, SIZE, (), 8)
    assert x == 800 - 240 - 8
    cost = cost_of_hiding(gray, heat, Box(260, 0, 540, 640))
    assert best_place(cost, AREA, SIZE, (), 8)[0] == 8


@pytest.mark.parametrize("what", ["marker", "map"])
def test_a_marker_and_a_map_are_not_hidden(what: str) -> None:
    gray, heat = empty()
    whole = Box(0, 0, 800, 640)
    spot = Box(700, 40, 40, 40)
    rows, columns = (slice(int(a // FINE), int((a + 40) // FINE)) for a in (spot.y, spot.x))
    if what == "marker":
        gray[rows, columns] = 255
        gray[rows, columns][::2] = 0
    else:
        heat[rows, columns] = 0.5
    cost = cost_of_hiding(gray, heat, whole)
    x, y = best_place(cost, AREA, SIZE, (), 8)
    assert not Box(x, y, *SIZE).meets(spot)
    assert cost[4, 44] >= (1.0 if what == "marker" else 0.5 * HEAT)


def test_the_middle_of_the_picture_is_the_last_place() -> None:
    _, y = best_place(cost_of_hiding(*empty(), Box(0, 100, 400, 400)), Box(0, 0, 400, 640), (380, 60), (), 8)
    assert y + 60 <= 100 or y >= 500
    taken = (Box(0, 0, 400, 100), Box(0, 500, 400, 140))
    _, y = best_place(cost_of_hiding(*empty(), Box(0, 100, 400, 400)), Box(0, 0, 400, 640), (380, 60), taken, 8)
    assert y < 130 or y > 410


def test_other_texts_are_not_hidden_and_a_full_window_is_no_error() -> None:
    cost = cost_of_hiding(*empty(), Box(0, 0, 800, 640))
    corner = Box(560, 0, 240, 80)
    x, y = best_place(cost, AREA, SIZE, (corner,), 8)
    assert not Box(x, y, *SIZE).meets(corner)
    assert best_place(cost, AREA, SIZE, (AREA,), 8) == (552, 8)


def test_corner_texts_have_a_plate_and_stay_in_their_half(dark: Any, window: MainWindow) -> None:
    area = window.canvas.rect()
    texts = Corners(("name", ""), ("W" * 300,), (), ("a", "b"))
    left, right, low = corner_blocks(QFont(), area, texts)
    assert left.plate.right() < area.width() / 2 < right.plate.left() and right.lines[0].endswith("…")
    assert low.plate.bottom() < area.height() - window.frame.strip.height()


def box(legend: Legend) -> Box:
    return Box(legend.x(), legend.y(), legend.width(), legend.height())


def test_the_legend_lies_beside_the_maps_and_texts(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={"pixels": ramp(400, 400)})
    legend = window.canvas.legend
    assert not legend.isVisible()
    window.commands.choose_sentence("s1")
    qtbot.waitUntil(lambda: legend.isVisible() and not legend.to_place, timeout=2000)
    picture = window.canvas.painting.picture_box()
    for layer in window.canvas.layers:
        spot = layer.feature_ids[0] % 8
        hot = Box(picture.x + picture.width * spot / 8, picture.y + picture.height * 2 / 8, 60, 60)
        assert not box(legend).meets(hot)
    assert "#3 feature number 3" in legend.accessibleName() and METHOD_TITLES["messages"] in legend.toolTip()
    window.session.set_overlay(window.session.overlay.with_peek(True))
    assert not legend.isVisible()
    window.session.set_overlay(window.session.overlay.with_peek(False))
    assert legend.isVisible()


@pytest.mark.parametrize("text", ["pleural effusion at the base", "right pleural effusion", "enlargement of the heart"])
def test_a_text_is_whole_where_there_is_room(window: MainWindow, dark: Any, text: str) -> None:
    """In a room of its rounded width it ended with "…" for a fraction of a pixel."""
    legend = window.canvas.legend
    for number in range(1, 3000, 37):
        layer = Layer((number,), "#ff9f1c", f"#{number} +6 {text}", "test method")
        legend.show_layers((layer,), "fixed scale")
        assert legend.shown_label(layer) == layer.label


def test_the_legend_takes_a_third_of_the_window_for_a_long_text(window: MainWindow, dark: Any) -> None:
    canvas, legend = window.canvas, window.canvas.legend
    layer = Layer((1,), "#ff9f1c", "#1 +6 " + "very small bilateral pleural effusion at the base", "test method")
    canvas.resize(600, 600)
    legend.show_layers((layer,), "fixed scale")
    assert legend.width() == WIDEST and legend.shown_label(layer).endswith("…")
    canvas.resize(1500, 900)
    assert WIDEST < legend.width() <= 500 and legend.shown_label(layer) == layer.label
    longest = Layer((1,), "#ff9f1c", "word " * 100, "test method")
    legend.show_layers((longest,), "fixed scale")
    assert legend.width() == 500


@pytest.mark.parametrize("title", METHOD_TITLES.values())
def test_the_name_of_every_method_is_whole(window: MainWindow, dark: Any, title: str) -> None:
    window.canvas.resize(600, 600)
    legend = window.canvas.legend
    legend.show_layers((Layer((1,), "#ff9f1c", "#1 edema", title),), "fixed scale")
    assert legend._small()[1] == title and legend._fitted(title, PADDING) == title


def test_the_legend_is_moved_and_folded(window: MainWindow, opened: Open, qtbot: Any) -> None:
    _, second = opened(a={}, b={})
    legend = window.canvas.legend
    window.session.set_overlay(window.session.overlay.show((3,)))
    qtbot.waitUntil(lambda: not legend.to_place, timeout=2000)
    windowing = window.canvas.windowing
    qtbot.mousePress(legend, Qt.MouseButton.LeftButton, pos=QPoint(20, 30))
    qtbot.mouseMove(legend, QPoint(20, 30) - legend.pos() + QPoint(100, 100))
    qtbot.mouseRelease(legend, Qt.MouseButton.LeftButton)
    assert legend.pos() == QPoint(100, 100) and legend.moved and window.canvas.windowing == windowing
    high = legend.height()
    qtbot.mouseClick(legend.fold, Qt.MouseButton.LeftButton)
    assert legend.height() < high / 2
    window.session.set_overlay(window.session.overlay.show((3, 5)))
    qtbot.wait(50)
    assert legend.moved and legend.height() < high / 2
    qtbot.mouseDClick(legend, Qt.MouseButton.LeftButton)
    assert legend.height() > high
    qtbot.mousePress(legend, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    qtbot.mouseMove(legend, QPoint(-5000, -5000))
    qtbot.mouseRelease(legend, Qt.MouseButton.LeftButton)
    assert legend.pos() == QPoint(0, 0)
    window.session.show(second)
    assert not legend.moved and not legend.isVisible()
