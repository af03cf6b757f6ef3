"""The PDF's record of changes: who changed what in the draft, and when, oldest first."""

from __future__ import annotations

from typing import Any

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Paragraph, Spacer, Table

from engine.export.identity import one_line
from engine.export.pdf_style import HEADING, SMALL, small_table
from engine.export.typeface import markup
from engine.report.audit import AuditEntry
from engine.report.difference import word_difference
from engine.report.draft import Draft
from engine.report.phrases import Phrases, phrases_of

_NOTE = (
    "What a person took out is struck through, what came is underlined. Names are those of the system or the settings; "
    "nothing proves them."
)
_MARKS = {"same": ("", ""), "gone": ('<font color="#a03030"><strike>', "</strike></font>"), "new": ("<u>", "</u>")}


def audit_table(draft: Draft) -> list[Flowable]:
    """Return the record with heading and note; nothing where nobody changed the draft."""
    if not draft.audit:
        return []
    say = phrases_of(draft.language)
    head: list[Any] = [say("Time (UTC)"), say("Person"), say("Change"), say("Of"), say("Text")]
    table = Table(
        [head, *(_row(entry, say) for entry in draft.audit)],
        colWidths=[27 * mm, 22 * mm, 28 * mm, 33 * mm, 70 * mm],
        repeatRows=1,
        hAlign="LEFT",
        style=small_table(),
    )
    return [Paragraph(say("Record of changes"), HEADING), table, Spacer(1, 1 * mm), Paragraph(say(_NOTE), SMALL)]


def _row(entry: AuditEntry, say: Phrases) -> list[Any]:
    time = entry.time.replace("T", " ").replace("+00:00", "")
    plain = (time, entry.user, change_name(entry, say), entry.key or change_subject(entry, say))
    cells = [Paragraph(markup(one_line(text)), SMALL) for text in plain]
    return [*cells, Paragraph(_difference(entry), SMALL)]


def _difference(entry: AuditEntry) -> str:
    runs = word_difference(one_line(entry.before), one_line(entry.after))
    return " ".join(_MARKS[run.kind][0] + markup(run.text) + _MARKS[run.kind][1] for run in runs)


def change_subject(entry: AuditEntry, say: Phrases) -> str:
    """Return what a change that is of no sentence is of."""
    return say("indication") if entry.subject == "indication" else say("status")


def change_name(entry: AuditEntry, say: Phrases) -> str:
    """Return what was done in words."""
    return {
        "add": say("added"),
        "edit": say("edited"),
        "confirm": say("confirmed"),
        "reject": say("rejected"),
        "reopen": say("not confirmed any more"),
        "restore": say("restored"),
        "drop": say("no longer in the draft"),
        "indication": say("indication changed"),
        "review": say("marked as reviewed"),
        "unreview": say("review dropped by a change"),
        "export": say("exported after the review"),
        "confirm_all": say("all confirmed at once"),
        "compose": say("draft written anew"),
        "typing": say("typed, not finished"),
        "undo": say("undone"),
        "redo": say("done again"),
    }[entry.action]
