"""Actions on the result objects of a study."""

from __future__ import annotations

from viewer.actions.spec import VIEW, ActionSpec

ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec(
        "results",
        "&Results of others",
        ("Ctrl+B",),
        "Bring the list of reports, presentation states and segmentations of the study to the front",
        VIEW,
    ),
)
