"""Actions that measure: a tool for each kind, and what happens to what was drawn."""

from __future__ import annotations

from viewer.actions.spec import MEASURE, ActionSpec


def _tool(name: str, text: str, key: str, tooltip: str) -> ActionSpec:
    return ActionSpec(f"measure_{name}", text, (key,), tooltip, MEASURE, checkable=True, needs="image")


ACTIONS: tuple[ActionSpec, ...] = (
    _tool("length", "&Length", "D", "Draw a line and read its length"),
    _tool("angle", "&Angle", "J", "Two arms and their vertex"),
    _tool("cobb_angle", "&Cobb angle", "K", "Angle between two lines that need not meet"),
    _tool("cardiothoracic_ratio", "Cardio&thoracic ratio", "C", "Width of the heart by inner width of the thorax"),
    _tool("ellipse", "&Ellipse", "E", "Mean, SD, smallest and largest value, and area"),
    _tool("rectangle", "&Rectangle", "R", "Mean, SD, smallest and largest value, and area"),
    _tool("text", "Te&xt", "T", "Write on the image"),
    _tool("arrow", "Arro&w", "W", "Point at something, with or without a text"),
    _tool("calibrate", "Cali&brate by hand…", "Shift+C", "Draw along something of known length"),
    ActionSpec(
        "measure_uncalibrate",
        "Forget the calibration b&y hand",
        (),
        "Lengths go by what the file says again",
        MEASURE,
        needs="image",
    ),
    ActionSpec("measure_next", "&Next measurement", ("B",), "Select the next one", MEASURE, needs="measurements"),
    ActionSpec("measure_delete", "&Delete measurement", ("Delete",), "The selected one", MEASURE, needs="measurements"),
    ActionSpec("measure_clear", "Delete all &measurements", (), "Of this image", MEASURE, needs="measurements"),
)
