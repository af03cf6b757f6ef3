"""Actions on the picture: its place, its gray and its window presets."""

from __future__ import annotations

from viewer.actions.spec import IMAGE, ActionSpec

ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec("fit", "&Fit to window", ("F",), "Show the whole image", IMAGE, toolbar=True, needs="image"),
    ActionSpec(
        "one_to_one",
        "&1:1 pixels",
        ("Ctrl+1",),
        "One screen pixel for each image pixel",
        IMAGE,
        toolbar=True,
        needs="image",
    ),
    ActionSpec("zoom_in", "Zoom &in", ("+", "="), "Enlarge around the middle", IMAGE, needs="image"),
    ActionSpec("zoom_out", "Zoom &out", ("-",), "Shrink around the middle", IMAGE, needs="image"),
    ActionSpec("invert", "In&vert", ("I",), "Turn black and white round", IMAGE, toolbar=True, needs="image"),
    ActionSpec(
        "reset",
        "&Reset",
        ("Escape",),
        "The file's own window, not inverted, whole image",
        IMAGE,
        toolbar=True,
        needs="image",
    ),
    ActionSpec(
        "annotations", "&Annotations", ("A",), "Show or hide the corner texts", IMAGE, checkable=True, needs="image"
    ),
    ActionSpec("analyse", "Anal&yse again", ("Ctrl+R",), "Run the model on this image", IMAGE, needs="image"),
)
