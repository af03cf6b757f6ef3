"""The window that lists who changed what in a draft, and when."""

from __future__ import annotations

import html
from collections.abc import Mapping

from engine.report.audit import AuditEntry
from engine.report.draft import Draft
from viewer.dialogs import TextDialog
from viewer.i18n import mark, tr
from viewer.report.difference import difference_html

ACTION_NAMES = {
    "add": mark("added"),
    "edit": mark("edited"),
    "confirm": mark("confirmed"),
    "reject": mark("rejected"),
    "reopen": mark("not confirmed any more"),
    "restore": mark("restored"),
    "drop": mark("no longer in the draft"),
    "indication": mark("indication changed"),
    "review": mark("marked as reviewed"),
    "unreview": mark("review dropped by a change"),
    "export": mark("exported after the review"),
    "confirm_all": mark("all confirmed at once"),
    "compose": mark("draft written anew"),
    "typing": mark("typed, not finished"),
    "undo": mark("undone"),
    "redo": mark("done again"),
}

SUBJECT_NAMES = {"sentence": mark("sentence"), "indication": mark("indication"), "status": mark("status")}


class AuditDialog(TextDialog):
    """Shows the record of one draft; it is closed when another draft, or another state of it, is shown."""


def audit_html(draft: Draft) -> str:
    """Return the record as a page, oldest change first; each sentence with what changed in it, word by word."""
    if not draft.audit:
        return f"<p>{html.escape(tr('Nobody has changed this draft.'))}</p>"
    head = (tr("Time (UTC)"), tr("Person"), tr("Change"), tr("Of"), tr("Text"))
    rows = "".join(_row([html.escape(cell) for cell in head], "th"))
    titles = {sentence.key: part.title for part in draft.sections for sentence in part.sentences}
    rows += "".join(_row(_cells(entry, titles)) for entry in draft.audit)
    note = tr(
        "Names are those of the system or the settings; nothing proves them. Nothing is ever taken from this list."
    )
    return f"<table cellspacing='0'>{rows}</table><p>{html.escape(note)}</p>"


def _row(cells: list[str], tag: str = "td") -> str:
    style = "padding: 3px 10px 3px 0; text-align: left;"
    return "<tr>" + "".join(f"<{tag} style='{style}'>{cell}</{tag}>" for cell in cells) + "</tr>"


def _cells(entry: AuditEntry, titles: Mapping[str, str]) -> list[str]:
    time = entry.time.replace("T", " ").replace("+00:00", "")
    # A sentence that a later draft no longer has is named by its key: its section is not known any more.
    subject = titles.get(entry.key, entry.key) if entry.key else tr(SUBJECT_NAMES[entry.subject])
    plain = [html.escape(text) for text in (time, entry.user, tr(ACTION_NAMES[entry.action]), subject)]
    return [*plain, difference_html(entry.before, entry.after)]
