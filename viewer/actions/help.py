"""Actions that explain the program."""

from __future__ import annotations

from viewer.actions.spec import HELP, ActionSpec

ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec("keys", "&Keys and mouse", ("F1",), "Every action with its keys, and a search", HELP),
    ActionSpec("welcome", "&Welcome page…", (), "What this program is, and how to begin", HELP),
    ActionSpec("about", "&About", (), "What this program is, and its limits", HELP),
)
