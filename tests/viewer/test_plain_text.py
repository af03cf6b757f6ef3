"""What comes from a file or a keyboard is shown letter by letter, never as HTML."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

from tests.viewer.looking import Open, message, row
from viewer.state.images import Problem
from viewer.theme.elided import ElidedLabel
from viewer.theme.text import as_it_is
from viewer.window import MainWindow

BOLD = "1 <b>bold</b>"


def test_every_label_shows_letters(window: MainWindow, opened: Open) -> None:
    opened(a={}, b={})
    window.commands.edit("s1", BOLD)
    assert row(window, "s1").text.text() == BOLD
    labels = [label for label in window.findChildren(QLabel) if label.textFormat() is not Qt.TextFormat.PlainText]
    assert [label.text() for label in labels] == []


def test_a_problem_and_its_hint_are_letters(window: MainWindow) -> None:
    window.show_problem(Problem("X", "the file <b>ARM</b> is odd", "rename <i>it</i>"))
    box = message(window)
    assert box.textFormat() is Qt.TextFormat.PlainText and box.text() == "[X] The file <b>ARM</b> is odd."
    assert "&lt;i&gt;it&lt;/i&gt;" in box.informativeText()
    box.close()


def test_tooltips_are_letters(window: MainWindow, opened: Open) -> None:
    opened(**{"<b>a": {}})
    tips = [w.toolTip() for w in window.findChildren(QWidget)]
    tips += [window.browser.list.item(n).toolTip() for n in range(window.browser.list.count())]
    assert any("&lt;b&gt;a.dcm" in tip for tip in tips)
    assert not any("<b>" in tip for tip in tips)
    assert as_it_is("a & b") == "a & b" and as_it_is("<a>\nb") == "<qt>&lt;a&gt;<br>b</qt>"


def test_a_label_without_room_ends_with_dots_and_tells_the_rest(dark: Any, qtbot: Any) -> None:
    label = ElidedLabel("#2931  not for drafts  No Finding  normal", tip="right in 80 %")
    qtbot.addWidget(label)
    label.resize(80, 20)
    label.show()
    assert label.text().endswith("…") and len(label.text()) < len(label.full)
    assert label.toolTip() == f"{label.full}\nright in 80 %"
    label.resize(600, 20)
    assert label.text() == label.full and label.toolTip() == "right in 80 %"
    label.set_full("short")
    assert label.text() == "short" and label.toolTip() == ""


def test_no_number_is_cut_in_two(dark: Any, qtbot: Any) -> None:
    label = ElidedLabel("AI text · #1155, #2412, #744, #903 · map", whole_words=True)
    qtbot.addWidget(label)
    label.show()
    seen = set()
    for width in range(10, 300, 3):
        label.resize(width, 20)
        seen.add(label.text())
    assert {"…", "AI text …", "AI text · #1155 …", "AI text · #1155, #2412 …", label.full} <= seen
    whole = set(label.full.replace(",", "").split())
    assert all(set(text.removesuffix("…").replace(",", "").split()) <= whole for text in seen)
