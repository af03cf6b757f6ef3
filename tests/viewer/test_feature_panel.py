"""The features' lines come a few at a time, and each comes in the state that holds when it comes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from tests.viewer.factories import make_analysis, make_radiograph
from viewer.features import listed as module
from viewer.features.listed import AT_ONCE
from viewer.features.panel import FeaturePanel
from viewer.state.groups import Order
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
    return [row.group.first.id for row in panel.rows]


def test_many_rows_come_in_turns_and_in_their_order(panel: FeaturePanel, qtbot: Any, tmp_path: Path) -> None:
    panel.show_image(image(tmp_path, MANY), OverlaySettings())
    assert shown(panel) == list(MANY[:AT_ONCE])
    assert panel.title.text().endswith("(40)")
    qtbot.waitUntil(lambda: len(panel.rows) == len(MANY), timeout=5000)
    assert shown(panel) == list(MANY)


def test_a_late_row_knows_what_happened_before_it_came(panel: FeaturePanel, qtbot: Any, tmp_path: Path) -> None:
    last = MANY[-1]
    panel.show_image(image(tmp_path, MANY), OverlaySettings())
    key = panel.groups[-1].key
    panel.show_overlay(OverlaySettings(visible=frozenset({last})).recolour(key, "#123456"))
    panel.mark((), (last,))
    panel.search.setText(str(last))
    qtbot.waitUntil(lambda: len(panel.rows) == len(MANY), timeout=5000)
    line = panel.rows[-1].head
    assert line.switch.on and line.colour == "#123456" and line.mark == "linked"
    assert [row.group.first.id for row in panel.rows if not row.isHidden()] == [last]


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
    texts = [label.text() for label in panel.list.findChildren(QLabel)]
    assert "No feature is active on this image." in texts


def grouped(folder: Path) -> OpenImage:
    """Features 3, 5 and 7 say one thing and 9 another; 9 has no map."""
    made = image(folder, (3, 5, 7, 9))
    assert made.analysis is not None
    features = tuple(
        replace(f, description="pacemaker in place" if f.id != 9 else f.description) for f in made.analysis.features
    )
    made.analysis = replace(made.analysis, features=features)
    return made


def test_a_group_is_one_line_that_lists_its_members(panel: FeaturePanel, qtbot: Any, tmp_path: Path) -> None:
    panel.show_image(grouped(tmp_path), OverlaySettings())
    assert panel.title.text() == "Features (4 in 2 groups)"
    pace, other = panel.rows
    assert (pace.head.text.title, pace.head.text.count, other.head.text.count) == ("pacemaker in place", "×3", "")
    assert pace.head.accessibleName() == "3 features: pacemaker in place"
    # Whatever a narrow panel cuts is whole in the tooltip.
    assert pace.head.text.detail == "#3 +2  Pleural Effusion  left"
    assert all(text in pace.head.toolTip() for text in (pace.head.text.name, pace.head.text.detail))
    assert pace.head.arrow is not None and other.head.arrow is None and pace.members == []
    qtbot.keyClick(pace.head, Qt.Key.Key_Right)
    assert [line.feature.id for line in pace.members] == [3, 5, 7]
    assert all(line.isVisible() for line in pace.members)
    qtbot.keyClick(pace.head, Qt.Key.Key_Left)
    assert not any(line.isVisible() for line in pace.members)


def test_a_line_shows_the_numbers_of_the_feature_it_names(panel: FeaturePanel, tmp_path: Path) -> None:
    made = grouped(tmp_path)
    assert made.analysis is not None
    strengths = {3: (70.0, 11.6), 5: (89.0, 1.5), 7: (80.0, 0.4), 9: (60.0, 1.0)}
    features = tuple(replace(f, percentile=strengths[f.id][0], activation=strengths[f.id][1])
                     for f in made.analysis.features)  # fmt: skip
    made.analysis = replace(made.analysis, features=features)
    panel.show_image(made, OverlaySettings())
    head = panel.rows[0].head
    assert head.text.detail.startswith("#3 +2") and (head.percentile, head.activation) == (70.0, 11.6)
    said = "#3, the most active of the 3: percentile 70, activation 11.60"
    assert head.accessibleDescription() == said and said in head.toolTip()
    assert panel.rows[1].head.accessibleDescription() == "percentile 60, activation 1.00"
    panel.columns.choice.setCurrentIndex(list(Order).index(Order.PERCENTILE))
    assert shown(panel) == [3, 9]


def test_the_switch_of_a_group_switches_all_its_maps(panel: FeaturePanel, qtbot: Any, tmp_path: Path) -> None:
    panel.show_image(grouped(tmp_path), OverlaySettings())
    told: list[tuple[tuple[int, ...], bool]] = []
    panel.switched.connect(lambda ids, on: told.append((ids, on)))
    head = panel.rows[0].head
    assert head.arrow is not None
    head.arrow.click()
    panel.show_overlay(OverlaySettings(visible=frozenset({5})))
    assert head.switch.checkState() is Qt.CheckState.PartiallyChecked
    assert [line.switch.on for line in panel.rows[0].members] == [False, True, False]
    qtbot.keyClick(head, Qt.Key.Key_M)
    panel.show_overlay(OverlaySettings(visible=frozenset({3, 5, 7})))
    assert head.switch.on
    qtbot.mouseClick(panel.rows[0].members[0].switch, Qt.MouseButton.LeftButton)
    panel.show_overlay(OverlaySettings(visible=frozenset({5, 7})))
    head.switch.click()
    head.switch.click()
    assert told == [((3, 5, 7), True), ((3,), False), ((3, 5, 7), True), ((3, 5, 7), False)]


def test_marks_fall_on_members_that_are_listed_and_on_the_group_else(
    panel: FeaturePanel, qtbot: Any, tmp_path: Path
) -> None:
    panel.show_image(grouped(tmp_path), OverlaySettings())
    pace, other = panel.rows
    panel.mark((), (5,))
    assert (pace.head.mark, other.head.mark) == ("linked", "none")
    panel.mark((5,), ())
    assert pace.head.mark == "selected"
    assert pace.head.arrow is not None
    pace.head.arrow.click()
    assert pace.head.mark == "linked" and [line.mark for line in pace.members] == ["none", "selected", "none"]
    chosen: list[tuple[int, ...]] = []
    panel.features_chosen.connect(chosen.append)
    qtbot.keyClick(pace.members[1], Qt.Key.Key_Return)
    qtbot.mouseClick(pace.head, Qt.MouseButton.LeftButton)
    assert chosen == [(5,), (3, 5, 7)]


def test_another_order_moves_the_lines_also_those_that_come_late(
    panel: FeaturePanel, qtbot: Any, tmp_path: Path
) -> None:
    made = image(tmp_path, MANY)
    assert made.analysis is not None
    features = tuple(replace(f, activation=float(f.id)) for f in made.analysis.features)
    made.analysis = replace(made.analysis, features=features)
    panel.show_image(made, OverlaySettings())
    assert shown(panel) == list(MANY[: -AT_ONCE - 1 : -1])
    panel.columns.choice.setCurrentIndex(list(Order).index(Order.PERCENTILE))
    qtbot.waitUntil(lambda: len(panel.rows) == len(MANY), timeout=5000)
    assert shown(panel) == list(MANY)
    qtbot.waitUntil(lambda: [r.y() for r in panel.rows] == sorted({r.y() for r in panel.rows}), timeout=5000)


def sectioned(folder: Path) -> OpenImage:
    """Features 3, 5 and 9 of the heart, 7 of the lungs, 4 of devices."""
    made = image(folder, (3, 4, 5, 7, 9))
    assert made.analysis is not None
    where = {7: "lungs", 4: "devices"}
    made.analysis = replace(
        made.analysis,
        features=tuple(
            replace(f, section=where.get(f.id, "heart"), activation=float(f.id)) for f in made.analysis.features
        ),
    )
    return made


def headings(panel: FeaturePanel) -> list[tuple[str, str]]:
    return [(h.title.text(), h.count.text()) for h in panel.list.headings.values() if h.isVisible()]


def test_sections_have_headings_that_count_and_the_order_holds_within_them(
    panel: FeaturePanel, qtbot: Any, tmp_path: Path
) -> None:
    panel.show_image(sectioned(tmp_path), OverlaySettings())
    qtbot.waitUntil(lambda: len(panel.rows) == 5, timeout=5000)
    assert shown(panel) == [7, 9, 5, 3, 4]
    assert headings(panel) == [
        ("LUNGS", "1 finding"), ("HEART AND MEDIASTINUM", "3 findings"), ("DEVICES", "1 finding")
    ]  # fmt: skip
    panel.list.show_cited({3})
    assert shown(panel) == [7, 3, 9, 5, 4] and headings(panel)[1][1] == "3 findings · 1 in the draft"
    panel.columns.choice.setCurrentIndex(list(Order).index(Order.NUMBER))
    assert shown(panel) == [7, 3, 5, 9, 4]
    panel.search.setText("number 5")
    assert headings(panel) == [("HEART AND MEDIASTINUM", "3 findings · 1 in the draft · 1 found")]
    panel.search.setText("")
    panel.show_listing(by_section=False)
    assert shown(panel) == [3, 4, 5, 7, 9] and headings(panel) == []
    panel.show_listing(by_section=True)
    widgets = sorted([*panel.rows, *panel.list.headings.values()], key=panel.list.column.indexOf)
    assert widgets[0] is panel.list.headings["lungs"] and widgets[2] is panel.list.headings["heart"]


def test_maps_by_another_method_leave_the_list_as_it_is(panel: FeaturePanel, tmp_path: Path) -> None:
    made = image(tmp_path, (3, 5, 9))
    panel.show_image(made, OverlaySettings())
    rows = panel.rows
    assert made.analysis is not None
    made.analysis = replace(made.analysis, maps={i: replace(m, method="other") for i, m in made.analysis.maps.items()})
    panel.show_image(made, OverlaySettings())
    assert panel.rows == rows
