"""The list of actions: id, text, keys, explanation and where they are offered."""

from __future__ import annotations

from dataclasses import dataclass

from viewer.image.windowing import PRESET_SHARES


@dataclass(frozen=True)
class ActionSpec:
    """One action.

    Attributes
    ----------
    keys : tuple of str
        Shortcuts in Qt's portable notation; the first one is shown in menus.
    menu : str
        Menu it stands in; empty when it only has a key.
    needs : str
        What must be there for it to be enabled: "", "images" (more than one file, readable or not), "image", "draft",
        "maps", "changes" (of the draft or of measurements), "measurements".
    """

    id: str
    text: str
    keys: tuple[str, ...]
    tooltip: str
    menu: str
    toolbar: bool = False
    checkable: bool = False
    needs: str = ""


FILE, IMAGE, MEASURE, OVERLAY, REPORT, HELP = "&File", "&Image", "&Measure", "&Overlay", "&Report", "&Help"
MENUS = (FILE, IMAGE, MEASURE, OVERLAY, REPORT, HELP)


def _tool(name: str, text: str, key: str, tooltip: str) -> ActionSpec:
    return ActionSpec(f"measure_{name}", text, (key,), tooltip, MEASURE, checkable=True, needs="image")


MEASURE_ACTIONS: tuple[ActionSpec, ...] = (
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

ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec("open_files", "&Open files…", ("Ctrl+O",), "Open DICOM, PNG or JPEG files", FILE, toolbar=True),
    ActionSpec("open_folder", "Open &folder…", ("Ctrl+Shift+O",), "Open every image below a folder", FILE),
    ActionSpec(
        "previous",
        "&Previous image",
        ("PgUp", "Ctrl+Left"),
        "Show the previous image",
        FILE,
        toolbar=True,
        needs="images",
    ),
    ActionSpec(
        "next", "&Next image", ("PgDown", "Ctrl+Right"), "Show the next image", FILE, toolbar=True, needs="images"
    ),
    ActionSpec(
        "export",
        "&Export…",
        ("Ctrl+E",),
        "Write the report and its objects to a folder",
        FILE,
        toolbar=True,
        needs="draft",
    ),
    ActionSpec("quit", "&Quit", ("Ctrl+Q",), "Close the window; changed drafts are already saved", FILE),
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
    *MEASURE_ACTIONS,
    ActionSpec(
        "overlay_none", "All maps &off", ("Shift+G",), "Switch every heat map off", OVERLAY, toolbar=True, needs="maps"
    ),
    ActionSpec(
        "overlay_next", "&Next map only", ("N",), "Show the map of the next features alone", OVERLAY, needs="maps"
    ),
    ActionSpec("search", "&Find a feature", ("Ctrl+F",), "Put the cursor into the search box", OVERLAY),
    ActionSpec("undo", "&Undo", ("Ctrl+Z",), "Take the last change back", REPORT, toolbar=True, needs="changes"),
    ActionSpec(
        "redo", "&Redo", ("Ctrl+Shift+Z", "Ctrl+Y"), "Do the undone change again", REPORT, toolbar=True, needs="changes"
    ),
    ActionSpec("sentence_next", "&Next sentence", ("Ctrl+Down",), "Select the next sentence", REPORT, needs="draft"),
    ActionSpec(
        "sentence_previous", "&Previous sentence", ("Ctrl+Up",), "Select the previous sentence", REPORT, needs="draft"
    ),
    ActionSpec(
        "sentence_confirm",
        "&Confirm sentence",
        ("Ctrl+Return",),
        "Confirm the selected sentence",
        REPORT,
        needs="draft",
    ),
    ActionSpec("sentence_edit", "&Edit sentence", ("F2",), "Edit the selected sentence", REPORT, needs="draft"),
    ActionSpec(
        "sentence_remove", "Re&move sentence", ("Ctrl+Delete",), "Take the selected sentence out", REPORT, needs="draft"
    ),
    ActionSpec(
        "review",
        "Mark as re&viewed",
        ("Ctrl+Shift+R",),
        "Every sentence is confirmed, edited or removed",
        REPORT,
        needs="draft",
    ),
    ActionSpec(
        "regenerate",
        "&Write the draft anew",
        (),
        "Compose again from the features; drops the review",
        REPORT,
        needs="draft",
    ),
    ActionSpec("keys", "&Keys and mouse", ("F1",), "List of all keys", HELP),
    ActionSpec("about", "&About", (), "What this program is, and its limits", HELP),
    *(
        ActionSpec(
            f"preset_{n}", f"Window preset {n}", (str(n),), "Window/level preset (0: the file's own)", "", needs="image"
        )
        for n in range(10)
    ),
)

PRESET_HELP = "0 is the file's own window; then its other windows, if it has any; then " + ", ".join(
    name for name, _, _ in PRESET_SHARES
)

PEEK_KEY = "G"

HELD: tuple[tuple[str, str], ...] = (
    (f"hold {PEEK_KEY}", "look under the heat maps"),
    ("M", "on features: switch their heat map"),
    ("Right, Left", "on features of one kind: list them, hide them"),
    ("left drag", "window (across) and level (up is brighter)"),
    ("middle drag", "move the image"),
    ("right drag", "zoom"),
    ("arrow keys", "move the selected measurement by a pixel of the image, with Shift by ten"),
    ("right click", "menu of the image"),
    ("wheel", "zoom at the mouse"),
)
"""What is not an action: keys that are held, and the mouse."""
