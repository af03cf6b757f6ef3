"""The window presets by number: ten actions that have keys and stand in a menu of their own."""

from __future__ import annotations

from viewer.actions.spec import ActionSpec

ACTIONS: tuple[ActionSpec, ...] = tuple(
    ActionSpec(
        f"preset_{n}", f"Window preset {n}", (str(n),), "Window/level preset (0: the file's own)", "", needs="image"
    )
    for n in range(10)
)
