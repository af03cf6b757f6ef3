"""Actions on how images hang beside each other."""

from __future__ import annotations

from viewer.actions.spec import VIEW, ActionSpec

ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec("layout_1x1", "&One pane", ("Alt+1",), "One image", VIEW, toolbar=True, checkable=True),
    ActionSpec("layout_1x2", "&Side by side", ("Alt+2",), "Two panes in one row", VIEW, toolbar=True, checkable=True),
    ActionSpec("layout_2x1", "One &above the other", ("Alt+3",), "Two panes in one column", VIEW, checkable=True),
    ActionSpec("layout_2x2", "&Four panes", ("Alt+4",), "Two rows of two", VIEW, checkable=True),
    ActionSpec(
        "hang",
        "&Hang by rules",
        ("Ctrl+H",),
        "Views of this study beside each other, or beside an earlier study",
        VIEW,
        toolbar=True,
        needs="image",
    ),
    ActionSpec(
        "hang_prior",
        "Hang the earlier st&udy beside",
        ("H",),
        "The newest earlier study that the index knows of this patient, by the rules",
        VIEW,
        needs="priors",
    ),
    ActionSpec("pane_next", "&Next pane", ("F6",), "Make the next pane the active one", VIEW, needs="panes"),
    ActionSpec("pane_previous", "&Previous pane", ("Shift+F6",), "Make the pane before it active", VIEW, needs="panes"),
    ActionSpec(
        "pane_window",
        "&Move to second window",
        ("F7",),
        "The active pane in a window of its own, or back",
        VIEW,
        checkable=True,
    ),
    ActionSpec("pane_clear", "&Empty this pane", ("Ctrl+W",), "Take the image out of the active pane", VIEW),
    ActionSpec(
        "link_window",
        "Link &window and level",
        ("L",),
        "Every pane follows, each image in its own range",
        VIEW,
        checkable=True,
    ),
    ActionSpec(
        "link_view",
        "Link pan and &zoom",
        ("Shift+L",),
        "Every pane follows, as the images lie now",
        VIEW,
        checkable=True,
    ),
    ActionSpec(
        "align",
        "Ali&gn by gray values",
        ("Ctrl+L",),
        "Lay the other images on the active one, approximately, and link pan and zoom",
        VIEW,
        needs="panes",
    ),
)
