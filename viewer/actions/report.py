"""Actions on the draft."""

from __future__ import annotations

from viewer.actions.spec import REPORT, ActionSpec

ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec("sentence_next", "&Next sentence", ("Ctrl+Down",), "Select the next sentence", REPORT, needs="draft"),
    ActionSpec(
        "sentence_previous", "&Previous sentence", ("Ctrl+Up",), "Select the previous sentence", REPORT, needs="draft"
    ),
    ActionSpec(
        "sentence_waiting",
        "Next &unconfirmed",
        ("Ctrl+Shift+Down",),
        "Select the next sentence that nobody has confirmed",
        REPORT,
        needs="draft",
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
        "sentence_remove",
        "Reject (re&move) sentence",
        ("Ctrl+Delete",),
        "Take the selected sentence out; the record of changes keeps it",
        REPORT,
        needs="draft",
    ),
    ActionSpec(
        "sentence_add",
        "&Add a sentence",
        ("Ctrl+Shift+A",),
        "Write a sentence of your own in the section of the selected one",
        REPORT,
        needs="draft",
    ),
    ActionSpec(
        "sentence_template",
        "Insert a &template…",
        ("Ctrl+T",),
        "Put a phrase of your own list into the draft",
        REPORT,
        needs="draft",
    ),
    ActionSpec(
        "sentence_compare",
        "Compare with the A&I's text",
        ("Ctrl+Shift+D",),
        "Show word by word what you changed of the selected sentence, or hide it again",
        REPORT,
        needs="draft",
    ),
    ActionSpec("indication", "In&dication", ("Ctrl+I",), "Type why the image was asked for", REPORT, needs="draft"),
    ActionSpec(
        "impression",
        "Impressi&on",
        ("Ctrl+J",),
        "Go to the impression, or begin one where there is none",
        REPORT,
        needs="draft",
    ),
    ActionSpec(
        "confirm_all",
        "Confirm a&ll…",
        ("Ctrl+Shift+Return",),
        "Confirm every sentence that waits, after one question",
        REPORT,
        needs="draft",
    ),
    ActionSpec(
        "why",
        "Wh&y this sentence…",
        ("Y",),
        "Features, reports and probability behind the selected sentence",
        REPORT,
        needs="draft",
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
        "audit",
        "Record of c&hanges…",
        ("Ctrl+Shift+H",),
        "Who changed what in this draft, and when",
        REPORT,
        needs="draft",
    ),
    ActionSpec(
        "reword",
        "Rewo&rd the draft",
        (),
        "Let the language model of the settings reword what nobody confirmed yet",
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
