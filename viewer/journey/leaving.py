"""Steps: an image that is no chest, the keys, and the program in German and in light colours."""

from __future__ import annotations

from engine.report.wishes import DraftWishes
from viewer.actions.editor import ShortcutEditor
from viewer.actions.help_page import HelpDialog
from viewer.journey.stage import Stage
from viewer.settings import program
from viewer.settings.dialog import SettingsDialog


def refused(stage: Stage) -> None:
    """Show the radiograph of a hand: it is refused with a code and gets no draft."""
    image = stage.show("05")
    gate = image.analysis.gate if image.analysis is not None else None
    stage.expect("the hand is refused", gate is not None and gate.verdict == "refused")
    stage.expect("it has no draft", image.history is None and not stage.window.report.rows)
    stage.expect("it has no feature", not stage.window.features.rows)


def shortcuts(stage: Stage) -> None:
    """Look for a key that another action has already."""
    stage.show("01")
    stage.do("shortcuts")
    editor = stage.dialog(ShortcutEditor)
    editor.select("sentence_confirm")
    editor.wanted.setKeySequence("Ctrl+E")
    stage.expect("the editor names the action that has the key", editor.told.text())


def keys(stage: Stage) -> None:
    """Show every action with its keys."""
    stage.dialog(ShortcutEditor).reject()
    stage.do("keys")
    stage.expect("the page of keys is open", stage.dialog(HelpDialog).isVisible())


def german(stage: Stage) -> None:
    """Start the program in German, with German drafts, on another radiograph."""
    stage.dialog(HelpDialog).reject()
    stage.end()
    stage.begin(language="de", wishes=DraftWishes(language="de"))
    stage.open_study()
    stage.show("02")
    draft = stage.session.draft
    stage.expect("the window speaks German", stage.window.report.review.text() == "Geprüft")
    stage.expect("the draft is German", draft is not None and draft.language == "de")


def german_settings(stage: Stage) -> None:
    """Open the settings."""
    stage.do("preferences")
    stage.expect("the settings are open", stage.dialog(SettingsDialog).isVisible())


def light(stage: Stage) -> None:
    """Switch to light colours; images stay on black."""
    stage.dialog(SettingsDialog).reject()
    stage.preferences.set(program.THEME, "light")
    stage.expect("the theme is light", stage.window.palette().window().color().lightness() > 128)
