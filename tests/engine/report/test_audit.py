"""The record of changes: nothing is ever taken from it, an undo is one more entry, every export carries it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.report.audit import Action, noted
from engine.report.compose import compose
from engine.report.difference import Run, word_difference
from engine.report.draft import Draft
from engine.report.serialise import draft_from_dict, draft_to_dict, public_report
from tests.engine.report.factories import busy


def done(before: Draft, after: Draft, action: Action | None = None) -> Draft:
    return noted(before, after, user="Dr. A", time="2026-01-02T03:04:05+00:00", action=action)


def told(draft: Draft) -> list[tuple[str, str, str, str]]:
    return [(entry.action, entry.before, entry.after, entry.state) for entry in draft.audit]


def test_every_change_of_a_sentence_is_told_with_before_and_after() -> None:
    first = compose(busy())
    one, two = list(first.sentences())[:2]
    draft = done(first, first.confirm(one.key))
    draft = done(draft, draft.edit(one.key, "Another text."))
    draft = done(draft, draft.remove(two.key))
    draft = done(draft, draft.add("heart", "My own.", "added-1"))
    draft = done(draft, draft.edit(two.key, two.text))
    assert told(draft) == [
        ("confirm", one.text, one.text, "confirmed"),
        ("edit", one.text, "Another text.", "confirmed"),
        ("reject", two.text, "", "removed"),
        ("add", "", "My own.", "confirmed"),
        ("restore", "", two.text, "confirmed"),
    ]
    entry = draft.audit[0]
    assert (entry.user, entry.time, entry.subject, entry.key) == (
        "Dr. A",
        "2026-01-02T03:04:05+00:00",
        "sentence",
        one.key,
    )


def test_an_undo_is_an_entry_and_takes_none_away() -> None:
    first = compose(busy())
    one = next(first.sentences())
    edited = done(first, first.edit(one.key, "Another text."))
    back = done(edited, first, "undo")
    assert back == first and told(back) == [
        ("edit", one.text, "Another text.", "confirmed"),
        ("undo", "Another text.", one.text, "unconfirmed"),
    ]
    assert done(back, back).audit == back.audit, "what changes nothing is not told"


def test_review_its_loss_and_all_at_once_are_told() -> None:
    first = compose(busy())
    count = len(first.waiting)
    draft = done(first, first.confirm_all(), "confirm_all")
    assert count > 3 and [entry.action for entry in draft.audit] == ["confirm_all"] * count and not draft.waiting
    draft = done(draft, draft.review())
    key = next(draft.sentences()).key
    draft = done(draft, draft.edit(key, "Late."))
    assert [(e.action, e.before, e.after) for e in draft.audit if e.subject == "status"] == [
        ("review", "draft", "reviewed"),
        ("unreview", "reviewed", "draft"),
    ]
    other = done(draft, replace(compose(busy(), indication="cough"), audit=()))
    assert ("indication", "", "cough", "") in told(other)
    assert "drop" not in [entry.action for entry in done(draft, draft).audit]


def test_the_record_is_kept_and_exported() -> None:
    first = compose(busy())
    key = next(first.sentences()).key
    draft = done(first, first.edit(key, "Another text."))
    kept = draft_from_dict(draft_to_dict(draft))
    assert kept.audit == draft.audit != ()
    public = public_report(draft, "CPUExecutionProvider", "int8")
    assert public["audit"] == [
        {
            "time": "2026-01-02T03:04:05+00:00",
            "user": "Dr. A",
            "action": "edit",
            "subject": "sentence",
            "key": key,
            "before": next(first.sentences()).text,
            "after": "Another text.",
            "state": "confirmed",
        }
    ]
    assert public["unconfirmed"] == len(first.waiting) - 1
    old = draft_to_dict(first)
    del old["audit"]
    assert draft_from_dict(old).audit == (), "a draft of an earlier version opens"


@pytest.mark.parametrize(
    ("old", "new", "runs"),
    [
        ("Small left effusion.", "Small left effusion.", [("same", "Small left effusion.")]),
        ("", "New words.", [("new", "New words.")]),
        (
            "There is a small left effusion.",
            "There is a large left effusion today.",
            [
                ("same", "There is a"),
                ("gone", "small"),
                ("new", "large"),
                ("same", "left"),
                ("gone", "effusion."),
                ("new", "effusion today."),
            ],
        ),
    ],
)
def test_words_are_compared(old: str, new: str, runs: list[tuple[str, str]]) -> None:
    found = word_difference(old, new)
    assert [(run.kind, run.text) for run in found] == runs
    assert " ".join(run.text for run in found if run.kind != "new") == old
    assert " ".join(run.text for run in found if run.kind != "gone") == new
    assert all(isinstance(run, Run) for run in found)
