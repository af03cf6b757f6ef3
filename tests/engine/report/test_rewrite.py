"""Rewriting: what says the same is taken with its origin, everything else stays and is told."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from engine.errors import Cancelled, DraftError, WorkerError
from engine.export.pdf import report_pdf
from engine.export.text import report_text
from engine.report.compose import compose
from engine.report.grounding import check_draft
from engine.report.rewrite import PATIENCE, RewriteChoice, Rewriter, rewriting_note
from engine.report.rewrite_prompt import load_prompt
from engine.report.serialise import draft_from_dict, draft_to_dict, public_report
from engine.report.wording import languages
from tests.engine.report.factories import busy, radiograph
from tests.engine.report.scripted import Items, answer, scripted

WORDS = {
    "There is a moderate right pleural effusion at the base.": "A moderate right-sided pleural effusion at the base.",
    "No pneumothorax.": "There is no evidence of pneumothorax.",
    "The heart size is normal.": "The heart is normal in size.",
}


def reworded(items: Items) -> str:
    return answer([item | {"text": WORDS.get(item["text"], item["text"])} for item in items])


def test_what_says_the_same_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made, before = busy(), compose(busy())
    rewriter, model = scripted(monkeypatch, tmp_path, reworded)
    after = rewriter.rewrite(before)
    assert check_draft(after, made) == []
    done = after.rewriting
    assert done is not None and (done.asked, done.taken, done.rejected, done.warning) == (6, 3, (), "")
    for old, new in zip(before.sentences(), after.sentences(), strict=True):
        if old.text in WORDS:
            assert (new.text, new.origin, new.rule_text) == (WORDS[old.text], "rewritten", old.text)
            assert (new.findings, new.evidence, new.state) == (old.findings, old.evidence, "unconfirmed")
        else:
            assert new == old
    assert model.asked == sum(bool(section.sentences) for section in before.sections)
    assert done.model.sha256 == hashlib.sha256(b"GGUF").hexdigest()
    prompt, sha256 = load_prompt("en")
    assert (done.model.file, done.model.prompt, done.model.prompt_version, done.model.prompt_sha256) == (
        "model.gguf", "rewrite-en", prompt.version, sha256,
    )  # fmt: skip


def test_the_rewriting_is_shown_and_survives_saving(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    rewriter, _ = scripted(monkeypatch, tmp_path, reworded)
    draft = rewriter.rewrite(compose(busy()))
    assert draft_from_dict(json.loads(json.dumps(draft_to_dict(draft)))) == draft
    public = public_report(draft, "CPU", "fp32")
    assert public["rewriting"]["taken"] == 3 and public["rewriting"]["model"]["file"] == "model.gguf"
    origins = [s["origin"] for section in public["sections"] for s in section["sentences"]]
    assert origins.count("rewritten") == 3
    image = radiograph()
    shown = report_text(image, busy(), draft)
    assert shown.count("[rewritten by a language model]") == 3 and "3 of 6 sentences" in shown
    assert len(report_pdf(image, busy(), draft)) > len(report_pdf(image, busy(), compose(busy())))


def test_a_person_s_words_are_not_rewritten(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    draft = compose(busy())
    keys = [sentence.key for sentence in draft.sentences()]
    draft = draft.edit(keys[0], "Mine.").confirm(keys[1]).remove(keys[2]).add("bones", "No fracture.", "own")
    rewriter, _ = scripted(monkeypatch, tmp_path, reworded)
    after = rewriter.rewrite(draft)
    assert after.rewriting is not None and after.rewriting.asked == 3
    assert [after.find(key) for key in [*keys[:3], "own"]] == [draft.find(key) for key in [*keys[:3], "own"]]


def changed(**change: Any) -> Any:
    return lambda items: answer([item | change for item in items])


@pytest.mark.parametrize(
    ("script", "code"),
    [
        (changed(features=[99]), "FEATURES"),
        (changed(text="Left pneumothorax."), "ADDED"),
        (changed(text="Seen."), "LOST"),
        (changed(text=""), "FORM"),
        (changed(text="No pneumothorax. No pneumothorax."), "FORM"),
        (changed(sentence=7), "INVENTED"),
        (lambda items: answer([]), "MISSING"),
        (lambda items: answer([*items, *items]), "INVENTED"),
        (lambda items: answer([i | {"text": i["text"][:-1] + " of 3 cm."} for i in items]), "WORDS"),
        (lambda items: answer(items)[:-2], "NO_ANSWER"),
        (lambda items: "[]", "NO_ANSWER"),
    ],
)
def test_what_says_something_else_is_refused_and_counted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: Any, code: str
) -> None:
    before = compose(busy())
    rewriter, _ = scripted(monkeypatch, tmp_path, script)
    after = rewriter.rewrite(before)
    assert [s.text for s in after.sentences()] == [s.text for s in before.sentences()]
    done = after.rewriting
    assert done is not None and done.counts.get(code, 0) >= 3 and done.taken == 0
    assert (done.warning == "REWRITE_ANSWER") == (code == "NO_ANSWER")
    assert code in rewriting_note(after) or f"[{done.warning}]" in rewriting_note(after)


def test_a_model_that_fails_leaves_the_draft_and_a_warning(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def crash(items: Items) -> str:
        raise WorkerError("WORKER_CRASHED", "the process working on the task crashed (signal 9)")

    before = compose(busy())
    rewriter, model = scripted(monkeypatch, tmp_path, crash)
    for _ in range(PATIENCE + 2):
        after = rewriter.rewrite(before)
        assert list(after.sentences()) == list(before.sentences())
        assert after.rewriting is not None and after.rewriting.warning == "WORKER_CRASHED"
        assert after.rewriting.counts == {"NO_ANSWER": 6}
        assert "[WORKER_CRASHED]" in report_text(radiograph(), busy(), after)
    assert model.asked == PATIENCE


@pytest.mark.parametrize("content", [None, b"", b"no model"])
def test_a_file_that_is_no_model_is_a_warning(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "model.gguf"
    if content is not None:
        path.write_bytes(content)
    with Rewriter(RewriteChoice(path)) as rewriter:
        after = rewriter.rewrite(compose(busy()))
    assert after.rewriting is not None and after.rewriting.warning == "LANGUAGE_FILE"
    assert [s.origin for s in after.sentences()] == ["composed"] * 6


def test_a_cancellation_is_no_warning(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def cancel(items: Items) -> str:
        raise Cancelled

    rewriter, _ = scripted(monkeypatch, tmp_path, cancel)
    with pytest.raises(Cancelled):
        rewriter.rewrite(compose(busy()))


@pytest.mark.parametrize("language", languages())
def test_every_language_has_a_prompt(language: str) -> None:
    prompt, sha256 = load_prompt(language)
    assert prompt.version >= 1 and len(sha256) == 64


@pytest.mark.parametrize("content", ["", "version = 1", "version = 0\ninstructions = 'x'\nrequest = '{title}'", "["])
def test_a_broken_prompt_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "rewrite-en.toml").write_text(content, encoding="utf-8")
    with pytest.raises(DraftError) as caught:
        load_prompt("en", tmp_path)
    assert caught.value.code == "REWRITE_PROMPT"
