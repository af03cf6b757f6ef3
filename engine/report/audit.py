"""Who changed what in a draft, and when: an append-only record, made by comparing the draft before with that after."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from engine.report.draft import Draft, Sentence

Action = Literal[
    "add",
    "edit",
    "confirm",
    "reject",
    "reopen",
    "restore",
    "drop",
    "indication",
    "review",
    "unreview",
    "export",
    "confirm_all",
    "compose",
    "typing",
    "undo",
    "redo",
]
"""What a person did.

``reopen``: a sentence waits for confirmation again; ``restore``: one that was rejected is back; ``drop``: a sentence is
no longer in the draft; ``unreview``: a change dropped the review; ``compose``: the draft was written anew; ``typing``:
saved while it was typed, and never closed. What ``confirm_all``, ``compose``, ``undo`` or ``redo`` changed is named
after them.
"""
Subject = Literal["sentence", "indication", "status"]


@dataclass(frozen=True)
class AuditEntry:
    """One change of one thing.

    Attributes
    ----------
    time : str
        UTC, ISO 8601 with seconds.
    user : str
        As the system or the setting names the person; nothing proves it.
    action : Action
    subject : {"sentence", "indication", "status"}
        What changed.
    key : str
        Of the sentence; empty for the others.
    before, after : str
        Text before and after; empty where there was or is none.
    state : str
        Of a sentence afterwards; empty where it is no longer in the draft, and for the others.
    """

    time: str
    user: str
    action: Action
    subject: Subject
    key: str
    before: str
    after: str
    state: str = ""


def noted(before: Draft, after: Draft, *, user: str, time: str, action: Action | None = None) -> Draft:
    """Return `after` with the record of `before` and, at its end, what is different in it.

    Parameters
    ----------
    action : Action, optional
        What a person did; None tells it from the difference.

    Returns
    -------
    Draft
        Nothing is ever taken from the record: an undo is one more entry.
    """
    told = [
        AuditEntry(time, user, action or found, subject, key, old, new, state)
        for found, subject, key, old, new, state in _changes(before, after)
    ]
    return replace(after, audit=(*before.audit, *told))


_Change = tuple[Action, Subject, str, str, str, str]


def _changes(before: Draft, after: Draft) -> Iterator[_Change]:
    if before.indication != after.indication:
        yield "indication", "indication", "", before.indication, after.indication, ""
    old = {sentence.key: sentence for section in before.sections for sentence in section.sentences}
    new = {sentence.key: sentence for section in after.sections for sentence in section.sentences}
    for key in dict.fromkeys((*old, *new)):
        change = _sentence(old.get(key), new.get(key))
        if change is not None:
            yield change
    if before.status is not after.status:
        done: dict[str, Action] = {"draft": "unreview", "reviewed": "review", "exported": "export"}
        yield done[after.status.value], "status", "", before.status.value, after.status.value, ""


def _sentence(old: Sentence | None, new: Sentence | None) -> _Change | None:
    """Return what became of a sentence; None where it is as it was."""
    if new is None:
        return None if old is None else ("drop", "sentence", old.key, _text(old), "", "")
    was, now = _text(old), _text(new)
    if old is not None and (old.text, old.state, old.origin) == (new.text, new.state, new.origin):
        return None
    action: Action
    if old is None:
        action = "add"
    elif new.state == "removed":
        action = "reject"
    elif old.state == "removed":
        action = "restore"
    elif old.text != new.text:
        action = "edit"
    else:
        action = "confirm" if new.state == "confirmed" else "reopen"
    return action, "sentence", new.key, was, now, new.state


def _text(sentence: Sentence | None) -> str:
    """Return what a reader of the draft sees of a sentence."""
    return "" if sentence is None or sentence.state == "removed" else sentence.text
