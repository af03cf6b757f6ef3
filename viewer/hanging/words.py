"""What stands above each pane: whose image, from when, how long before the newest, and whether patients differ."""

from __future__ import annotations

from collections.abc import Sequence

from engine.dicom.radiograph import Identity
from viewer.i18n import tr
from viewer.image.annotations import date_text, person_text, time_text
from viewer.state.patients import Relation, day_of, elapsed, taken, worst_relation


def age_text(identity: Identity, newest: Identity) -> str:
    """``PRIOR 2 y 3 m`` for an image of an earlier study than the newest one beside it; empty for that study itself."""
    if identity.study_instance_uid and identity.study_instance_uid == newest.study_instance_uid:
        return ""
    day, last = day_of(identity.study_date), day_of(newest.study_date)
    if day is None or last is None:
        return tr("DATE UNKNOWN")
    years, months, days = elapsed(day, last)
    if days == 0:
        earlier = bool(identity.study_time) and identity.study_time < newest.study_time
        return tr("PRIOR same day") if earlier else ""
    if not years and not months:
        return tr("PRIOR {days} d", days=days)
    parts = (tr("{count} y", count=years) if years else "", tr("{count} m", count=months) if months else "")
    return tr("PRIOR {span}", span=" ".join(part for part in parts if part))


def banner(identity: Identity, beside: Sequence[Identity]) -> tuple[str, str]:
    """Tone (of ``image.frame.TONES``) and text above a pane.

    Parameters
    ----------
    beside : sequence of Identity
        Of all panes in sight, this one among them.
    """
    related = worst_relation(beside)
    when = " ".join(part for part in (date_text(identity.study_date), time_text(identity.study_time)) if part)
    age = age_text(identity, max(beside, key=taken)) if related is not Relation.DIFFERENT else ""
    who = person_text(identity.patient_name) or identity.patient_id or tr("no name")
    parts = [age, when or tr("no date"), identity.view_position]
    if related is Relation.SAME:
        return ("warning" if age else "idle"), _joined(*parts)
    if related is Relation.UNCONFIRMED:
        return "warning", _joined(tr("SAME PATIENT? NOT CONFIRMED BY ID AND BIRTH DATE"), who, *parts)
    return "refused", _joined(tr("DIFFERENT PATIENTS"), who, identity.patient_id if identity.patient_id != who else "",
                              date_text(identity.patient_birth_date), *parts)  # fmt: skip


def _joined(*parts: str) -> str:
    return "  ·  ".join(part for part in parts if part)
