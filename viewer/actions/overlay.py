"""Actions on the heat maps."""

from __future__ import annotations

from viewer.actions.spec import OVERLAY, ActionSpec

ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec(
        "overlay_none", "All maps &off", ("Shift+G",), "Switch every heat map off", OVERLAY, toolbar=True, needs="maps"
    ),
    ActionSpec(
        "overlay_next", "&Next map only", ("N",), "Show the map of the next features alone", OVERLAY, needs="maps"
    ),
    ActionSpec("search", "&Find a feature", ("Ctrl+F",), "Put the cursor into the search box", OVERLAY),
    ActionSpec(
        "peek",
        "Look &under the maps",
        ("G",),
        "Hide the heat maps while the key is held",
        "",
        needs="maps",
        held=True,
    ),
)
