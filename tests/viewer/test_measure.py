"""Measuring with mouse and keys: drawn where the hand went, kept, undone, exported, and never beside another image."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtWidgets import QInputDialog

from engine.measure.shapes import Kind, Measurement
from engine.measure.sheet import Sheet
from tests.viewer.factories import make_radiograph
from tests.viewer.looking import Open, message
from viewer.image.windowing import Windowing
from viewer.measure.drawing import beside
from viewer.measure.hits import hit
from viewer.state.board import Board
from viewer.state.sheets import SheetStore
from viewer.window import MainWindow

Draw = Callable[..., None]
SPACING = {"ImagerPixelSpacing": [0.2, 0.2]}


@pytest.fixture
def draw(window: MainWindow, qtbot: Any) -> Draw:
    """Press at the first (column, row), go to the second, let go."""

    def do(start: tuple[float, float], end: tuple[float, float] | None = None) -> None:
        canvas = window.canvas
        places = [canvas.widget_point(point).toPoint() for point in (start, end or start)]
        qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=places[0])
        qtbot.mouseMove(canvas, places[1])
        qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=places[1])

    return do


def start(window: MainWindow, tool: str) -> None:
    window.actions_by_id[f"measure_{tool}"].trigger()


def only(window: MainWindow) -> Measurement:
    (item,) = window.session.board.items
    return item


def said(window: MainWindow) -> list[str]:
    return [value.text for value in window.session.board.reading(only(window)).values]


def near(points: tuple[tuple[float, float], ...], expected: tuple[tuple[float, float], ...]) -> bool:
    return all(abs(a - b) < 0.3 for p, q in zip(points, expected, strict=True) for a, b in zip(p, q, strict=True))


def test_a_line_is_measured_where_it_is_drawn_and_then_the_mouse_windows_again(
    window: MainWindow, opened: Open, draw: Draw
) -> None:
    opened(a=dict(SPACING))
    start(window, "length")
    assert window.actions_by_id["measure_length"].isChecked()
    draw((20, 30), (70, 30))
    assert near(only(window).points, ((20, 30), (70, 30)))
    assert said(window)[0].endswith("mm") and abs(float(said(window)[0].split()[0]) - 10.0) < 0.2
    assert "at detector" in window.statusBar().currentMessage()
    assert not window.actions_by_id["measure_length"].isChecked()
    before = window.canvas.windowing
    draw((30, 80), (50, 100))
    assert window.canvas.windowing != before and near(only(window).points, ((20, 30), (70, 30)))


def test_points_may_be_clicked_one_by_one_and_escape_gives_up(
    window: MainWindow, opened: Open, draw: Draw, qtbot: Any
) -> None:
    opened(a={})
    start(window, "angle")
    for point in ((20, 20), (50, 50), (80, 20)):
        draw(point)
    assert abs(float(said(window)[0].rstrip("°")) - 90.0) < 2.0
    assert window.canvas.windowing == Windowing(name=window.canvas.presets[0].name)
    start(window, "cobb_angle")
    draw((20, 60), (60, 60))
    qtbot.keyClick(window.canvas, Qt.Key.Key_Escape)
    assert not window.actions_by_id["measure_cobb_angle"].isChecked() and only(window).kind is Kind.ANGLE


@pytest.mark.parametrize(
    "arms", [(((20, 20), (50, 50)), ((50, 50), (80, 20))), (((50, 50), (20, 20)), ((50, 50), (80, 20)))]
)
def test_an_angle_may_be_drawn_as_two_arms_that_meet(window: MainWindow, opened: Open, draw: Draw, arms: Any) -> None:
    opened(a={})
    start(window, "angle")
    for arm in arms:
        draw(*arm)
    assert near(only(window).points, ((20, 20), (50, 50), (80, 20)))
    assert abs(float(said(window)[0].rstrip("°")) - 90.0) < 2.0


@pytest.mark.parametrize("tool", ["length", "ellipse", "cobb_angle"])
def test_a_point_that_is_set_twice_makes_nothing_without_a_value(
    window: MainWindow, opened: Open, draw: Draw, tool: str
) -> None:
    opened(a={})
    start(window, tool)
    for point in [(20, 20), (60, 20), (50, 50)][-1 if tool != "cobb_angle" else 0 :]:
        draw(point)
    draw((50, 50))
    assert not window.session.board.items and window.actions_by_id[f"measure_{tool}"].isChecked()
    draw((70, 80))
    assert said(window)


def test_no_value_shares_its_place_with_a_side_letter(window: MainWindow, opened: Open) -> None:
    opened(a={})
    letters, room = window.canvas.painting.letter_boxes(), QRectF(window.canvas.rect())
    for letter in letters:
        for dx, dy in ((-30.0, -8.0), (3.0, 3.0), (-5.0, 10.0)):
            plate = QRectF(letter.x() + dx, letter.y() + dy, 40.0, 20.0)
            moved = beside(plate, letters, room)
            assert not any(moved.intersects(each) for each in letters) and moved.size() == plate.size()
    away = QRectF(room.center(), letters[0].size())
    assert beside(away, letters, room) == away


def test_the_cardiothoracic_ratio_takes_two_strokes_and_its_midline_tilts(
    window: MainWindow, opened: Open, draw: Draw
) -> None:
    opened(a={"ViewPosition": "AP", **SPACING})
    start(window, "cardiothoracic_ratio")
    draw((30, 70), (70, 70))
    draw((10, 80), (90, 80))
    reading = window.session.board.reading(only(window))
    assert reading.values[0].text == "0.50" and "AP" in reading.warnings[0]
    before = [value.number for value in reading.values]
    top = only(window).points[4]
    draw(top, (top[0] + 8, top[1]))
    after = [value.number for value in window.session.board.reading(only(window)).values]
    assert after[1] < before[1] and after[2] < before[2]


def test_what_is_drawn_is_taken_moved_nudged_deleted_and_undone(
    window: MainWindow, opened: Open, draw: Draw, qtbot: Any
) -> None:
    opened(a={})
    canvas, board = window.canvas, window.session.board
    start(window, "rectangle")
    draw((20, 20), (60, 50))
    canvas_before = canvas.windowing
    draw((40, 20), (50, 30))
    assert near(only(window).points, ((30, 30), (70, 60))) and canvas.windowing == canvas_before
    draw((70, 60), (80, 80))
    assert near(only(window).points, ((30, 30), (80, 80)))
    qtbot.keyClick(canvas, Qt.Key.Key_Right)
    qtbot.keyClick(canvas, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert near(only(window).points, ((31, 20), (81, 70)))
    view = canvas.view
    qtbot.keyClick(canvas, Qt.Key.Key_Delete)
    assert board.items == () and canvas.view == view
    for expected in (((31, 20), (81, 70)), ((31, 30), (81, 80)), ((30, 30), (80, 80))):
        window.actions_by_id["undo"].trigger()
        assert near(only(window).points, expected)
    window.actions_by_id["redo"].trigger()
    assert near(only(window).points, ((31, 30), (81, 80)))


def test_every_measurement_is_reached_by_the_keyboard(window: MainWindow, opened: Open, draw: Draw) -> None:
    opened(a={})
    for row in (20, 40):
        start(window, "length")
        draw((20, row), (60, row))
    first, second = (item.key for item in window.session.board.items)
    for expected in (first, second, first):
        window.actions_by_id["measure_next"].trigger()
        assert window.session.board.selected == expected
    window.actions_by_id["measure_delete"].trigger()
    assert only(window).key == second


def test_measurements_stay_with_their_image_and_survive_the_window(
    window: MainWindow, opened: Open, draw: Draw, qtbot: Any
) -> None:
    keys = opened(a={}, b={"PatientName": "OTHER^BEN"})
    board = window.session.board
    start(window, "length")
    draw((20, 30), (70, 30))
    item = only(window)
    window.session.show(keys[1])
    qtbot.waitUntil(lambda: window.canvas.radiograph is window.session.images[keys[1]].radiograph, timeout=10000)
    assert board.items == () and not window.actions_by_id["measure_delete"].isEnabled()
    window.session.show(keys[0])
    assert board.items == (item,)
    radiograph = window.session.images[keys[0]].radiograph
    assert radiograph is not None
    again = Board(SheetStore(window.session.store.folder / "measurements"))
    again.show(radiograph)
    assert again.items == (item,)
    names = [path.name for path in (window.session.store.folder / "measurements").iterdir()]
    assert len(names) == 1 and radiograph.identity.sop_instance_uid not in names[0]


def test_a_text_is_asked_for_and_an_arrow_may_have_one(window: MainWindow, opened: Open, draw: Draw) -> None:
    opened(a={})

    def answer(text: str) -> None:
        (dialog,) = [d for d in window.findChildren(QInputDialog) if d.isVisible()]
        dialog.setTextValue(text)
        dialog.accept()

    start(window, "text")
    draw((40, 40))
    assert window.session.board.items == ()
    answer("  pre-op ")
    assert (only(window).text, only(window).kind) == ("pre-op", Kind.TEXT)
    start(window, "arrow")
    draw((20, 60), (50, 80))
    answer("")
    assert [item.text for item in window.session.board.items] == ["pre-op", ""]


def test_a_calibration_by_hand_changes_every_length_and_is_said_beside_the_image(
    window: MainWindow, opened: Open, draw: Draw
) -> None:
    opened(a={"PixelSpacing": [0, 0]})
    start(window, "length")
    draw((20, 30), (70, 30))
    assert said(window)[0].endswith("px")
    start(window, "calibrate")
    draw((20, 30), (70, 30))
    (dialog,) = [d for d in window.findChildren(QInputDialog) if d.isVisible()]
    dialog.setDoubleValue(25.0)
    dialog.accept()
    reading = window.session.board.reading(only(window))
    assert reading.values[0].unit == "mm" and abs(reading.values[0].number - 25.0) < 0.5
    assert reading.values[0].label == "calibrated by hand"
    blocks = window.canvas.painting.corner_blocks(window.canvas.radiograph, "")  # type: ignore[arg-type]
    (block,) = [b for b in blocks if "bit" in " ".join(b.lines)]
    assert any("calibrated by hand" in line for line in block.lines)
    window.actions_by_id["measure_uncalibrate"].trigger()
    assert said(window)[0].endswith("px")


def test_lines_are_drawn_at_the_screens_own_sharpness(window: MainWindow, opened: Open, draw: Draw) -> None:
    opened(a={})
    start(window, "length")
    draw((20, 60), (70, 60))
    window.session.board.select("")
    for _ in range(3):
        window.canvas.zoom_by(2.0)
        picture = window.canvas.grab().toImage()
        x, y = (round(v) for v in window.canvas.widget_point((50.0, only(window).points[0][1])).toTuple())
        column = [picture.pixelColor(x, row) for row in range(y - 8, y + 9)]
        # However far the image is enlarged, the line is a line.
        assert 1 <= sum(c.blue() > 200 and c.red() < 190 for c in column) <= 3


def test_measurements_go_with_the_export(
    window: MainWindow, opened: Open, draw: Draw, qtbot: Any, tmp_path: Path
) -> None:
    opened(a={})
    orders: list[Any] = []
    export = window.controller.engine.export
    window.controller.engine.export = lambda order, control: orders.append(order) or export(order, control)  # type: ignore[method-assign]
    start(window, "length")
    draw((20, 30), (70, 30))
    with qtbot.waitSignal(window.controller.exported, timeout=10000):
        window.controller.export(tmp_path / "out", ("json",))
    assert orders[0].sheet == window.session.board.sheet and orders[0].sheet.items


# without a window


@pytest.fixture
def board(tmp_path: Path) -> Board:
    made = Board(SheetStore(tmp_path / "kept"))
    made.show(make_radiograph(tmp_path))
    return made


LINE = Measurement("l", Kind.LENGTH, ((10.0, 10.0), (40.0, 30.0)))


def test_damaged_measurements_are_kept_and_told(board: Board, tmp_path: Path) -> None:
    board.put("x", LINE)
    (path,) = (tmp_path / "kept").iterdir()
    path.write_text("{")
    again, told = Board(SheetStore(tmp_path / "kept")), []
    again.noticed.connect(told.append)
    again.show(board.radiograph)
    assert [problem.code for problem in told] == ["MEASUREMENTS_UNREADABLE"] and again.items == ()
    assert [p.suffix for p in (tmp_path / "kept").iterdir()] == [".kept"]
    again.put("x", LINE)
    assert path.is_file()


def test_a_folder_that_cannot_be_written_is_told_and_the_measurement_stays(board: Board, tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("in the way")
    told: list[Any] = []
    board.noticed.connect(told.append)
    board.put("x", LINE)
    assert [problem.code for problem in told] == ["MEASUREMENTS_NOT_SAVED"] and board.items == (LINE,)


def test_a_board_refuses_the_sheet_of_another_image(board: Board) -> None:
    with pytest.raises(Exception, match="WRONG_IMAGE"):
        board.change("x", Sheet("1.2.3", "ab", (LINE,)))
    with pytest.raises(Exception, match="NOTHING_TO_UNDO"):
        board.undo()


def test_handles_come_before_lines_and_the_selected_before_the_newest() -> None:
    other = Measurement("o", Kind.LENGTH, ((40.0, 30.0), (80.0, 30.0)))
    items = (LINE, other)

    def plain(point: tuple[float, float]) -> tuple[float, float]:
        return point

    found = hit(items, (41.0, 31.0), plain)
    assert found is not None and (found.item.key, found.handle) == ("o", 0)
    found = hit(items, (41.0, 31.0), plain, "l")
    assert found is not None and (found.item.key, found.handle) == ("l", 1)
    found = hit(items, (60.0, 33.0), plain)
    assert found is not None and (found.item.key, found.handle) == ("o", None)
    assert hit(items, (60.0, 45.0), plain) is None
    circle = Measurement("e", Kind.ELLIPSE, ((0.0, 0.0), (100.0, 100.0)))
    assert hit((circle,), (50.0, 2.0), plain) is not None and hit((circle,), (50.0, 50.0), plain) is None


def test_a_problem_of_the_board_reaches_the_person(window: MainWindow, opened: Open, draw: Draw) -> None:
    opened(a={})
    folder = window.session.store.folder / "measurements"
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("in the way")
    start(window, "length")
    draw((20, 30), (70, 30))
    assert "MEASUREMENTS_NOT_SAVED" in message(window).text()
    message(window).close()


def test_a_tool_is_put_down_when_no_image_is_left(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={})
    start(window, "length")
    window.canvas.setFocus()
    assert window.canvas.cursor().shape() is Qt.CursorShape.CrossCursor
    window.session.board.show(None)
    assert not window.actions_by_id["measure_length"].isChecked()
    qtbot.mouseClick(window.canvas, Qt.MouseButton.LeftButton, pos=QPoint(50, 50))
    assert window.session.board.items == ()
