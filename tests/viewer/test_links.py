"""Panes that move together: the same place of the body, each image in its own range of gray."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt

from engine.dicom.grayscale import Window
from tests.viewer.factories import ramp
from tests.viewer.looking import Open
from tests.viewer.test_hanging import PRIOR, wait_shown
from viewer.hanging.alignment import Alignment, aligned, shared, view_of
from viewer.hanging.percentiles import Ranks, carried
from viewer.image.canvas import Canvas
from viewer.image.view import View
from viewer.image.windowing import Windowing
from viewer.window import MainWindow


def test_a_place_is_the_same_after_going_there_and_back() -> None:
    here, there = Alignment(0.8, 0.05, -0.1), Alignment(1.25, -0.02, 0.07)
    view = View(0.7, -30.0, 12.0, fitted=False)
    seen = shared(view, (3000, 2500), (800, 600), here)
    other = view_of(seen, (1500, 1800), (700, 900), there)
    again = shared(other, (1500, 1800), (700, 900), there)
    assert (again.x, again.y, again.magnification) == pytest.approx((seen.x, seen.y, seen.magnification))
    found = aligned(other, (1500, 1800), (700, 900), seen)
    assert (found.scale, found.dx, found.dy) == pytest.approx((there.scale, there.dx, there.dy))


@pytest.fixture
def pair(window: MainWindow, opened: Open, qtbot: Any) -> tuple[Canvas, Canvas]:
    """Two images of different size and range beside each other."""
    a, b = opened(a={"PatientBirthDate": "19600501"}, b=PRIOR | {"pixels": ramp(240, 180, top=1000)})
    window.hanging.state.hang("1x2", [a, b])
    wait_shown(window, qtbot, 1)
    first, second = (pane.canvas for pane in window.panes.each[:2])
    return first, second


def drag(
    qtbot: Any, canvas: Canvas, button: Qt.MouseButton, dx: int, dy: int, *, shift: bool = False, end: bool = True
) -> None:
    keys = Qt.KeyboardModifier.ShiftModifier if shift else Qt.KeyboardModifier.NoModifier
    start = canvas.rect().center()
    qtbot.mousePress(canvas, button, keys, start)
    qtbot.mouseMove(canvas, start + QPoint(dx, dy))
    if end:
        qtbot.mouseRelease(canvas, button, keys, start + QPoint(dx, dy))


def centre(canvas: Canvas) -> tuple[float, float]:
    """Place of the image in the middle of the canvas, as shares of its width and height."""
    column, row = canvas.image_point(canvas.rect().center().toPointF())
    assert canvas.radiograph is not None
    return column / canvas.radiograph.columns, row / canvas.radiograph.rows


def test_unlinked_panes_move_alone(window: MainWindow, pair: tuple[Canvas, Canvas], qtbot: Any) -> None:
    first, second = pair
    before = second.view, second.windowing
    for button in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton):
        drag(qtbot, first, button, 30, -40)
    assert (second.view, second.windowing) == before and first.view != View()


def test_linked_pan_and_zoom_show_the_same_place(window: MainWindow, pair: tuple[Canvas, Canvas], qtbot: Any) -> None:
    first, second = pair
    window.actions_by_id["link_view"].trigger()
    assert window.actions_by_id["link_view"].isChecked() and "approximately" in window.statusBar().currentMessage()
    ratio = second.view.scale / first.view.scale
    drag(qtbot, first, Qt.MouseButton.MiddleButton, 20, 50)
    drag(qtbot, first, Qt.MouseButton.RightButton, 0, -60)
    assert second.view.scale / first.view.scale == pytest.approx(ratio)
    assert centre(second)[1] == pytest.approx(centre(first)[1], abs=0.01)
    # From the other pane, too, and by a key.
    drag(qtbot, second, Qt.MouseButton.MiddleButton, -30, -20)
    window.actions_by_id["zoom_in"].trigger()
    assert window.canvas is second and second.view.scale / first.view.scale == pytest.approx(ratio)
    assert centre(second)[1] == pytest.approx(centre(first)[1], abs=0.01)


def test_shift_and_a_drag_move_one_against_the_other(
    window: MainWindow, pair: tuple[Canvas, Canvas], qtbot: Any
) -> None:
    first, second = pair
    window.actions_by_id["link_view"].trigger()
    before, gray, scale = first.view, second.windowing, second.view.scale
    drag(qtbot, second, Qt.MouseButton.LeftButton, 0, 40, shift=True)
    drag(qtbot, second, Qt.MouseButton.RightButton, 0, -50, shift=True)
    assert first.view == before and second.windowing == gray and second.view.scale > 1.2 * scale
    offset = centre(second)[1] - centre(first)[1]
    ratio = second.view.scale / first.view.scale
    drag(qtbot, first, Qt.MouseButton.MiddleButton, 0, 30)
    assert second.view.scale / first.view.scale == pytest.approx(ratio)
    assert centre(second)[1] - centre(first)[1] != pytest.approx(0.0, abs=0.01)
    drag(qtbot, first, Qt.MouseButton.MiddleButton, 0, -30)
    assert centre(second)[1] - centre(first)[1] == pytest.approx(offset, abs=0.01)


def test_linked_windows_change_each_in_its_own_range(
    window: MainWindow, pair: tuple[Canvas, Canvas], qtbot: Any
) -> None:
    first, second = pair
    window.actions_by_id["link_window"].trigger()
    alone: Windowing = second.windowing.drag(second.radiograph.grayscale, 30, 20, 0.004)  # type: ignore[union-attr]
    views = first.view, second.view
    drag(qtbot, first, Qt.MouseButton.LeftButton, 30, 20, end=False)
    assert second.windowing.voi == alone.voi and second.mouse.windowing
    qtbot.mouseRelease(first, Qt.MouseButton.LeftButton)
    assert not second.mouse.busy and (first.view, second.view) == views
    number = next(n for n, preset in enumerate(first.presets) if preset.name == "Lungs")
    window.actions_by_id[f"preset_{number}"].trigger()
    window.actions_by_id["invert"].trigger()
    assert second.windowing.name == first.windowing.name == "Lungs"
    assert second.windowing.voi != first.windowing.voi and second.windowing.invert
    window.actions_by_id["link_window"].trigger()
    window.actions_by_id["invert"].trigger()
    assert second.windowing.invert and not first.windowing.invert


def test_a_turned_or_new_image_does_not_drag_the_others_along(
    window: MainWindow, pair: tuple[Canvas, Canvas], qtbot: Any
) -> None:
    first, second = pair
    window.actions_by_id["link_view"].trigger()
    drag(qtbot, first, Qt.MouseButton.RightButton, 0, -60)
    before = second.view
    window.actions_by_id["turn_right"].trigger()
    assert second.view == before
    keys = list(window.session.images)
    window.session.show(keys[1])
    qtbot.waitUntil(lambda: first.radiograph is second.radiograph, timeout=10000)
    assert second.view == before
    drag(qtbot, first, Qt.MouseButton.RightButton, 0, -30)
    assert second.view.scale > before.scale


def blob(shift: int) -> npt.NDArray[np.uint16]:
    """A bright disc, lower by some rows."""
    y, x = np.mgrid[:240, :200]
    return (4000 * np.exp(-((y - 110 - shift) ** 2 + (x - 100) ** 2) / 2500)).astype(np.uint16)


def test_images_are_aligned_by_their_gray_values(window: MainWindow, opened: Open, qtbot: Any) -> None:
    a, b = opened(a={"PatientBirthDate": "19600501", "pixels": blob(0)}, b=PRIOR | {"pixels": blob(24)})
    window.hanging.state.hang("1x2", [a, b])
    wait_shown(window, qtbot, 1)
    first, second = (pane.canvas for pane in window.panes.each[:2])
    window.actions_by_id["align"].trigger()
    qtbot.waitUntil(lambda: "approximately" in window.statusBar().currentMessage(), timeout=20000)
    assert window.actions_by_id["link_view"].isChecked()
    assert centre(second)[1] - centre(first)[1] == pytest.approx(0.1, abs=0.01)
    window.actions_by_id["flip"].trigger()
    window.actions_by_id["align"].trigger()
    assert "not aligned" in window.statusBar().currentMessage()


def test_a_window_is_carried_between_the_same_percentiles() -> None:
    values = np.random.default_rng(2).gamma(2.0, 400.0, (300, 280))
    film = np.clip(np.rint(200 * (values / values.max()) ** 0.5), 0, 200)
    ours, theirs = Ranks.of(values, inverted=False), Ranks.of(film, inverted=False)
    window = Window.between(*(float(end) for end in np.percentile(values, (20, 90))))
    found = carried(window, ours, theirs)
    ends = found.center - found.width / 2, found.center + found.width / 2
    assert ends == pytest.approx(np.percentile(film, (20, 90)), abs=1.0)
    # Shown white where it is low, the same share is dark.
    negative = carried(window, ours, Ranks.of(200 - film, inverted=True))
    assert (200 - negative.center, negative.width) == pytest.approx((found.center, found.width))
    for share in (-0.3, 0.0, 0.4, 1.0, 1.2):
        assert theirs.share(theirs.value(share)) == pytest.approx(share, abs=0.02)
    # Half an image is black: its ends stay its ends.
    film[:150] = 0.0
    half = Ranks.of(film, inverted=False)
    assert (half.share(0.0), half.share(float(film.max()))) == (0.0, 1.0)


def test_linked_windows_of_different_depth_go_by_percentiles(window: MainWindow, opened: Open, qtbot: Any) -> None:
    deep = np.random.default_rng(3).gamma(2.0, 400.0, (200, 180)).astype(np.uint16)
    film = np.clip(np.sqrt(deep / deep.max()) * 255, 0, 255).astype(np.uint8)
    a, b = opened(a={"PatientBirthDate": "19600501", "pixels": deep}, b=PRIOR | {"pixels": film})
    window.hanging.state.hang("1x2", [a, b])
    wait_shown(window, qtbot, 1)
    first, second = (pane.canvas for pane in window.panes.each[:2])
    window.actions_by_id["link_window"].trigger()
    drag(qtbot, first, Qt.MouseButton.LeftButton, -60, 30)

    def shares(canvas: Canvas) -> tuple[float, float]:
        """Which share of the pixels is shown black, and which white."""
        assert canvas.radiograph is not None
        shown = canvas.radiograph.grayscale.apply(canvas.radiograph.stored, canvas.windowing.voi)
        return float((shown <= 0.0).mean()), float((shown >= 1.0).mean())

    assert max(shares(first)) > 0.02
    assert shares(second) == pytest.approx(shares(first), abs=0.02)
    window.actions_by_id["sigmoid"].trigger()
    window.actions_by_id["invert"].trigger()
    assert second.windowing.invert and second.windowing.is_sigmoid(second.radiograph.grayscale)  # type: ignore[union-attr]


def test_a_place_stays_the_same_after_aligning_images_of_another_size_and_spacing(
    window: MainWindow, opened: Open, qtbot: Any
) -> None:
    """The second image has twice the pixels, and shows the same body lower and a tenth larger."""
    y, x = np.mgrid[:240, :200]
    landmark = (60.0, 70.0)

    def body(column: Any, row: Any) -> Any:
        disc = np.exp(-((row - 110) ** 2 + (column - 100) ** 2) / 2500)
        return 3000 * disc + 900 * np.exp(-((row - landmark[1]) ** 2 + (column - landmark[0]) ** 2) / 200)

    def there(column: float, row: float) -> tuple[float, float]:
        """Where a place of the first image lies in the second."""
        return 2 * (100 + 1.1 * (column - 100)), 2 * (120 + 1.1 * (row - 120) + 8)

    rows, columns = np.mgrid[:480, :400]
    back = 100 + (columns / 2 - 100) / 1.1, 120 + (rows / 2 - 8 - 120) / 1.1
    a, b = opened(
        a={"PatientBirthDate": "19600501", "pixels": body(x, y).astype(np.uint16), "PixelSpacing": [0.4, 0.4]},
        b=PRIOR | {"pixels": body(*back).astype(np.uint16), "PixelSpacing": [0.2, 0.2]},
    )
    window.hanging.state.hang("1x2", [a, b])
    wait_shown(window, qtbot, 1)
    first, second = (pane.canvas for pane in window.panes.each[:2])
    window.actions_by_id["align"].trigger()
    qtbot.waitUntil(lambda: "approximately" in window.statusBar().currentMessage(), timeout=20000)
    drag(qtbot, first, Qt.MouseButton.RightButton, 0, -80)
    drag(qtbot, first, Qt.MouseButton.MiddleButton, 35, 50)
    middle = QPointF(first.width() / 2, first.height() / 2), QPointF(second.width() / 2, second.height() / 2)
    for place in (landmark, (120.0, 140.0)):
        here = first.widget_point(place) - middle[0]
        beside = second.widget_point(there(*place)) - middle[1]
        # Three pixels of the screen, at this zoom about two of the first image.
        assert (beside.x(), beside.y()) == pytest.approx((here.x(), here.y()), abs=3 * first.view.scale)
    assert second.view.scale / first.view.scale == pytest.approx(1 / 2.2, rel=0.03)
