"""Several panes: each shows what belongs to its own image, whatever happens meanwhile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication

from engine.measure.shapes import Kind, Measurement
from tests.viewer.factories import FakeEngine, ramp, write_dicom
from tests.viewer.looking import Open
from viewer.hanging.drag import mime_of
from viewer.hanging.pane import Pane
from viewer.state.images import Load
from viewer.window import MainWindow

BORN = {"PatientBirthDate": "19600501"}
PRIOR = {**BORN, "StudyDate": "20231002", "StudyInstanceUID": "1.2.3.4"}
DOE = {"PatientID": "T2", "PatientName": "DOE^JOHN", "StudyInstanceUID": "1.2.3.5", **BORN}


def pane(window: MainWindow, number: int) -> Pane:
    return window.panes.each[number]


def own(window: MainWindow) -> None:
    """Nothing of another image is in any pane, and the draft is that of the active one's."""
    session, hanging = window.session, window.hanging.state
    assert hanging.panes[hanging.active].key == session.current_key
    for number, hung in enumerate(hanging.shown):
        shown, canvas = session.images.get(hung.key or ""), pane(window, number).canvas
        if canvas.radiograph is None:
            assert canvas.layers == ()
            continue
        assert shown is not None and canvas.radiograph is shown.radiograph
        made = window.controller.maps.get(shown.key, {})
        assert {i for layer in canvas.layers for i in layer.feature_ids} <= set(made)
        if number != hanging.active:
            visible = hung.visible
            assert {i for layer in canvas.layers for i in layer.feature_ids} == visible & set(made)
    board = session.board.radiograph
    assert board is window.canvas.radiograph
    if session.draft is not None and window.canvas.radiograph is not None:
        assert session.draft.sop_instance_uid == window.canvas.radiograph.identity.sop_instance_uid


def wait_shown(window: MainWindow, qtbot: Any, number: int) -> None:
    qtbot.waitUntil(lambda: pane(window, number).canvas.radiograph is not None, timeout=10000)


def test_each_layout_shows_its_panes_and_one_is_framed(window: MainWindow, opened: Open) -> None:
    opened(a={})
    for name, count in (("1x2", 2), ("2x1", 2), ("2x2", 4), ("1x1", 1)):
        window.actions_by_id[f"layout_{name}"].trigger()
        QApplication.processEvents()
        assert [p.isVisible() for p in window.panes.each].count(True) == count
        framed = [p for p in window.panes.each if p.property("shown") == "active"]
        assert framed == ([] if count == 1 else [window.hanging.active])
        ticked = [i for i, action in window.actions_by_id.items() if i.startswith("layout_") and action.isChecked()]
        assert ticked == [f"layout_{name}"]
        for shown in window.panes.shown:
            assert shown.frame.strip.isVisible() and shown.frame.strip.width() == shown.canvas.width()
    first, second = window.panes.each[:2]
    window.actions_by_id["layout_1x2"].trigger()
    QApplication.processEvents()
    assert first.y() == second.y() and first.x() < second.x() and abs(first.width() - second.width()) <= 1
    window.actions_by_id["layout_2x1"].trigger()
    QApplication.processEvents()
    assert first.x() == second.x() and first.y() < second.y()


def test_draft_maps_and_keys_follow_the_active_pane(
    window: MainWindow, opened: Open, engine: FakeEngine, qtbot: Any
) -> None:
    a, b = opened(a={}, b=PRIOR | {"pixels": ramp(90, 140)})
    session, hanging = window.session, window.hanging.state
    session.set_overlay(session.overlay.show([3]))
    window.actions_by_id["layout_1x2"].trigger()
    window.actions_by_id["pane_next"].trigger()
    assert session.current is None and session.draft is None and window.canvas.radiograph is None
    own(window)
    assert [layer.feature_ids for layer in pane(window, 0).canvas.layers] == [(3,)]
    session.show(b)
    qtbot.waitUntil(lambda: b in window.controller.maps, timeout=10000)
    assert hanging.keys == (a, b) and session.draft is not None
    session.set_overlay(session.overlay.show([5]))
    own(window)
    # The key turns to the pane's image only, and both keep their maps.
    first = pane(window, 0).canvas
    before = first.windowing
    window.actions_by_id["invert"].trigger()
    assert window.canvas.windowing.invert and first.windowing == before
    qtbot.mouseClick(first, Qt.MouseButton.LeftButton)
    assert session.current_key == a and session.overlay.visible == {3} and window.canvas is first
    assert [layer.feature_ids for layer in pane(window, 1).canvas.layers] == [(5,)]
    assert window.browser.list.currentItem().data(Qt.ItemDataRole.UserRole) == a
    own(window)
    session.set_overlay(session.overlay.with_peek(True))
    assert pane(window, 0).canvas.layers == pane(window, 1).canvas.layers == ()


def test_undo_takes_back_on_the_image_of_the_active_pane_only(window: MainWindow, opened: Open, qtbot: Any) -> None:
    a, b = opened(a={}, b=PRIOR)
    session = window.session
    window.commands.confirm("s1")
    changed = session.draft
    window.hanging.state.hang("1x2", [a, b], active=1)
    qtbot.waitUntil(lambda: b in window.controller.maps, timeout=10000)
    window.commands.confirm("s3")
    window.commands.switch_maps((5,), True)
    window.hanging.state.activate(0)
    own(window)
    window.actions_by_id["undo"].trigger()
    assert session.draft is not None and changed is not None and session.draft != changed
    other = session.images[b].history
    assert other is not None and other.current.find("s3").state == "confirmed"
    assert window.hanging.state.panes[1].visible == {5}
    assert [layer.feature_ids for layer in pane(window, 1).canvas.layers] == [(5,)]
    assert not window.actions_by_id["undo"].isEnabled()
    own(window)


def test_a_late_image_reaches_its_own_pane_only(window: MainWindow, opened: Open, qtbot: Any, tmp_path: Path) -> None:
    (a,) = opened(a={})
    late = write_dicom(tmp_path / "late.dcm", ramp(70, 60), **PRIOR)
    (b,) = window.session.add([late])
    window.hanging.state.hang("1x2", [a, b], active=0)
    assert pane(window, 1).canvas.radiograph is None and "late.dcm" in pane(window, 1).canvas.message
    window.hanging.state.hang("1x2", [b, a], active=1)
    own(window)
    wait_shown(window, qtbot, 0)
    assert window.session.current_key == a and pane(window, 0).canvas.radiograph.rows == 70  # type: ignore[union-attr]
    own(window)
    window.hanging.state.activate(0)
    window.hanging.state.activate(1)
    qtbot.waitUntil(lambda: b in window.controller.maps, timeout=10000)
    own(window)
    assert pane(window, 0).canvas.layers == ()


def test_hung_images_keep_their_pixels_while_others_pass(window: MainWindow, opened: Open, qtbot: Any) -> None:
    files: dict[str, dict[str, Any]] = {f"f{n}": {"StudyInstanceUID": f"1.2.{n}"} for n in range(10)}
    keys = opened(**files)
    window.hanging.state.hang("2x2", keys[:4], active=3)
    for number in range(4):
        wait_shown(window, qtbot, number)
    for key in keys[4:]:
        window.session.show(key)
        qtbot.waitUntil(lambda k=key: window.session.images[k].load is Load.READY, timeout=10000)  # type: ignore[misc]
        own(window)
    assert all(pane(window, n).canvas.radiograph is not None for n in range(4))
    assert sum(image.radiograph is not None for image in window.session.images.values()) <= 7


def test_measurements_stand_on_their_own_image(window: MainWindow, opened: Open, qtbot: Any) -> None:
    a, b = opened(a={}, b=PRIOR)
    board = window.session.board
    window.hanging.state.hang("1x2", [a, b], active=0)
    wait_shown(window, qtbot, 1)
    bare = [pane(window, n).canvas.grab().toImage() for n in (0, 1)]
    board.put("draw", Measurement(board.new_key(), Kind.LENGTH, ((10.0, 10.0), (60.0, 60.0))))
    window.hanging.state.activate(1)
    assert board.items == ()
    assert pane(window, 1).canvas.grab().toImage() == bare[1]
    assert pane(window, 0).canvas.grab().toImage() != bare[0]
    # Half a line that was begun in one pane is none in the other.
    window.actions_by_id["measure_length"].trigger()
    qtbot.mouseClick(pane(window, 1).canvas, Qt.MouseButton.LeftButton, pos=pane(window, 1).canvas.rect().center())
    qtbot.mouseClick(pane(window, 0).canvas, Qt.MouseButton.LeftButton, pos=pane(window, 0).canvas.rect().center())
    assert window.session.current_key == a and len(board.items) == 1
    shown = pane(window, 1).canvas.radiograph
    assert shown is not None and board.sheet_of(shown).items == ()


def test_two_patients_are_never_beside_each_other_without_a_warning(
    window: MainWindow, opened: Open, qtbot: Any
) -> None:
    a, prior, doe = opened(a=BORN, prior=PRIOR, doe=DOE)
    window.hanging.state.hang("1x2", [a, prior])
    assert pane(window, 0).banner.isVisible() and pane(window, 1).banner.text().startswith(
        "PRIOR 2023-10-02, 2 y 3 mo before"
    )
    window.hanging.state.hang("1x2", [a, doe])
    for number, who in ((0, "TEST, ANNA"), (1, "DOE, JOHN")):
        label = pane(window, number).banner
        assert label.isVisible() and "DIFFERENT PATIENTS" in label.text() and who in label.text()
    window.session.show(doe)
    assert not any("DIFFERENT" in shown.banner.text() for shown in window.panes.shown)
    window.actions_by_id["layout_1x1"].trigger()
    assert not pane(window, 0).banner.isVisible() and window.session.current_key == doe


def test_an_earlier_study_shown_alone_says_that_a_newer_one_is_open(window: MainWindow, opened: Open) -> None:
    (prior,) = opened(prior=PRIOR)
    banner = pane(window, 0).banner
    assert window.session.current_key == prior and not banner.isVisible()
    _, newer, doe = opened(prior=PRIOR, newer=BORN, doe=DOE)
    assert window.session.current_key == prior and banner.isVisible()
    window.session.show(prior)
    assert banner.isVisible() and banner.text().startswith("PRIOR 2023-10-02, 2 y 3 mo before")
    assert "NEWER STUDY" in banner.text()
    for key in (newer, doe):
        window.session.show(key)
        assert not banner.isVisible()


def test_the_image_worked_on_stays_when_panes_go(window: MainWindow, opened: Open, qtbot: Any) -> None:
    a, b = opened(a=BORN, b=PRIOR)
    window.hanging.state.hang("1x2", [a, b], active=1)
    wait_shown(window, qtbot, 1)
    window.canvas.zoom_by(2.0)
    canvas, view = window.canvas, window.canvas.view
    window.actions_by_id["layout_1x1"].trigger()
    QApplication.processEvents()
    assert window.session.current_key == b and window.canvas is canvas and canvas.isVisible()
    assert canvas.view.scale == view.scale
    own(window)


def drop(target: Pane, data: QMimeData) -> bool:
    place, none = QPointF(20, 20), Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(place.toPoint(), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, none)
    QApplication.sendEvent(target, enter)
    if not enter.isAccepted():
        return False
    QApplication.sendEvent(target, QDropEvent(place, Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, none))
    return True


def test_an_image_is_dragged_from_the_list_into_a_pane(window: MainWindow, opened: Open, qtbot: Any) -> None:
    a, b = opened(a=BORN, b=PRIOR)
    window.actions_by_id["layout_1x2"].trigger()
    lines = [window.browser.list.item(n) for n in range(window.browser.list.count())]
    item = next(line for line in lines if line.data(Qt.ItemDataRole.UserRole) == b)
    assert drop(pane(window, 1), window.browser.list.mimeData([item]))
    assert window.hanging.state.keys == (a, b) and window.session.current_key == b
    wait_shown(window, qtbot, 1)
    own(window)
    assert not drop(pane(window, 0), QMimeData())
    broken = mime_of([])
    broken.setData("application/x-saerad-images", b"\xff[1")
    drop(pane(window, 0), broken)
    assert window.hanging.state.keys == (a, b)


def test_the_same_image_twice_has_its_own_view_and_maps(window: MainWindow, opened: Open, qtbot: Any) -> None:
    (a,) = opened(a=BORN)
    window.hanging.state.hang("1x2", [a, a])
    wait_shown(window, qtbot, 1)
    window.session.set_overlay(window.session.overlay.show([3]))
    window.hanging.state.activate(1)
    assert window.session.overlay.visible == frozenset()
    assert len(pane(window, 0).canvas.layers) == 1 and pane(window, 1).canvas.layers == ()
    assert not np.array_equal(pane(window, 0).canvas.view.scale, 0)


def test_wrong_hangings_are_refused(window: MainWindow, opened: Open) -> None:
    (a,) = opened(a={})
    for layout, keys in (("1x1", [a, a]), ("3x3", [a]), ("1x2", [a, "no such image"])):
        with pytest.raises((KeyError, ValueError)):
            window.hanging.state.hang(layout, keys)
    assert window.hanging.state.keys == (a,)
