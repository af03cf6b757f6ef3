"""Analyses of one image by several packs."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from PySide6.QtWidgets import QLabel

from engine.pack.library import PackEntry
from tests.viewer.factories import PACK_SHA256
from tests.viewer.looking import Open, message
from viewer.features.pack_dialog import PackDialog
from viewer.window import MainWindow


def other_pack(window: MainWindow, qtbot: Any, name: str = "other") -> None:
    window.comparison.analyse(name)
    qtbot.waitUntil(lambda: window.session.current.compared is not None)  # type: ignore[union-attr]
    key = window.session.current_key
    qtbot.waitUntil(lambda: key in window.controller.comparing.maps)


def test_another_pack_is_listed_beside_and_the_draft_stays(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={})
    draft = window.session.draft
    assert not window.side.bar.isVisible() and not window.side.beside.isVisible()
    other_pack(window, qtbot)
    image = window.session.current
    assert image is not None and window.session.draft is draft and image.analysis is not None
    assert image.analysis.pack_name == "toy" and window.side.own.isVisible() and window.side.beside.isVisible()
    assert [row.group.description for row in window.side.beside.rows] == ["other 3", "other 4"]
    bar = window.side.bar
    assert bar.bound.full == "The draft stands on toy 0.1.0 and on no other."
    texts = [bar.choice.itemText(n) for n in range(bar.choice.count())]
    assert texts == ["toy 0.1.0 (draft)", "toy 0.1.0 (draft) beside other 0.1.0", "other 0.1.0"]
    assert bar.choice.currentIndex() == 1
    tip = bar.choice.toolTip()
    assert PACK_SHA256 in tip and "f" * 64 in tip and "CPU, int8" in tip and "class-token messages" in tip
    bar.choice.activated.emit(2)
    assert not window.side.own.isVisible() and window.side.beside.isVisible()
    bar.choice.activated.emit(0)
    assert window.side.own.isVisible() and not window.side.beside.isVisible() and image.others
    bar.choice.activated.emit(1)
    assert window.side.own.isVisible() and window.side.beside.isVisible()


def test_the_heads_of_two_lists_have_room(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={})
    other_pack(window, qtbot)
    window.resize(1280, 800)
    for panel in (window.side.own, window.side.beside):
        columns = panel.columns
        parts = [columns.choice, columns.sections, *columns.findChildren(QLabel)]
        qtbot.waitUntil(lambda parts=parts: parts[-1].x() > parts[0].x())
        assert all(a.geometry().right() < b.x() for a, b in pairwise(parts))
        assert all(label.fontMetrics().horizontalAdvance(label.text()) <= label.width() for label in parts[2:])


def test_maps_of_two_packs_are_told_apart(window: MainWindow, opened: Open, qtbot: Any) -> None:
    keys = opened(a={}, b={})
    other_pack(window, qtbot)
    key = window.session.current_key
    qtbot.waitUntil(lambda: key in window.controller.maps)
    window.commands.switch_maps((3,), True)
    row = next(row for row in window.side.beside.rows if row.group.ids == (3,))
    row.head.flip()
    own, other = window.canvas.layers
    assert (own.feature_ids, other.feature_ids) == ((3,), (3,))
    assert own.label == "#3 feature number 3" and other.label == "other 0.1.0: #3 other 3"
    assert own.colour != other.colour and (own.beside, other.beside) == (False, True)
    assert own.outline and other.outline
    # The same number means another feature in the other list, which its switch leaves alone.
    window.commands.switch_maps((3,), False)
    assert [layer.beside for layer in window.canvas.layers] == [True] and window.canvas.layers[0].outline
    window.session.undo()
    assert len(window.canvas.layers) == 2
    window.actions_by_id["overlay_none"].trigger()
    assert window.canvas.layers == ()
    window.session.show(keys[1])
    assert not window.side.beside.isVisible()
    window.session.show(keys[0])
    assert window.side.beside.isVisible(), "results are kept for the session"


def test_the_pack_of_the_draft_is_not_its_own_comparison(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={})
    image = window.session.current
    assert image is not None and image.analysis is not None
    window.controller.engine.analyse_with = lambda pack, radiograph, control: window.controller.engine.analyse(  # type: ignore[method-assign]
        radiograph, control
    )
    window.comparison.analyse("toy")
    qtbot.waitUntil(lambda: any("SAME_PACK" in label.text() for label in window.findChildren(QLabel)))
    message(window).accept()
    assert image.compared is None and not image.others


def test_the_packs_that_are_installed_are_offered(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={})
    window.actions_by_id["analyse_with"].trigger()
    qtbot.waitUntil(lambda: any(box.isVisible() for box in window.findChildren(PackDialog)))
    (dialog,) = window.findChildren(PackDialog)
    assert any("demo" in dialog.list.item(n).text() for n in range(dialog.list.count()))
    dialog.list.setCurrentRow(0)
    dialog.go.click()
    qtbot.waitUntil(lambda: window.session.current.compared is not None)  # type: ignore[union-attr]


def test_a_pack_that_cannot_be_used_cannot_be_chosen(dark: Any, qtbot: Any, tmp_path: Any) -> None:
    good = PackEntry("a", "1.0.0", "A", "installed", tmp_path)
    bad = PackEntry("b", "1.0.0", "B", "installed", tmp_path, "[PACK_CHANGED] a file changed", "PACK_CHANGED")
    dialog = PackDialog([good, bad])
    qtbot.addWidget(dialog)
    assert dialog.list.item(1).text().endswith("[PACK_CHANGED]") and dialog.list.item(0).flags()
    assert not dialog.list.item(1).flags()
    chosen: list[str] = []
    dialog.pack_chosen.connect(chosen.append)
    dialog.list.setCurrentRow(0)
    dialog.go.click()
    assert chosen == [str(tmp_path)] and not dialog.isVisible()
