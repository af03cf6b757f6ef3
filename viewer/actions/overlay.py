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
    ActionSpec(
        "map_contour",
        "&Contour lines or heat",
        ("O",),
        "Draw the map of the chosen features, or all that are on, in contour lines, or in heat again",
        OVERLAY,
        needs="maps",
    ),
    ActionSpec(
        "map_look",
        "&How the map is drawn",
        ("Shift+O",),
        "Put the keyboard on opacity and threshold of the chosen features' map",
        OVERLAY,
        needs="maps",
    ),
    ActionSpec(
        "mute",
        "M&ute features",
        ("Ctrl+M",),
        "Put the chosen features into the Muted group, their map off, or back; the draft stays as it is",
        OVERLAY,
        needs="image",
    ),
    ActionSpec(
        "by_section",
        "Features by &section",
        ("Shift+S",),
        "A heading for each section of the draft in the list of features",
        OVERLAY,
        checkable=True,
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
