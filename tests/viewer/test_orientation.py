"""Turned and mirrored: pixels, points, letters, heat maps and measurements go together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QImage

from engine.measure.shapes import Kind, Measurement
from tests.viewer.factories import make_radiograph
from tests.viewer.looking import Open
from viewer.image.annotations import Edges, edges, turned_text
from viewer.image.composite import compose
from viewer.image.layers import Layers
from viewer.image.orientation import UPRIGHT, Orientation
from viewer.image.placement import Box
from viewer.window import MainWindow

ALL = [Orientation(quarters, mirrored) for quarters in range(4) for mirrored in (False, True)]


@pytest.mark.parametrize("orientation", ALL)
def test_a_pixel_and_its_point_go_to_the_same_place(orientation: Orientation) -> None:
    rows, columns = 5, 3
    values = np.arange(rows * columns).reshape(rows, columns)
    shown = orientation.array(values)
    assert shown.shape == orientation.size(rows, columns)
    for row in range(rows):
        for column in range(columns):
            x, y = orientation.to_shown((column + 0.5, row + 0.5), rows, columns)
            assert shown[int(y), int(x)] == values[row, column]
            assert orientation.to_image((x, y), rows, columns) == (column + 0.5, row + 0.5)


@pytest.mark.parametrize("orientation", ALL)
def test_turning_and_flipping_do_what_is_seen_on_the_screen(orientation: Orientation) -> None:
    values = np.arange(15).reshape(5, 3)
    shown = orientation.array(values)
    np.testing.assert_array_equal(orientation.turned(1).array(values), np.rot90(shown, -1))
    np.testing.assert_array_equal(orientation.turned(-1).array(values), np.rot90(shown, 1))
    np.testing.assert_array_equal(orientation.flipped().array(values), shown[:, ::-1])
    np.testing.assert_array_equal(orientation.flipped(upside_down=True).array(values), shown[::-1])
    assert orientation.turned(4) == orientation.flipped().flipped() == orientation


@pytest.mark.parametrize(
    ("orientation", "expected"),
    [
        (UPRIGHT, Edges("R", "L")),
        (Orientation(0, True), Edges("L", "R")),
        (Orientation(2, False), Edges("L", "R")),
        (Orientation(1, False), Edges("F", "H", "R", "L")),
        (Orientation(3, False), Edges("H", "F", "L", "R")),
        (Orientation(1, True), Edges("H", "F", "R", "L")),
    ],
)
def test_the_letters_follow(tmp_path: Path, orientation: Orientation, expected: Edges) -> None:
    assert edges(make_radiograph(tmp_path), orientation) == expected


def test_a_file_that_states_no_sides_gets_no_letters_however_it_is_turned(tmp_path: Path) -> None:
    radiograph = make_radiograph(tmp_path, PatientOrientation=None)
    assert {edges(radiograph, orientation) for orientation in ALL} == {Edges()}


def test_the_mark_says_what_was_done() -> None:
    assert turned_text(UPRIGHT) == ""
    assert turned_text(Orientation(1, True)) == "MIRRORED, TURNED BY 90°"


@pytest.mark.parametrize("orientation", ALL)
def test_heat_maps_follow(orientation: Orientation) -> None:
    picture = QImage(30, 50, QImage.Format.Format_ARGB32_Premultiplied)
    picture.fill(Qt.GlobalColor.transparent)
    for x in range(3):
        for y in range(5):
            picture.setPixelColor(x, y, QColor("red"))
    rows, columns = orientation.size(50, 30)
    made = compose(Layers((), picture), Box(7, 11, columns, rows), QSize(80, 80), 1.0, orientation)
    x, y = orientation.to_shown((1.5, 2.5), 50, 30)
    assert made.pixelColor(7 + int(x), 11 + int(y)).red() > 200
    x, y = orientation.to_shown((15.0, 25.0), 50, 30)
    assert made.pixelColor(7 + int(x), 11 + int(y)).alpha() == 0


def test_the_window_turns_image_readout_and_measurements_together(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={})
    canvas, board = window.canvas, window.session.board
    line = Measurement("l", Kind.LENGTH, ((20.0, 30.0), (70.0, 30.0)))
    board.put("x", line)
    before = [value.number for value in board.reading(line).values]
    for action in ("turn_right", "flip", "turn_right", "flip_down", "turn_left"):
        window.actions_by_id[action].trigger()
        for point in line.points:
            place = canvas.widget_point(point)
            assert canvas.rect().contains(place.toPoint())
            assert canvas.image_point(place) == pytest.approx(point)
        place = canvas.widget_point((40.5, 80.5))
        qtbot.mouseMove(canvas, place.toPoint())
        assert canvas.readout().startswith("(40, 80)")
        stored = canvas.radiograph.stored  # type: ignore[union-attr]
        gray = canvas.radiograph.grayscale.apply(stored[80:81, 40:41])[0, 0] * 255  # type: ignore[union-attr]
        # The crosshair's place has the gray of that very pixel.
        canvas.show_annotations = False
        assert abs(canvas.grab().toImage().pixelColor(place.toPoint()).red() - gray) <= 4
    assert [value.number for value in board.reading(line).values] == before
    assert not canvas.orientation.plain
    canvas.reset()
    assert canvas.orientation.plain


def test_arrow_keys_move_on_the_screen_not_on_the_film(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={})
    canvas, board = window.canvas, window.session.board
    board.put("x", Measurement("l", Kind.LENGTH, ((20.0, 30.0), (70.0, 30.0))))
    window.actions_by_id["turn_right"].trigger()
    place = canvas.widget_point(board.items[0].points[0])
    qtbot.keyClick(canvas, Qt.Key.Key_Right)
    moved = canvas.widget_point(board.items[0].points[0])
    assert moved.x() > place.x() and moved.y() == pytest.approx(place.y())


def test_another_image_is_shown_upright(window: MainWindow, opened: Open, qtbot: Any) -> None:
    keys = opened(a={}, b={})
    window.actions_by_id["flip"].trigger()
    window.session.show(keys[1])
    qtbot.waitUntil(lambda: window.canvas.radiograph is window.session.images[keys[1]].radiograph, timeout=10000)
    assert window.canvas.orientation.plain
