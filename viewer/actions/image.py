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
    ActionSpec("sigmoid", "&Sigmoid curve", ("S",), "Bend the line of the window, or back", IMAGE, needs="image"),
    ActionSpec("magnifier", "Ma&gnifier", ("Z",), "A lens at the mouse", IMAGE, checkable=True, needs="image"),
    ActionSpec("magnifier_held", "Magnifier while held", ("V",), "A lens at the mouse", "", needs="image", held=True),
    ActionSpec("turn_right", "Turn &right", ("]",), "A quarter clockwise", IMAGE, needs="image"),
    ActionSpec("turn_left", "Turn &left", ("[",), "A quarter counter-clockwise", IMAGE, needs="image"),
    ActionSpec("flip", "Fli&p left and right", ("X",), "Mirror the picture", IMAGE, needs="image"),
    ActionSpec("flip_down", "Flip top and &bottom", ("Shift+X",), "Mirror the picture", IMAGE, needs="image"),
    ActionSpec(
        "reset",
        "R&eset",
        ("Escape",),
        "The file's own window and orientation, not inverted, whole image",
        IMAGE,
        toolbar=True,
        needs="image",
    ),
    ActionSpec(
        "annotations", "&Annotations", ("A",), "Show or hide the corner texts", IMAGE, checkable=True, needs="image"
    ),
    ActionSpec("analyse", "Anal&yse again", ("Ctrl+R",), "Run the model on this image", IMAGE, needs="image"),
    ActionSpec(
        "analyse_with",
        "Analyse with anot&her pack…",
        ("Ctrl+Shift+P",),
        "Show another model pack's features beside those of the draft",
        IMAGE,
        needs="draft",
    ),
)
