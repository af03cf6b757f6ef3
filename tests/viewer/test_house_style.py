"""The house style is a setting; a fault is told with line and key, and the shipped words hold, visibly."""

from __future__ import annotations

from pathlib import Path

from engine.report.wishes import DraftWishes
from tests.viewer.factories import FakeEngine
from tests.viewer.looking import Open, message
from viewer.report.house_style import chosen_wishes, usable
from viewer.settings.drafts import LANGUAGE, STYLE
from viewer.settings.preferences import Preferences
from viewer.window import MainWindow


def test_a_fault_is_told_with_line_and_key_and_stays_in_sight(
    window: MainWindow, opened: Open, engine: FakeEngine, tmp_path: Path
) -> None:
    opened(a={})
    own = tmp_path / "own.toml"
    own.write_text('language = "de"\n\n[sections]\nlunge = "Lunge"\n', encoding="utf-8")
    window.preferences.set(STYLE, str(own))
    assert "own.toml, line 4" in message(window).text()
    message(window).close()
    assert window.report.style_note.isVisible() and "sections.lunge" in window.report.style_note.text()
    assert usable(engine.wishes)[0].style is None, "the shipped words are used"
    own.write_text('language = "de"\n\n[sections]\nlungs = "LUNGE"\n', encoding="utf-8")
    window.preferences.set(STYLE, "")
    window.preferences.set(STYLE, str(own))
    assert not window.report.style_note.isVisible() and usable(engine.wishes)[0].style == own
    window.preferences.set(STYLE, str(tmp_path / "gone.toml"))
    assert "[STYLE_MISSING]" in message(window).text()
    message(window).close()


def test_the_command_line_goes_before_the_settings(tmp_path: Path) -> None:
    preferences = Preferences()
    preferences.set(STYLE, str(tmp_path / "a.toml"))
    preferences.set(LANGUAGE, "de")
    assert chosen_wishes(DraftWishes(), preferences) == DraftWishes(language="de", style=tmp_path / "a.toml")
    asked = DraftWishes(language="en", style=tmp_path / "b.toml")
    assert chosen_wishes(asked, preferences) == asked
    assert chosen_wishes(DraftWishes(), Preferences()) == DraftWishes()
