"""Which plug-in composed the draft, or why it did not."""

from __future__ import annotations

from engine.report.draft import Draft
from viewer.i18n import tr
from viewer.marking import told


def composed_by(draft: Draft) -> str:
    """Say who composed a draft; empty where the program's own rules were asked to."""
    done = draft.composing
    if done is None:
        return ""
    if done.code:
        why, _ = told(done.code, done.message, "")
        return tr("Composed by the program's own rules: {why} [{code}]", why=why, code=done.code)
    return tr("Composed by the plug-in {name}.", name=done.name)
