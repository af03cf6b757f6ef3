"""A section of the draft without sentences says why."""

from __future__ import annotations

from typing import Any

from engine.report.draft import ReportSection, Sentence
from engine.report.wording import load_wording
from tests.viewer.factories import finding
from viewer.report.section import SectionBox

NOTICES = load_wording("en").notices


def section(name: str, *states: Any) -> ReportSection:
    sentences = [Sentence(f"s{n}", f"Text {n}.", (finding((3,)),), (3,), state=state) for n, state in enumerate(states)]
    return ReportSection(name, name.title(), tuple(sentences))


def test_an_empty_impression_says_that_it_does_not_mean_normal(dark: Any, qtbot: Any) -> None:
    box = SectionBox(section("impression"), NOTICES)
    qtbot.addWidget(box)
    box.show()
    assert box.notice.isVisible() and "not a statement that the image is normal" in box.notice.text()
    assert box.rows == []


def test_the_notice_follows_the_sentences(dark: Any, qtbot: Any) -> None:
    box = SectionBox(section("heart", "unconfirmed"), NOTICES)
    qtbot.addWidget(box)
    box.show()
    assert not box.notice.isVisible()
    box.set_section(section("heart", "removed"))
    assert box.notice.isVisible() and box.notice.text() == NOTICES.removed
    box.set_section(section("heart", "removed", "confirmed"))
    assert not box.notice.isVisible() and len(box.rows) == 1
