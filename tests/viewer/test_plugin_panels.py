"""Panels of plug-ins follow the image shown; one that fails is closed and told, and the window goes on."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication, QLabel

from engine.report.composing import Composing
from viewer.dialogs import ProblemBox
from viewer.i18n import language
from viewer.plugins.menu import PanelMenu
from viewer.plugins.panel import PanelDock
from viewer.report.composed import composed_by
from viewer.window import MainWindow

EXAMPLE = Path(__file__).resolve().parents[2] / "packaging" / "example-plugin"
BAD = """
from PySide6.QtWidgets import QLabel
def raises(parent):
    raise ValueError("no panel today")
def nothing(parent):
    return None
class Late(QLabel):
    def show_image(self, shown):
        if shown is not None and shown.analysis is not None:
            raise SystemExit(1)
"""
ENTRIES = """
[saerad.panels]
feature-count = saerad_example.panel:FeatureCount
raises = saerad_bad_panels:raises
nothing = saerad_bad_panels:nothing
late = saerad_bad_panels:Late
missing = saerad_bad_panels.none:x
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Plug-ins in the environment of the window."""
    info = tmp_path / "site" / "panels-0.1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: panels\nVersion: 0.1.0\n")
    (info / "entry_points.txt").write_text(ENTRIES)
    (tmp_path / "site" / "saerad_bad_panels.py").write_text(BAD)
    for folder in (EXAMPLE, tmp_path / "site"):
        monkeypatch.syspath_prepend(str(folder))
    yield
    for name in [name for name in sys.modules if name.split(".")[0] in ("saerad_bad_panels", "saerad_example")]:
        del sys.modules[name]


@pytest.fixture
def window(installed: None, window: MainWindow) -> MainWindow:
    """A window in whose environment they are installed."""
    return window


def choose(window: MainWindow, name: str, on: bool = True) -> None:
    next(action for action in window.plugin_panels.actions() if action.objectName() == name).setChecked(on)


def checked(window: MainWindow) -> list[str]:
    return [action.objectName() for action in window.plugin_panels.actions() if action.isChecked()]


def problems(window: MainWindow) -> list[str]:
    return [box.text() for box in window.findChildren(ProblemBox)]


def docks(window: MainWindow) -> list[str]:
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return [dock.plugin.name for dock in window.findChildren(PanelDock)]


def test_a_panel_follows_the_image_shown(window: MainWindow, opened: Callable[..., list[str]], qtbot: Any) -> None:
    assert "saerad_example.panel" not in sys.modules
    keys = opened(a={}, b={"BodyPartExamined": "KNEE"})
    choose(window, "feature-count")
    text = window.plugin_panels.docks["feature-count"].widget().text  # type: ignore[attr-defined]
    analysis = window.session.images[keys[0]].analysis
    assert analysis is not None
    assert sum(int(line.split(" × ")[0]) for line in text().splitlines()) == len(analysis.features)
    window.session.show(keys[1])
    assert text() == ""
    window.session.show(keys[0])
    assert text() != "" and problems(window) == []
    choose(window, "feature-count", False)
    assert docks(window) == []


def test_panels_that_fail_are_told_and_the_window_goes_on(window: MainWindow, opened: Callable[..., list[str]]) -> None:
    assert isinstance(window.plugin_panels, PanelMenu) and window.plugin_panels.isEnabled()
    for name in ("raises", "nothing", "missing", "late"):
        choose(window, name)
    assert checked(window) == ["late"] and docks(window) == ["late"]
    codes = {text.split("]")[0].strip("[") for text in problems(window)}
    assert codes == {"PLUGIN_FAILED", "PLUGIN_RESULT", "PLUGIN_IMPORT"}
    choose(window, "feature-count")
    keys = opened(a={})
    assert window.session.current_key == keys[0] and len(problems(window)) == 4
    assert checked(window) == ["feature-count"] and docks(window) == ["feature-count"]


def test_a_panel_closed_by_its_own_button_is_not_checked(window: MainWindow) -> None:
    choose(window, "feature-count")
    window.plugin_panels.docks["feature-count"].close()
    assert checked(window) == [] and docks(window) == []


def test_the_draft_says_which_plugin_composed_it_or_why_not(
    window: MainWindow, opened: Callable[..., list[str]], dark: QApplication
) -> None:
    opened(a={})
    draft = window.session.draft
    assert draft is not None and composed_by(draft) == ""
    window.session.change("by hand", replace(draft, composing=Composing("brief (their-package 1.0)")))
    shown = "\n".join(label.text() for label in window.report.body.findChildren(QLabel))
    assert "Composed by the plug-in brief (their-package 1.0)." in shown
    failed = replace(draft, composing=Composing("brief", "PLUGIN_FAILED", "it was tired"))
    assert composed_by(failed) == "Composed by the program's own rules: it was tired [PLUGIN_FAILED]"
    language.use("de", dark)
    try:
        assert "Das Plug-in ist gescheitert" in composed_by(failed) and "(it was tired)" in composed_by(failed)
    finally:
        language.use("en", dark)
