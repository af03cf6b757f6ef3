"""Taking back and doing again."""

from __future__ import annotations

from viewer.actions.spec import EDIT, ActionSpec

ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec("undo", "&Undo", ("Ctrl+Z",), "Take the last change back", EDIT, toolbar=True, needs="undo"),
    ActionSpec(
        "redo", "&Redo", ("Ctrl+Shift+Z", "Ctrl+Y"), "Do the undone change again", EDIT, toolbar=True, needs="redo"
    ),
    ActionSpec("preferences", "&Settings…", ("Ctrl+,",), "Language, theme, mouse and what else can be chosen", EDIT),
    ActionSpec("archives", "&Archives…", (), "Declare archives (PACS), and try whether they answer", EDIT),
    ActionSpec("shortcuts", "&Keys…", ("Ctrl+K",), "Choose the keys of every action", EDIT),
)
