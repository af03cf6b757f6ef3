"""The features' lines come a few at a time, and each comes in the state that holds when it comes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.viewer.factories import make_analysis, make_radiograph
from viewer.features import panel as module
from viewer.features.panel import AT_ONCE, FeaturePanel
from viewer.state.images import Load, OpenImage
from viewer.state.overlay import OverlaySettings

MANY = tuple(range(20, 60))


@pytest.fixture
def panel(dark: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> FeaturePanel:
    """A panel that has no time for more rows than it must make at once."""
    monkeypatch.setattr(module, "FILL_S", 0.0)
    made = FeaturePanel()
    qtbot.addWidget(made)
    made.show()
    return made


def image(folder: Path, ids: tuple[int, ...], verdict: str = "suitable") -> OpenImage:
    radiograph = make_radiograph(folder, f"{ids[0]}-{verdict}.dcm")
    made = OpenImage(str(ids[0]), radiograph.source, Load.READY, radiograph.identity, radiograph)
    made.analysis = make_analysis(radiograph, ids, verdict)
    return made


def shown(panel: FeaturePanel) -> list[int]:
    return [row.feature.id for row in panel.rows]


def test_many_rows_come_in_turns_and_in_their_order(panel: FeaturePanel, qtbot: Any, tmp_path: Path) -> None:
    panel.show_image(image(tmp_path, MANY), OverlaySettings())
    assert shown(panel) == list(MANY[:AT_ONCE])
    assert panel.title.text().endswith("(40)")
    qtbot.waitUntil(lambda: len(panel.rows) == len(MANY), timeout=5000)
    assert shown(panel) == list(MANY)


def test_a_late_row_knows_what_happened_before_it_came(panel: FeaturePanel, qtbot: Any, tmp_path: Path) -> None:
    last = MANY[-1]
    panel.show_image(image(tmp_path, MANY), OverlaySettings())
    panel.show_overlay(OverlaySettings(visible=frozenset({last})).recolour(last, "#123456"))
    panel.mark(None, (last,))
    panel.search.setText(str(last))
    qtbot.waitUntil(lambda: len(panel.rows) == len(MANY), timeout=5000)
    row = panel.rows[-1]
    assert row.switch.isChecked() and row.bar.colour == "#123456" and row.mark == "linked"
    assert [r.feature.id for r in panel.rows if not r.isHidden()] == [last]


@pytest.mark.parametrize("verdict", ["suitable", "refused"])
def test_rows_that_wait_never_come_beside_another_image(
    panel: FeaturePanel, qtbot: Any, tmp_path: Path, verdict: str
) -> None:
    panel.show_image(image(tmp_path, MANY), OverlaySettings())
    panel.show_image(image(tmp_path, (3, 5, 9), verdict), OverlaySettings())
    qtbot.wait(50)
    assert shown(panel) == ([3, 5, 9] if verdict == "suitable" else [])


def test_an_image_without_active_features_says_so(panel: FeaturePanel, tmp_path: Path) -> None:
    empty = image(tmp_path, MANY)
    assert empty.analysis is not None
    empty.analysis = replace(empty.analysis, features=(), maps={})
    panel.show_image(empty, OverlaySettings())
    texts = [label.text() for label in panel.list.findChildren(module.QLabel)]
    assert "No feature is active on this image." in texts
