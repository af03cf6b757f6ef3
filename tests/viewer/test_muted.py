"""Muting a feature is about the list and the heat maps: no sentence, no refusal and no export depends on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QLabel, QMenu

from tests.viewer.factories import PACK_SHA256, FakeEngine
from tests.viewer.looking import Open, row
from tests.viewer.test_compare import other_pack
from viewer.controller import Controller
from viewer.settings.muted import NAME, read_muted
from viewer.settings.preferences import Preferences
from viewer.state.autosave import DraftStore
from viewer.state.look import MapLook
from viewer.state.muted import muted_from_text, muted_to_text
from viewer.state.selection import Selection
from viewer.state.session import Session
from viewer.window import MainWindow


def choose(window: MainWindow, ident: int) -> None:
    window.session.select(Selection(features=(ident,)))


def mute(window: MainWindow, *idents: int) -> None:
    for ident in idents:
        choose(window, ident)
        window.actions_by_id["mute"].trigger()


def listed(window: MainWindow) -> list[int]:
    return [r.group.first.id for r in window.features.rows if r.isVisible()]


def test_a_muted_feature_goes_to_its_group_and_its_map_off_and_undo_takes_that_back(
    window: MainWindow, opened: Open
) -> None:
    opened(a={})
    draft = window.session.draft
    window.commands.switch_maps((3,), True)
    mute(window, 3)
    heading = window.features.list.headings["muted"]
    assert listed(window) == [5, 9] and heading.isVisible() and heading.count.text() == "1 finding · 1 in the draft"
    assert window.features.title.text() == "Features (3) · 1 muted"
    assert window.canvas.layers == () and window.session.draft is draft
    assert heading.arrow is not None
    heading.arrow.click()
    assert listed(window) == [5, 9, 3]
    head = window.features.rows[-1].head
    assert head.muted and not head.switch.isEnabled() and head.switch.toolTip() == "Muted: its map is off"
    # Nothing switches it on but taking it back.
    window.commands.choose_sentence("s1")
    assert [layer.feature_ids for layer in window.canvas.layers] == [(5,)]
    window.actions_by_id["overlay_next"].trigger()
    assert all(3 not in layer.feature_ids for layer in window.canvas.layers)
    while window.session.overlay.muted:
        window.session.undo()
    assert listed(window) == [3, 5, 9] and not heading.isVisible() and 3 in window.session.overlay.visible
    window.session.redo()
    assert listed(window) == [5, 9, 3] and window.session.overlay.visible == frozenset()


def test_a_sentence_says_when_all_behind_it_is_muted_and_stays(window: MainWindow, opened: Open) -> None:
    opened(a={})
    before = [(r.sentence, r.mark) for r in window.report.rows]

    def told() -> dict[str, str]:
        return {r.sentence.key: r.muted.full.split(" ")[0] for r in window.report.rows if r.muted.isVisible()}

    mute(window, 3)
    assert told() == {"s1": "1"} and row(window, "s1").muted.full.startswith("1 of 2 features behind it muted")
    mute(window, 5)
    assert told() == {"s1": "Every", "s3": "Every"}
    choose(window, 9)
    window.session.select(Selection())
    assert [(r.sentence, r.mark) for r in window.report.rows] == before
    window.commands.edit("s1", "Mine.")
    assert told() == {"s3": "Every"}, "what a person wrote stands on no feature"
    mute(window, 5)
    assert told() == {}


def test_a_sentence_chosen_marks_the_heading_that_hides_its_features(window: MainWindow, opened: Open) -> None:
    opened(a={})
    mute(window, 9)
    heading = window.features.list.headings["muted"]
    window.commands.choose_sentence("s2")
    assert heading.mark == "linked"
    assert heading.arrow is not None
    heading.arrow.click()
    assert heading.mark == "none" and window.features.rows[-1].head.mark == "linked"
    window.features.search.setText("number 5")
    assert heading.isVisible() and heading.count.text().endswith("0 found")


def test_a_refusal_is_told_whatever_is_muted(window: MainWindow, opened: Open, qtbot: Any) -> None:
    keys = opened(a={}, hand={"BodyPartExamined": "HAND"})
    mute(window, 3, 5, 9)
    assert listed(window) == []
    window.session.show(keys[1])

    def told() -> list[str]:
        return [label.text() for label in window.features.list.findChildren(QLabel) if label.isVisible()]

    qtbot.waitUntil(lambda: told() == ["No features: the image was refused [LATERAL_VIEW]."], timeout=10000)
    assert window.features.title.text() == "Features" and "LATERAL_VIEW" in window.frame.verdict.text()


def test_the_menu_of_a_line_chooses_it_and_offers_the_actions(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={})
    head = window.features.rows[1].head
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(), QPoint())
    QApplication.sendEvent(head, event)
    (menu,) = (menu for menu in window.findChildren(QMenu) if menu.isVisible())
    assert window.session.selection.features == (5,)
    names = [action.objectName() for action in menu.actions()]
    assert names == ["map_contour", "map_look", "mute"] and all(action.isEnabled() for action in menu.actions())
    menu.actions()[2].trigger()
    menu.close()
    assert listed(window) == [3, 9]
    window.features.list.headings["muted"].setFocus()
    qtbot.keyClick(window.features.list.headings["muted"], Qt.Key.Key_Right)
    qtbot.mouseClick(window.features.look.mute, Qt.MouseButton.LeftButton)
    assert listed(window) == [3, 5, 9]


def test_undo_on_one_image_leaves_what_was_muted_and_drawn_on_another(
    window: MainWindow, opened: Open, qtbot: Any
) -> None:
    first, second = opened(a={}, b={})
    mute(window, 3)
    window.session.show(second)
    qtbot.waitUntil(lambda: bool(window.features.rows) and not window.controller.busy, timeout=10000)
    mute(window, 5)
    nine = next(group for group in window.features.groups if group.ids == (9,))
    window.session.change_overlay("look", window.session.overlay.with_look(nine.key, MapLook(contour=True)))
    window.session.show(first)
    window.session.undo()
    overlay = window.session.overlay
    assert [key for _, key in overlay.muted] == ["feature number 5|Pleural Effusion|present|left"]
    assert list(overlay.looks) == [nine.key]


def test_nothing_chosen_is_said(window: MainWindow, opened: Open) -> None:
    opened(a={})
    for action in ("mute", "map_look"):
        window.statusBar().clearMessage()
        window.actions_by_id[action].trigger()
        assert window.statusBar().currentMessage() == "Choose features in the list first."
    assert not window.session.steps.undo_name


def test_packs_are_muted_apart(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={})
    other_pack(window, qtbot)
    beside = window.side.beside
    beside.rows[0].head.flip()
    assert window.session.overlay.beside == {3}
    mute(window, 3)
    assert listed(window) == [5, 9] and len(window.canvas.layers) == 1
    qtbot.mouseClick(beside.rows[0].head, Qt.MouseButton.LeftButton)
    assert beside.chosen is not None and beside.look.isVisible()
    window.actions_by_id["mute"].trigger()
    assert window.session.overlay.beside == frozenset() and beside.title.text().endswith("(2) · 1 muted")
    assert {sha256 for sha256, _ in window.session.overlay.muted} == {PACK_SHA256, "f" * 64}
    window.session.undo()
    assert window.session.overlay.beside == {3} and listed(window) == [5, 9]


def test_what_is_muted_is_kept_with_its_pack(dark: QApplication, qtbot: Any, tmp_path: Path) -> None:
    def start() -> MainWindow:
        session = Session(DraftStore(tmp_path / "drafts"))
        made = MainWindow(session, Controller(session, FakeEngine()), Preferences(tmp_path / "viewer.ini"))  # type: ignore[arg-type]
        qtbot.addWidget(made)
        return made

    first = start()
    key = (PACK_SHA256, "feature number 3|Pleural Effusion|present|left")
    first.session.change_overlay("mute", first.session.overlay.with_muted(frozenset({key})))
    first.close()
    again = start()
    assert again.session.overlay.muted == {key} and not again.session.steps.undo_name
    again.session.change_overlay("unmute", again.session.overlay.with_muted(frozenset()))
    again.close()
    assert Preferences(tmp_path / "viewer.ini").kept(NAME) == ""


@pytest.mark.parametrize("line", ["nonsense", "[1]", '{"abc": "x"}', '{"abc": [1]}'])
def test_a_line_that_cannot_be_used_mutes_nothing_and_is_told(dark: QApplication, tmp_path: Path, line: str) -> None:
    preferences = Preferences(tmp_path / "viewer.ini")
    preferences.keep(NAME, line)
    assert read_muted(preferences) == frozenset()
    (problem,) = preferences.problems
    assert problem.code == "SETTING_INVALID" and NAME in problem.message and "viewer.ini" in problem.hint
    assert preferences.kept(NAME) == line


def test_the_line_reads_as_it_was_written() -> None:
    muted = frozenset({("a" * 64, "effusion|Pleural Effusion|present|"), ("a" * 64, "#7"), ("b" * 64, "Erguß")})
    assert muted_from_text(muted_to_text(muted)) == muted and muted_to_text(frozenset()) == ""
