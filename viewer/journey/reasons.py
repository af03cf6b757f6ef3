"""Steps: measuring, heat maps, the card that says why, and two packs beside each other."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from PySide6.QtCore import QPoint, QSize

from engine.measure.shapes import Kind
from engine.resources import resource_path
from viewer.journey.hands import drag
from viewer.journey.stage import Stage
from viewer.state.selection import is_positive, maps_of
from viewer.why.histogram import ActivationHistogram

HEART = ((392.0, 730.0), (833.0, 778.0))
THORAX = ((196.0, 800.0), (866.0, 800.0))
"""Ends of the two strokes on the first image of the bundled study, in its pixels (column, row)."""
SIZE_OF_CARD = QSize(600, 860)
COPY = "demo-copy"


def cardiothoracic_ratio(stage: Stage) -> None:
    """Draw the width of the heart, then that of the thorax."""
    stage.do("layout_1x1")
    stage.show("01")
    canvas = stage.window.canvas
    stage.do("fit")
    stage.do("measure_cardiothoracic_ratio")
    for start, end in (HEART, THORAX):
        drag(canvas, canvas.widget_point(start), canvas.widget_point(end))
    board = stage.session.board
    drawn = [item for item in board.items if item.kind is Kind.CARDIOTHORACIC]
    stage.expect("one ratio was measured", len(drawn) == 1)
    ratio = board.reading(drawn[0]).values[0].number if drawn else 0.0
    stage.expect(f"the heart is wide on this image (ratio {ratio:.2f})", 0.6 < ratio < 0.72)


def heat_maps(stage: Stage) -> None:
    """Switch on the maps of two findings of the draft."""
    image = stage.session.current
    draft = stage.session.draft
    if image is None or image.analysis is None or draft is None:
        stage.expect("the image has an analysis and a draft", holds=False)
        return
    stage.do("measure_clear")
    stated = [maps_of(sentence, image.analysis) for sentence in draft.sentences() if is_positive(sentence)]
    behind = {ident for ids in stated for ident in ids}
    groups = [group for group in image.groups if behind & set(group.ids)]
    for group in groups[:2]:
        stage.window.commands.switch_maps(group.mapped(image.analysis), on=True)
    stage.settle()
    stage.expect("two findings have their maps on", len(stage.window.canvas.layers) == 2)
    stage.expect("the legend is there", stage.window.canvas.legend.isVisible())


def sentence_maps(stage: Stage) -> None:
    """Choose the first sentence that states something: its maps are shown, its features marked."""
    draft = stage.session.draft
    stated = next((s for s in draft.sentences() if is_positive(s)), None) if draft is not None else None
    if stated is None:
        stage.expect("the draft states something", holds=False)
        return
    stage.window.commands.go_to_sentence(stated.key)
    stage.expect("its maps are on", stage.window.canvas.layers)
    stage.expect("the sentence is selected", stage.session.selection.sentence_key == stated.key)


def why(stage: Stage) -> None:
    """Ask why the selected sentence stands there."""
    stage.do("why")
    card = stage.window.why.card
    stage.until("what the pack keeps", lambda: card.findChildren(ActivationHistogram))
    stage.expect("the card is open, with a feature on it", card.isVisible() and card.blocks)
    card.resize(SIZE_OF_CARD)
    stage.places[card] = QPoint(stage.window.width() - card.width() - 8, 70)


def packs_compared(stage: Stage) -> None:
    """Analyse the image with a second pack and list its features beside the others.

    The second pack is a copy of the bundled one under another name, since only one ships.
    """
    stage.window.why.card.reject()
    side = stage.window.side
    stage.window.comparison.analyse(str(copy_of_pack(resource_path("packs", "demo"), stage.scratch / COPY)))
    stage.until("the analysis by the other pack", lambda: side.beside.isVisible() and side.beside.rows)
    stage.until("the other list", lambda: len(side.beside.rows) == len(side.beside.groups))
    image = stage.session.current
    if image is not None and image.compared is not None:
        first = next(group for group in image.compared.groups if group.mapped(image.compared.analysis))
        stage.window.comparison.switch(first.mapped(image.compared.analysis), on=True)
        key = image.key
        stage.until("the other pack's maps", lambda: key in stage.controller.comparing.maps)
    stage.expect("the bar says which pack the draft stands on", side.bar.isVisible())


def copy_of_pack(folder: Path, copy: Path) -> Path:
    """Return a copy of a pack under another name; a second call returns the first one's."""
    if not copy.exists():
        shutil.copytree(folder, copy)
        manifest = json.loads((copy / "pack.json").read_text(encoding="utf-8"))
        manifest["name"] = COPY
        (copy / "pack.json").write_text(json.dumps(manifest), encoding="utf-8")
    return copy
