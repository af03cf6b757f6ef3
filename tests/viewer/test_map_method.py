"""The heat maps' method chosen in the viewer: maps of one method are never shown under another's name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication, QMessageBox

from engine.errors import InferenceError, PackError
from engine.inference.attribution import METHOD_TITLES
from tests.engine.toy_pack import build_toy_pack
from tests.viewer.factories import FakeEngine, write_dicom
from tests.viewer.looking import Open, message
from tests.viewer.test_compare import other_pack
from viewer.actions.spec import OVERLAY
from viewer.app import make_window
from viewer.map_requests import method_of
from viewer.settings.maps import METHOD
from viewer.settings.preferences import Preferences
from viewer.window import MainWindow


def shown(window: MainWindow) -> str:
    """The method by which the maps on the screen say that they were made."""
    titles = {layer.method for layer in window.canvas.layers}
    assert len(titles) == 1 and next(iter(titles)) in window.canvas.legend.toolTip()
    return next(name for name, title in METHOD_TITLES.items() if title in titles)


def settled(window: MainWindow, qtbot: Any, method: str) -> None:
    image = window.session.current
    assert image is not None
    qtbot.waitUntil(
        lambda: image.analysis is not None and method_of(image.analysis) == method and not window.controller.busy,
        timeout=10000,
    )


def test_the_menu_holds_each_method_once_and_changes_what_is_shown(
    window: MainWindow, opened: Open, engine: FakeEngine, qtbot: Any
) -> None:
    (key,) = opened(a={})
    window.session.set_overlay(window.session.overlay.show((3,)))
    draft, bare = window.session.draft, window.canvas.grab().toImage()
    choices = window.methods.choices
    assert [a.text().lower() for a in choices.values()] == [title.lower() for title in METHOD_TITLES.values()]
    (menu,) = [a.menu() for a in window.menuBar().actions() if a.text() == OVERLAY]
    assert window.methods.menuAction() in menu.actions()
    assert shown(window) == "messages" and choices["messages"].isChecked()
    choices["integrated"].trigger()
    settled(window, qtbot, "integrated")
    assert shown(window) == "integrated" and window.canvas.grab().toImage() != bare
    assert [a.isChecked() for a in choices.values()] == [False, True, False]
    assert window.session.images[key].work.value == "analysed" and window.session.draft is draft
    assert engine.maps_asked == [(window.session.images[key].identity.sop_instance_uid, "integrated")]  # type: ignore[union-attr]


def test_another_method_can_be_taken_back(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={})
    window.session.set_overlay(window.session.overlay.show((3,)))
    window.methods.choices["integrated"].trigger()
    settled(window, qtbot, "integrated")
    assert "change method" in window.actions_by_id["undo"].text()
    window.actions_by_id["undo"].trigger()
    settled(window, qtbot, "messages")
    assert shown(window) == "messages" and window.methods.choices["messages"].isChecked()
    assert window.preferences.text(METHOD) == "messages"
    window.actions_by_id["redo"].trigger()
    settled(window, qtbot, "integrated")
    assert shown(window) == "integrated"


def test_until_new_maps_are_there_the_old_ones_stay_under_their_own_name_and_are_what_is_exported(
    window: MainWindow, opened: Open, engine: FakeEngine, qtbot: Any, tmp_path: Path
) -> None:
    opened(a={})
    window.session.set_overlay(window.session.overlay.show((3,)))
    engine.maps_gate.clear()
    window.methods.choices["occlusion"].trigger()
    qtbot.waitUntil(lambda: METHOD_TITLES["occlusion"] in window.work.text.text(), timeout=5000)
    assert shown(window) == "messages" and window.work.cancel.isVisible()
    window.controller.export(tmp_path / "first", ("text",))
    qtbot.waitUntil(lambda: len(engine.exported) == 1, timeout=10000)
    assert method_of(engine.exported[0]) == "messages"
    qtbot.waitUntil(lambda: [method for _, method in engine.maps_asked] == ["occlusion"] * 2, timeout=10000)
    engine.maps_gate.set()
    settled(window, qtbot, "occlusion")
    assert shown(window) == "occlusion" and not window.work.cancel.isVisible()
    window.controller.export(tmp_path / "second", ("text",))
    qtbot.waitUntil(lambda: len(engine.exported) == 2, timeout=10000)
    assert method_of(engine.exported[1]) == "occlusion"


def test_a_newer_choice_ends_an_older_one(window: MainWindow, opened: Open, engine: FakeEngine, qtbot: Any) -> None:
    opened(a={})
    engine.maps_gate.clear()
    window.methods.choices["occlusion"].trigger()
    qtbot.waitUntil(lambda: len(engine.maps_asked) == 1, timeout=5000)
    window.methods.choices["integrated"].trigger()
    qtbot.waitUntil(lambda: len(engine.maps_asked) == 2, timeout=5000)
    engine.maps_gate.set()
    settled(window, qtbot, "integrated")
    window.methods.choices["messages"].trigger()
    settled(window, qtbot, "messages")


def test_cancelling_goes_back_to_the_method_of_the_maps_shown(
    window: MainWindow, opened: Open, engine: FakeEngine, qtbot: Any
) -> None:
    opened(a={})
    engine.maps_gate.clear()
    window.methods.choices["occlusion"].trigger()
    qtbot.waitUntil(window.work.cancel.isVisible, timeout=5000)
    window.work.cancel.click()
    assert window.methods.choices["messages"].isChecked() and window.session.overlay.method == "messages"
    assert not window.controller.busy and not window.work.cancel.isVisible()


def test_a_failure_is_told_and_goes_back(window: MainWindow, opened: Open, engine: FakeEngine, qtbot: Any) -> None:
    opened(a={})
    engine.maps_fail = InferenceError("MODEL_FAILED", "the model could not be run", "")
    window.methods.choices["occlusion"].trigger()
    qtbot.waitUntil(lambda: window.session.overlay.method == "messages", timeout=5000)
    assert "MODEL_FAILED" in message(window).text() + message(window).informativeText()
    assert not window.controller.busy


def test_the_choice_holds_for_other_images_and_for_an_analysis_again(
    window: MainWindow, opened: Open, engine: FakeEngine, qtbot: Any
) -> None:
    first, second = opened(a={}, b={})
    engine.maps_gate.clear()
    window.methods.choices["occlusion"].trigger()
    qtbot.waitUntil(lambda: len(engine.maps_asked) == 1, timeout=5000)
    window.session.show(second)
    qtbot.waitUntil(lambda: len(engine.maps_asked) == 2, timeout=10000)
    uids = [window.session.images[key].identity.sop_instance_uid for key in (first, second)]  # type: ignore[union-attr]
    assert engine.maps_asked == [(uid, "occlusion") for uid in uids]
    engine.maps_gate.set()
    settled(window, qtbot, "occlusion")
    unfinished = window.session.images[first].analysis
    assert unfinished is not None and method_of(unfinished) == "messages"
    window.session.show(first)
    settled(window, qtbot, "occlusion")
    window.commands.analyse()
    qtbot.waitUntil(lambda: len(engine.maps_asked) == 4, timeout=10000)
    settled(window, qtbot, "occlusion")


def test_the_choice_is_kept_and_is_a_setting(dark: QApplication, qtbot: Any, tmp_path: Path) -> None:
    path = tmp_path / "new" / "viewer.ini"

    def start() -> MainWindow:
        window = make_window(None, "cpu", tmp_path / "drafts", preferences=Preferences(path))
        qtbot.addWidget(window)
        return window

    first = start()
    first.methods.choices["integrated"].trigger()
    first.close()
    again = start()
    assert again.session.overlay.method == "integrated" and again.methods.choices["integrated"].isChecked()
    again.preferences.set(METHOD, "occlusion")
    assert again.session.overlay.method == "occlusion" and again.methods.choices["occlusion"].isChecked()
    again.close()


def methods_of_layers(window: MainWindow) -> list[str]:
    titles = {title: name for name, title in METHOD_TITLES.items()}
    return [titles[layer.method] for layer in window.canvas.layers]


def compared(window: MainWindow, qtbot: Any) -> None:
    """Show the maps of feature 3 of both packs."""
    other_pack(window, qtbot)
    window.commands.switch_maps((3,), True)
    window.side.beside.rows[0].head.flip()
    assert methods_of_layers(window) == ["messages", "messages"]


def test_the_other_pack_s_maps_follow_the_method_after_those_of_the_draft_s(
    window: MainWindow, opened: Open, engine: FakeEngine, qtbot: Any
) -> None:
    opened(a={})
    compared(window, qtbot)
    rows, tip = window.side.beside.rows, window.side.bar.choice.toolTip()
    assert tip.count(METHOD_TITLES["messages"]) == 2 and "2 features that say 2 things, 2 heat maps" in tip
    window.methods.choices["integrated"].trigger()
    qtbot.waitUntil(lambda: methods_of_layers(window) == ["integrated", "integrated"], timeout=10000)
    assert engine.maps_packs == ["", "other"] and window.side.beside.rows == rows
    assert window.side.bar.choice.toolTip().count(METHOD_TITLES["integrated"]) == 2
    # What comes later follows, too.
    other_pack(window, qtbot, "third")
    qtbot.waitUntil(lambda: engine.maps_packs == ["", "other", "third"] and not window.controller.busy, timeout=10000)


def test_a_failure_for_the_other_pack_leaves_the_draft_s_maps_and_is_told_once(
    window: MainWindow, opened: Open, engine: FakeEngine, qtbot: Any
) -> None:
    opened(a={})
    compared(window, qtbot)
    make = engine.maps

    def fails(radiograph: Any, analysis: Any, method: Any, control: Any, pack: str = "") -> Any:
        if pack:
            raise PackError("PACK_CHANGED", "the pack is another", "")
        return make(radiograph, analysis, method, control)

    engine.maps = fails  # type: ignore[method-assign]
    window.methods.choices["integrated"].trigger()
    qtbot.waitUntil(lambda: methods_of_layers(window) == ["integrated", "messages"], timeout=10000)
    qtbot.waitUntil(lambda: any(box.isVisible() for box in window.findChildren(QMessageBox)), timeout=5000)
    assert "PACK_CHANGED" in message(window).text() + message(window).informativeText()
    message(window).accept()
    assert window.methods.choices["integrated"].isChecked() and not window.controller.busy
    # The legend names both methods, and no one is asked again while nothing else is chosen.
    told = window.canvas.legend.toolTip()
    assert METHOD_TITLES["integrated"] in told and f"other pack: {METHOD_TITLES['messages']}" in told
    window.commands.set_opacity(0.5)
    assert not window.controller.busy
    engine.maps = make  # type: ignore[method-assign]
    window.methods.choices["messages"].trigger()
    settled(window, qtbot, "messages")
    window.methods.choices["integrated"].trigger()
    qtbot.waitUntil(lambda: methods_of_layers(window) == ["integrated", "integrated"], timeout=10000)


def test_cancelling_for_the_other_pack_keeps_what_is_there(
    window: MainWindow, opened: Open, engine: FakeEngine, qtbot: Any
) -> None:
    opened(a={})
    compared(window, qtbot)
    make = engine.maps

    def gated(radiograph: Any, analysis: Any, method: Any, control: Any, pack: str = "") -> Any:
        if pack:
            engine.maps_gate.clear()
        return make(radiograph, analysis, method, control, pack)

    engine.maps = gated  # type: ignore[method-assign]
    window.methods.choices["integrated"].trigger()
    qtbot.waitUntil(lambda: engine.maps_packs == ["", "other"], timeout=10000)
    assert window.work.text.text().endswith("other 0.1.0")
    window.work.cancel.click()
    assert methods_of_layers(window) == ["integrated", "messages"] and not window.controller.busy
    window.commands.set_opacity(0.5)
    assert not window.controller.busy and window.session.overlay.method == "integrated"


@pytest.mark.parametrize("method", ["integrated", "occlusion"])
def test_the_real_engine_makes_the_maps_of_the_very_features(
    dark: QApplication, qtbot: Any, decoder: None, tmp_path: Path, method: Any
) -> None:
    window = make_window(str(build_toy_pack(tmp_path / "toy")), "cpu", tmp_path / "drafts")
    qtbot.addWidget(window)
    window.show()
    window.controller.open([write_dicom(tmp_path / "a.dcm")])
    qtbot.waitUntil(lambda: bool(window.controller.maps), timeout=60000)
    image = window.session.current
    assert image is not None and image.analysis is not None
    before = image.analysis
    window.methods.choices[method].trigger()
    settled(window, qtbot, method)
    after = image.analysis
    assert after.features == before.features and set(after.maps) == set(before.maps)
    for ident, made in after.maps.items():
        assert made.preactivation == pytest.approx(before.maps[ident].preactivation, abs=1e-5)
        assert not np.allclose(made.values, before.maps[ident].values, atol=1e-6)
    assert {made.method for made in window.controller.maps[image.key].values()} == {METHOD_TITLES[method]}
    window.close()
