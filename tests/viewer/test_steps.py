"""Undo and redo of draft, overlay and measurements: in the order in which they were done, named in the menu."""

from __future__ import annotations

import pytest

from tests.viewer.looking import Open
from viewer.state.steps import Step, StepError, Steps
from viewer.window import MainWindow


def step(log: list[str], name: str, merge: str = "", kind: str = "x") -> Step:
    return Step(name, kind, lambda: log.append(f"-{name}"), lambda: log.append(f"+{name}"), merge)


def test_steps_are_taken_back_in_order_and_a_new_one_drops_the_undone() -> None:
    log: list[str] = []
    steps = Steps()
    steps.push(step(log, "a"))
    steps.push(step(log, "b"))
    steps.undo()
    steps.undo()
    steps.redo()
    assert log == ["-b", "-a", "+a"] and (steps.undo_name, steps.redo_name) == ("a", "b")
    steps.push(step(log, "c"))
    assert steps.redo_name == ""
    with pytest.raises(StepError, match="NOTHING_TO_REDO"):
        steps.redo()


def test_steps_of_one_drag_are_one_and_a_kind_can_be_forgotten() -> None:
    log: list[str] = []
    steps = Steps()
    steps.push(step(log, "a", kind="draft"))
    steps.push(step(log, "first", merge="slider"))
    steps.push(step(log, "second", merge="slider"))
    steps.undo()
    assert log == ["-first"] and steps.undo_name == "a"
    steps.redo()
    assert log[-1] == "+second"
    steps.forget("draft")
    steps.undo()
    with pytest.raises(StepError, match="NOTHING_TO_UNDO"):
        steps.undo()


def test_draft_and_overlay_share_one_history_named_in_the_menu(window: MainWindow, opened: Open) -> None:
    opened(a={})
    undo, redo = window.actions_by_id["undo"], window.actions_by_id["redo"]
    assert not undo.isEnabled() and undo.text() == "&Undo"
    commands, session = window.commands, window.session
    commands.switch_maps((3,), True)
    commands.confirm("s2")
    commands.switch_maps((3,), False)
    assert undo.text() == "&Undo hide feature 3" and undo.iconText() == "Undo"
    undo.trigger()
    assert session.overlay.visible == {3} and undo.text() == "&Undo confirm sentence"
    assert redo.text() == "&Redo hide feature 3"
    undo.trigger()
    assert session.draft is not None and session.draft.find("s2").state == "unconfirmed"
    undo.trigger()
    assert session.overlay.visible == frozenset() and not undo.isEnabled()
    for _ in range(3):
        redo.trigger()
    assert session.overlay.visible == frozenset() and session.draft.find("s2").state == "confirmed"


def test_a_drag_of_a_slider_is_one_step_and_leaves_the_rest_alone(window: MainWindow, opened: Open) -> None:
    opened(a={})
    opacity = window.session.overlay.opacity
    for value in (40, 30, 20):
        window.features.opacity.setValue(value)
    window.session.set_overlay(window.session.overlay.show((5,)))
    window.actions_by_id["undo"].trigger()
    assert window.session.overlay.opacity == pytest.approx(opacity) and window.session.overlay.visible == {5}
    window.actions_by_id["redo"].trigger()
    assert window.session.overlay.opacity == pytest.approx(0.2)


def test_each_image_has_its_own_steps(window: MainWindow, opened: Open) -> None:
    keys = opened(a={}, b={})
    window.commands.switch_maps((3,), True)
    window.session.show(keys[1])
    assert not window.actions_by_id["undo"].isEnabled()
    window.session.show(keys[0])
    assert window.actions_by_id["undo"].text() == "&Undo show feature 3"
