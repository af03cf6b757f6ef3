"""The table of probabilities lights up only what the pack may state."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtWidgets import QLabel

from engine.inference.analysis import ObservationProbability
from viewer.features.bar import ShareBar
from viewer.features.probabilities import ProbabilityTable


def row(name: str, probability: float, ids: tuple[int, ...] = (3,), reportable: bool = True) -> ObservationProbability:
    return ObservationProbability(name, "none", "", probability, 0.5, 0.1, ids, reportable)


@pytest.fixture
def table(dark: Any, qtbot: Any) -> ProbabilityTable:
    made = ProbabilityTable(
        (
            row("Mere Prior", 0.9, (), False),
            row("Never", 0.95, reportable=False),
            row("Low", 0.2),
            row("Base Rate", 0.6, ()),
            row("High", 0.8),
        )
    )
    qtbot.addWidget(made)
    made.show()
    return made


def test_what_the_pack_may_not_state_comes_last_and_stays_dark(table: ProbabilityTable) -> None:
    texts = [(label.text(), label.property("role")) for label in table.findChildren(QLabel)]
    assert texts == [
        ("High", "strong"), ("80 %", "strong"), ("Base Rate", "weak"), ("60 %", "weak"),
        ("Low", "weak"), ("20 %", "weak"),
        ("Never", "faint"), ("95 %", "faint"), ("Mere Prior", "faint"), ("–", "faint"),
    ]  # fmt: skip
    bars = [(bar.colour, bar.mark, bar.share) for bar in table.findChildren(ShareBar)]
    assert bars == [
        ("UNCONFIRMED", 0.5, 0.8),
        ("WEAK", 0.5, 0.6),
        ("WEAK", 0.5, 0.2),
        ("FAINT", None, 0.95),
        ("FAINT", None, 0.0),
    ]


def test_the_tooltip_says_why(table: ProbabilityTable) -> None:
    tips = [label.toolTip() for label in table.findChildren(QLabel)]
    for part, words in (
        (tips[:2], "threshold"),
        (tips[2:4], "No active"),
        (tips[4:6], "threshold"),
        (tips[6:], "cannot"),
    ):
        assert all(words in tip for tip in part)
