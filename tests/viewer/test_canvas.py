"""The image under the mouse and the keys; the strip above it."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QMenu

from tests.viewer.looking import Open
from viewer.actions.catalogue import ACTIONS
from viewer.actions.help_page import HelpDialog
from viewer.image.strip import STRIP_HEIGHT
from viewer.image.windowing import describe
from viewer.measure.commands import TOOLS
from viewer.window import MENU_ACTIONS, MainWindow


def test_the_strip_is_always_there_and_lets_the_mouse_through(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={})
    strip = window.frame.strip
    assert strip.isVisible() and "not for diagnosis" in strip.text()
    assert strip.height() == STRIP_HEIGHT and strip.width() == window.canvas.width()
    assert strip.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    place = strip.mapTo(window, strip.rect().center())
    assert window.childAt(place) is window.canvas
    before = window.canvas.windowing
    here = window.canvas.mapFrom(window, place)
    qtbot.mousePress(window.canvas, Qt.MouseButton.LeftButton, pos=here)
    qtbot.mouseMove(window.canvas, here + QPoint(60, -40))
    qtbot.mouseRelease(window.canvas, Qt.MouseButton.LeftButton, pos=here + QPoint(60, -40))
    assert window.canvas.windowing != before
    for spec in ACTIONS:
        if spec.id not in ("quit", "open_files", "open_folder", "export", "preferences", "shortcuts", "keys", "about"):
            window.actions_by_id[spec.id].trigger()
            assert strip.isVisible(), spec.id


def test_the_mouse_windows_pans_and_zooms(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={})
    canvas = window.canvas

    def drag(button: Qt.MouseButton, dx: int, dy: int) -> None:
        start = canvas.rect().center()
        qtbot.mousePress(canvas, button, pos=start)
        qtbot.mouseMove(canvas, start + QPoint(dx, dy))
        qtbot.mouseRelease(canvas, button, pos=start + QPoint(dx, dy))

    window_before, view_before = canvas.windowing, canvas.view
    drag(Qt.MouseButton.LeftButton, 50, 0)
    assert canvas.windowing != window_before and canvas.view == view_before
    drag(Qt.MouseButton.MiddleButton, 40, 30)
    assert (canvas.view.x, canvas.view.y) == (view_before.x + 40, view_before.y + 30)
    drag(Qt.MouseButton.RightButton, 0, -60)
    assert canvas.view.scale > view_before.scale
    canvas.reset()
    assert canvas.view == view_before and canvas.windowing.voi is None


def test_a_right_click_without_a_drag_asks_for_the_menu(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={})
    view = window.canvas.view
    with qtbot.waitSignal(window.canvas.menu_wanted):
        qtbot.mouseClick(window.canvas, Qt.MouseButton.RightButton)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    inside = [action.menu() for action in menu.actions() if action.menu() is not None]
    assert {window.actions_by_id[name] for name in MENU_ACTIONS} <= set(menu.actions())
    assert [window.actions_by_id[name] for name in TOOLS] == inside[0].actions()  # type: ignore[union-attr]
    presets = [action for action in menu.actions() if action.text().startswith("Lungs")]
    menu.setActiveAction(presets[0])
    qtbot.keyClick(menu, Qt.Key.Key_Return)
    assert window.canvas.windowing.name == "Lungs" and window.canvas.view == view
    assert QApplication.activePopupWidget() is None


def test_the_wheel_zooms_at_the_mouse(window: MainWindow, opened: Open) -> None:
    opened(a={})
    canvas = window.canvas
    place = QPointF(canvas.width() * 0.6, canvas.height() * 0.3)
    under = canvas.image_point(place)
    none, begin = Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase
    turned = QWheelEvent(
        place, canvas.mapToGlobal(place), QPoint(), QPoint(0, 240), Qt.MouseButton.NoButton, none, begin, False
    )
    before = canvas.view.scale
    QApplication.sendEvent(canvas, turned)
    assert canvas.view.scale > 1.3 * before and canvas.image_point(place) == pytest.approx(under)


def test_reset_of_monochrome1_shows_it_as_opened(window: MainWindow, opened: Open) -> None:
    opened(a={"PhotometricInterpretation": "MONOCHROME1"})
    first = window.canvas.grab().toImage()
    window.canvas.toggle_invert()
    assert window.canvas.grab().toImage() != first
    window.canvas.reset()
    assert window.canvas.grab().toImage() == first


def test_the_value_under_the_mouse(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={"RescaleSlope": "2", "RescaleIntercept": "-100"})
    canvas = window.canvas
    assert canvas.radiograph is not None
    stored = int(canvas.radiograph.stored[40, 30])

    def told() -> str:
        # What stands above the image may still be laid out, and the picture with it.
        x, y = canvas.view.to_screen(30.5, 40.5)
        qtbot.mouseMove(canvas, QPoint(round(x), round(y)))
        return canvas.readout()

    qtbot.waitUntil(lambda: told() == f"(30, 40)  stored {stored}  value {2 * stored - 100}")


def test_presets_and_one_to_one(window: MainWindow, opened: Open) -> None:
    opened(a={})
    window.actions_by_id["preset_2"].trigger()
    assert window.canvas.windowing.voi is not None
    assert window.statusBar().currentMessage() == "Window preset 2: Lungs"
    lungs = window.canvas.windowing
    window.actions_by_id["preset_7"].trigger()
    assert window.canvas.windowing == lungs
    assert window.statusBar().currentMessage() == "There is no window preset 7: this image has 0 to 6"
    window.actions_by_id["preset_0"].trigger()
    assert window.canvas.windowing.voi is None
    window.actions_by_id["one_to_one"].trigger()
    assert window.canvas.view.scale == pytest.approx(1.0)


def test_presets_are_named_in_menu_help_and_on_the_image(window: MainWindow, opened: Open) -> None:
    opened(a={"WindowCenter": ["2000", "900"], "WindowWidth": ["4000", "700"],
              "WindowCenterWidthExplanation": ["NORMAL", "SOFT & <b>HARD"]})  # fmt: skip
    window.presets.aboutToShow.emit()
    texts = [action.text() for action in window.presets.actions()]
    assert texts[:2] == ["DICOM default  –  NORMAL, W 4000  L 2000\t0", "SOFT && <b>HARD  –  W 700  L 900\t1"]
    assert texts[3].startswith("Full range  –  W ") and texts[3].endswith("\t2")
    window.presets.actions()[4].trigger()
    assert window.canvas.windowing.name == "Lungs"
    assert window.canvas.radiograph is not None
    assert describe(window.canvas.windowing, window.canvas.radiograph.grayscale).endswith("Lungs")
    window.presets.aboutToShow.emit()
    assert [action.isChecked() for action in window.presets.actions()].index(True) == 4
    window.actions_by_id["keys"].trigger()
    (page,) = [dialog.page.toPlainText() for dialog in window.findChildren(HelpDialog)]
    assert "SOFT & <b>HARD" in page and "Mediastinum" in page
