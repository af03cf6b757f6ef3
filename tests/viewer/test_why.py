"""The card that says why a sentence stands in the draft."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from engine.errors import PackError
from engine.report.conflicts import Conflict
from engine.report.rewriting import Rejection, Rewriting, RewritingModel
from tests.viewer.factories import FakeEngine
from tests.viewer.looking import Open, row
from viewer.state.selection import Selection
from viewer.why.example import ExampleRow
from viewer.why.histogram import ActivationHistogram, shares
from viewer.window import MainWindow


def text(window: MainWindow) -> str:
    return "\n".join(window.why.card.lines())


def test_the_card_says_what_a_sentence_stands_on(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={})
    qtbot.mouseClick(row(window, "s1").buttons["why"], Qt.MouseButton.LeftButton)
    card = window.why.card
    assert card.isVisible() and window.session.selection.sentence_key == "s1"
    qtbot.waitUntil(lambda: "set/0" in text(window))
    told = text(window)
    assert told.startswith("Small left effusion.\nWritten by rules")
    assert "2 of 3 active features · 2 with a heat map\n" in told
    assert "PLEURAL EFFUSION: PRESENT, LEFT, BASE, SMALL" in told
    assert "presence 0.80 · stated from 0.50 on, denied below 0.10" in told
    assert "1 of 2 bins have their stated probability within" in told and "observed" not in told.splitlines()[0]
    assert "#3  feature number 3" in told and "label score 0.80 (0.5 is chance) · mean rank 1.5 of five" in told
    assert "stronger than on 90\u00a0% of the images on which it is active (2\u00a0% of the training images)" in told
    assert "Says the same as: #103" in told and "4.00\nset/0\nFINDINGS: report 0." in told
    plots = card.findChildren(ActivationHistogram)
    assert [plot.place for plot in plots] == [0.5, 0.5]
    assert "This image 2.00; median 2.00" in plots[0].accessibleDescription()
    assert "set/0" in card.area.accessibleDescription()
    for example in card.findChildren(ExampleRow):
        columns = [label.geometry() for label in example.findChildren(QLabel)]
        assert len(columns) == 3 and all(a.right() < b.left() for a, b in pairwise(columns))
    qtbot.keyClick(card, Qt.Key.Key_Escape)
    assert not card.isVisible() and window.isVisible()


def test_the_card_opens_by_key_follows_the_sentence_and_closes_with_the_image(
    window: MainWindow, opened: Open, qtbot: Any
) -> None:
    keys = opened(a={}, b={})
    window.session.select(Selection(sentence_key="s2"))
    window.actions_by_id["why"].trigger()
    qtbot.waitUntil(lambda: len(window.why.card.blocks) == 1 and "set/0" in text(window))
    assert "No pneumothorax." in text(window)
    window.commands.step_sentence(1)
    qtbot.waitUntil(lambda: "Large heart." in text(window) and "set/0" in text(window))
    window.commands.edit("s3", "Normal heart.")
    qtbot.waitUntil(lambda: "Changed by the reader" in text(window) and "set/0" in text(window))
    assert "the program had written: Large heart." in text(window)
    window.session.show(keys[1])
    assert not window.why.card.isVisible()


def test_the_card_says_what_is_muted_and_follows(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={})
    window.why.open("s1")
    qtbot.waitUntil(lambda: "set/0" in text(window))
    assert "muted" not in text(window).casefold()
    group = next(group for group in window.features.groups if group.ids == (3,))
    window.layers.mute(group)
    qtbot.waitUntil(lambda: "set/0" in text(window) and "2 with a heat map · 1 muted" in text(window))
    assert text(window).count("Muted by you: its heat map is off.") == 1
    window.session.undo()
    qtbot.waitUntil(lambda: "set/0" in text(window) and "Muted by you" not in text(window))


def test_what_contradicts_and_what_was_refused_is_on_the_card(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={})
    against = Conflict("polarity", "Pleural Effusion", "present", "absent", 0.8, 0.2, (3,), (9,))
    model = RewritingModel("tiny.gguf", "", "tiny", "", "rewrite-en", 1, "", "1", 0)
    refused = Rejection("s1", "Large left effusion.", "ADDED", "severity large")
    draft = window.session.draft
    assert draft is not None
    rewriting = Rewriting(model, asked=3, taken=1, rejected=(refused, replace(refused, key="s2")))
    window.session.change("test", replace(draft, conflicts=(against,), rewriting=rewriting))
    window.why.open("s1")
    qtbot.waitUntil(lambda: "set/0" in text(window))
    told = text(window)
    assert "present 0.80 outweighs absent 0.20 (#9)" in told
    assert "tiny.gguf: 1 of 3 sentences taken, 2 refused (2 ADDED)" in told
    assert told.count("“Large left effusion.”") == 1 and "[ADDED] severity large" in told


def test_a_pack_that_cannot_be_read_leaves_what_is_known(
    window: MainWindow, opened: Open, engine: FakeEngine, qtbot: Any
) -> None:
    opened(a={})
    engine.evidence_fail = PackError("PACK_CHANGED", "the pack is another", "analyse again")
    window.why.open("s1")
    qtbot.waitUntil(lambda: "[PACK_CHANGED] the pack is another; analyse again" in text(window))
    assert "#3  feature number 3" in text(window) and not window.why.card.findChildren(ActivationHistogram)


def test_a_histogram_is_made_of_quantiles() -> None:
    generator = np.random.default_rng(0)
    values = generator.gamma(2.0, 1.0, 20_000)
    quantiles = np.quantile(values, np.linspace(0, 1, 101))
    edges, found = shares(quantiles.tolist(), bins=8)
    direct = np.histogram(values, edges)[0] / values.size
    assert np.isclose(found.sum(), 1.0) and np.abs(found - direct).max() < 0.01
    # Half of the images share one value: its bin holds them.
    tied = [1.0] * 51 + np.linspace(1.02, 2.0, 50).tolist()
    assert shares(tied, bins=4)[1][0] > 0.5
    assert shares([3.0] * 101, bins=4)[1].tolist() == [1.0, 0.0, 0.0, 0.0]
