"""The list of actions, put together from the files of this folder; the order is that of the menus.

To add one: an `ActionSpec` in the file of its concern, its handler in ``Commands.handlers``, the German words
(tests/viewer/test_i18n.py says where), and ``python -m viewer.reference`` for the page in docs.
"""

from __future__ import annotations

from viewer.actions import edit, file, hanging, help, image, measure, overlay, presets, report, results
from viewer.actions.spec import ActionSpec

ACTIONS: tuple[ActionSpec, ...] = (
    *file.ACTIONS,
    *edit.ACTIONS,
    *hanging.ACTIONS,
    *image.ACTIONS,
    *measure.ACTIONS,
    *overlay.ACTIONS,
    *report.ACTIONS,
    *results.ACTIONS,
    *help.ACTIONS,
    *presets.ACTIONS,
)

BY_ID: dict[str, ActionSpec] = {spec.id: spec for spec in ACTIONS}
