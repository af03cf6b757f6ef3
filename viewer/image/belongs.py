"""Whose image draft and features are of."""

from __future__ import annotations

from viewer.i18n import tr
from viewer.image.annotations import date_text, person_text
from viewer.state.images import OpenImage


def belongs_text(image: OpenImage | None) -> str:
    """``Doe, Jane · 2025-01-14 · PA``: patient (or the file's name), date of the study and view; empty for no image."""
    if image is None:
        return ""
    who = image.identity
    if who is None:
        return image.path.name
    name = person_text(who.patient_name) or who.patient_id or image.path.name
    return " · ".join(x for x in (name, date_text(who.study_date) or tr("no date"), who.view_position) if x)
