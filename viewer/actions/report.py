"""Actions on the draft."""

from __future__ import annotations

from viewer.actions.spec import REPORT, ActionSpec

ACTIONS: tuple[ActionSpec, ...] = (
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
)
