"""What stands above each pane: whose image, from when, how long before the newest, and whether patients differ."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from engine.dicom.patients import Relation, day_of, elapsed, relation, taken, worst_relation
from engine.dicom.radiograph import Identity
from viewer.i18n import tr
from viewer.image.annotations import date_text, person_text, time_text


def age_text(identity: Identity, newest: Identity) -> str:
    """``PRIOR 2023-10-02, 2 y 3 mo before`` for an image of an earlier study than the newest one beside it.

    Empty for that study itself.
    """
    if identity.study_instance_uid and identity.study_instance_uid == newest.study_instance_uid:
        return ""
    day, last = day_of(identity.study_date), day_of(newest.study_date)
    if day is None or last is None:
        return tr("DATE UNKNOWN")
    if day == last and not (identity.study_time and identity.study_time < newest.study_time):
        return ""
    return tr("PRIOR {date}, {span}", date=date_text(identity.study_date), span=span_text(day, last))


def span_text(earlier: date, later: date) -> str:
    """``1 y 2 mo before``: whole years and months, below one month days."""
    years, months, days = elapsed(earlier, later)
    if days == 0:
        return tr("the same day")
    if not years and not months:
        return tr("{days} d before", days=days)
    parts = (tr("{count} y", count=years) if years else "", tr("{count} mo", count=months) if months else "")
    return tr("{span} before", span=" ".join(part for part in parts if part))


def banner(identity: Identity, beside: Sequence[Identity]) -> tuple[str, str]:
    """Tone (of ``image.frame.TONES``) and text above a pane.

    Parameters
    ----------
    beside : sequence of Identity
        Of all panes in sight, this one among them.
    """
    related = worst_relation(beside)
    age = age_text(identity, max(beside, key=taken)) if related is not Relation.DIFFERENT else ""
    who = person_text(identity.patient_name) or identity.patient_id or tr("no name")
    # The words on a prior begin with its date.
    day = "" if age and day_of(identity.study_date) is not None else date_text(identity.study_date)
    when = " ".join(part for part in (day, time_text(identity.study_time)) if part)
    parts = [age, when or ("" if age else tr("no date")), identity.view_position]
    if related is Relation.SAME:
        return ("warning" if age else "idle"), _joined(*parts)
    if related is Relation.UNCONFIRMED:
        return "warning", _joined(tr("SAME PATIENT? NOT CONFIRMED BY ID, BIRTH DATE AND NAME"), who, *parts)
    return "refused", _joined(tr("DIFFERENT PATIENTS"), who, identity.patient_id if identity.patient_id != who else "",
                              date_text(identity.patient_birth_date), *parts)  # fmt: skip


def outdated(identity: Identity, opened: Sequence[Identity]) -> tuple[str, str]:
    """Tone and text above the only pane: that a newer study of the same patient is open, if there is one."""
    same = [other for other in opened if relation(identity, other) is Relation.SAME]
    age = age_text(identity, max([identity, *same], key=taken))
    if not age or day_of(identity.study_date) is None:
        return "idle", ""
    return "warning", _joined(age, tr("A NEWER STUDY OF THIS PATIENT IS OPEN"))


def elsewhere(tone: str, text: str) -> tuple[str, str]:
    """Tone and text above a pane of the main window while draft and features are those of a pane in another one."""
    return "warning" if tone == "idle" else tone, _joined(tr("DRAFT AND FEATURES ARE NOT OF THIS IMAGE"), text)


def _joined(*parts: str) -> str:
    return "  ·  ".join(part for part in parts if part)
