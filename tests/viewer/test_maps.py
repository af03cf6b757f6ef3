"""Features, their maps and the sentences they belong to."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt

from tests.viewer.looking import Open, row
from viewer.actions.catalogue import BY_ID
from viewer.settings.maps import BY_SECTION
from viewer.window import MainWindow


def test_choosing_a_sentence_shows_its_maps(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={})
    qtbot.mouseClick(row(window, "s1"), Qt.MouseButton.LeftButton)
    assert [layer.feature_ids for layer in window.canvas.layers] == [(3,), (5,)]
    assert [r.head.mark for r in window.features.rows] == ["linked", "linked", "none"]
    assert [r.head.switch.on for r in window.features.rows] == [True, True, False]
    qtbot.mouseClick(row(window, "s2"), Qt.MouseButton.LeftButton)
    assert window.canvas.layers == ()
    assert window.features.rows[2].head.mark == "linked"


def test_the_maps_of_an_edited_sentence_go_and_come_back_with_undo(
    window: MainWindow, opened: Open, qtbot: Any
) -> None:
    opened(a={})
    qtbot.mouseClick(row(window, "s1"), Qt.MouseButton.LeftButton)
    window.commands.edit("s1", "No effusion.")
    assert window.canvas.layers == () and not window.canvas.legend.isVisible()
    assert [r.head.switch.on for r in window.features.rows] == [False, False, False]
    window.actions_by_id["undo"].trigger()
    assert [layer.feature_ids for layer in window.canvas.layers] == [(3,), (5,)]


def test_cited_first_follows_edits_and_undo(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={})

    def shown() -> list[int]:
        return [r.group.first.id for r in window.features.rows]

    assert shown() == [3, 5, 9]
    window.commands.edit("s1", "Mine.")
    assert shown() == [5, 9, 3]
    rows = window.features.rows
    qtbot.waitUntil(lambda: [r.y() for r in rows] == sorted(r.y() for r in rows), timeout=2000)
    window.actions_by_id["undo"].trigger()
    assert shown() == [3, 5, 9]
    window.actions_by_id["redo"].trigger()
    assert shown() == [5, 9, 3]


def test_choosing_a_feature_marks_its_sentences(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={})
    qtbot.mouseClick(window.features.rows[1].head, Qt.MouseButton.LeftButton)
    assert [r.mark for r in window.report.rows] == ["linked", "none", "linked"]
    qtbot.mouseClick(window.features.rows[1].head, Qt.MouseButton.LeftButton)
    assert [r.mark for r in window.report.rows] == ["none", "none", "none"]


def test_switches_colours_opacity_and_threshold_reach_the_picture(window: MainWindow, opened: Open) -> None:
    opened(a={})
    bare = window.canvas.grab().toImage()
    window.features.rows[0].head.switch.click()
    (layer,) = window.canvas.layers
    covered = window.canvas.grab().toImage()
    assert covered != bare
    window.features.opacity.setValue(0)
    assert window.session.overlay.opacity == 0
    window.features.opacity.setValue(80)
    window.features.rows[0].recoloured.emit(window.features.rows[0].group.key, "#00ff00")
    assert window.canvas.layers[0].colour == "#00ff00" != layer.colour
    window.features.threshold.setValue(95)
    assert window.session.overlay.threshold == 0.95


def test_search_leaves_the_rows_that_fit(window: MainWindow, opened: Open) -> None:
    opened(a={})
    window.features.search.setText("number 5")
    assert [r.isHidden() for r in window.features.rows] == [True, False, True]
    window.features.search.setText("")
    assert not any(r.isHidden() for r in window.features.rows)


def test_holding_the_key_hides_the_maps_and_letting_go_shows_them(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={})
    bare = window.canvas.grab().toImage()
    window.session.set_overlay(window.session.overlay.show((3,)))
    covered = window.canvas.grab().toImage()
    window.activateWindow()
    window.features.rows[0].head.setFocus()
    qtbot.waitUntil(window.features.rows[0].head.hasFocus, timeout=2000)
    qtbot.keyPress(window.features.rows[0].head, BY_ID["peek"].keys[0].lower())
    assert window.canvas.layers == () and window.canvas.grab().toImage() == bare
    qtbot.keyRelease(window.features.rows[0].head, BY_ID["peek"].keys[0].lower())
    assert len(window.canvas.layers) == 1 and window.canvas.grab().toImage() == covered


def test_the_peek_key_types_a_letter_in_a_text_field(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={})
    window.activateWindow()
    window.features.search.setFocus()
    qtbot.waitUntil(window.features.search.hasFocus, timeout=2000)
    qtbot.keyPress(window.features.search, "g")
    assert window.features.search.text() == "g" and not window.session.overlay.peek


def test_the_headings_of_sections_are_a_choice_that_is_kept(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={})
    action, headings = window.actions_by_id["by_section"], window.features.list.headings
    assert action.isChecked() and headings["pleura"].isVisible()
    qtbot.mouseClick(window.features.columns.sections, Qt.MouseButton.LeftButton)
    assert not action.isChecked() and not headings["pleura"].isVisible() and not window.preferences.flag(BY_SECTION)
    assert not window.side.beside.columns.sections.isChecked()
    action.trigger()
    assert action.isChecked() and window.features.columns.sections.isChecked() and headings["pleura"].isVisible()
