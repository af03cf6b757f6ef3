"""The house style that drafts are worded in: chosen on the command line or in the settings, passed over when faulty."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from engine.errors import SaeRadError
from engine.report.wishes import DraftWishes
from viewer.i18n import tr
from viewer.settings.drafts import LANGUAGE, STYLE
from viewer.settings.preferences import Preferences
from viewer.state.images import Problem


def chosen_wishes(asked: DraftWishes, preferences: Preferences) -> DraftWishes:
    """Return how drafts are to be worded; what the command line says goes before the settings."""
    path = preferences.text(STYLE)
    # Unlike Path.expanduser, this lets the name of a user that does not exist stand.
    style = asked.style or (Path(os.path.expanduser(path)) if path else None)  # noqa: PTH111
    return replace(asked, language=asked.language or preferences.text(LANGUAGE) or None, style=style)


def usable(wishes: DraftWishes) -> tuple[DraftWishes, Problem | None]:
    """Return the wishes, without a style that cannot be used and then with the reason, which names line and key."""
    try:
        wishes.check()
    except SaeRadError as error:
        return replace(wishes, style=None), Problem.of(error)
    return wishes, None


def passed_over(problem: Problem | None) -> str:
    """Say above the draft that the house style is not used, and why; empty where it is."""
    if problem is None:
        return ""
    text = tr("The house style is not used, the shipped words are: {why}", why=problem.message)
    return f"{text} [{problem.code}]"
