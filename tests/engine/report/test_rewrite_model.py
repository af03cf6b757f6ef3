"""Rewriting by tiny models in the real child process: it proves the plumbing, not the wording."""

from __future__ import annotations

import json
import sys
from multiprocessing import active_children
from pathlib import Path
from time import monotonic

import pytest

from engine.cli.main import main
from engine.errors import Cancelled
from engine.report.compose import compose
from engine.report.grounding import check_draft
from engine.report.rewrite import RewriteChoice, Rewriter
from tests.engine.pictures import write_dicom
from tests.engine.report.factories import analysis, busy, feature, probabilities
from tests.tiny_gguf import killed_while_asked, needs_llama, random_model, stubborn_model

pytestmark = needs_llama
# A token may have 31 letters: the library drops longer ones.
SEEN, NORMAL, LEFT = '"No pneumothorax is seen."', '"Normal heart size."', '"Left pneumothorax."'


def test_nothing_of_a_model_that_means_nothing_is_taken(tmp_path: Path) -> None:
    made, before = busy(), compose(busy())
    with Rewriter(RewriteChoice(random_model(tmp_path / "a.gguf"), threads=1)) as rewriter:
        first, again = rewriter.rewrite(before), rewriter.rewrite(before)
    assert first == again, "the same draft has the same answer"
    assert list(first.sentences()) == list(before.sentences()) and check_draft(first, made) == []
    done = first.rewriting
    assert done is not None and (done.warning, done.taken, len(done.rejected)) == ("", 0, 6)
    assert all(rejection.proposed for rejection in done.rejected)
    assert done.model.name == "random" and done.model.library.startswith("llama-cpp-python")


@pytest.mark.parametrize(("wish", "taken"), [(SEEN, 1), (NORMAL, 0), (LEFT, 0)])
def test_a_model_s_sentence_is_taken_where_it_says_the_same(tmp_path: Path, wish: str, taken: int) -> None:
    made = analysis((feature(13, "Pneumothorax", "absent"),), probabilities(Lung_Opacity=0.4))
    with Rewriter(RewriteChoice(stubborn_model(tmp_path / "a.gguf", [wish]), threads=1)) as rewriter:
        draft = rewriter.rewrite(compose(made))
    (sentence,) = draft.sentences()
    assert sentence.text == (SEEN.strip('"') if taken else "No pneumothorax.")
    assert sentence.origin == ("rewritten" if taken else "composed")
    assert draft.rewriting is not None and draft.rewriting.taken == taken
    assert check_draft(draft, made) == []


@pytest.mark.parametrize(
    ("choice", "code"),
    [
        ({"answer_limit_s": 0.0}, "WORKER_TIMEOUT"),
        ({"context": 300}, "LANGUAGE_CONTEXT"),
    ],
)
def test_a_model_without_enough_of_something_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, choice: dict[str, float], code: str
) -> None:
    # Without a wait between two looks at the clock, or a tiny model answers before the first one.
    monkeypatch.setattr("engine.worker.worker._TICK_S", 0.0)
    before = compose(busy())
    model = random_model(tmp_path / "a.gguf")
    with Rewriter(RewriteChoice(model, threads=1, **choice)) as rewriter:  # type: ignore[arg-type]
        after = rewriter.rewrite(before)
    assert after.rewriting is not None
    assert after.rewriting.warning == code and list(after.sentences()) == list(before.sentences())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the address space")
def test_a_model_without_memory_is_a_warning(tmp_path: Path) -> None:
    before = compose(busy())
    with Rewriter(RewriteChoice(random_model(tmp_path / "a.gguf"), threads=1, memory_bytes=48 << 20)) as rewriter:
        after = rewriter.rewrite(before)
    # Where it dies depends on what its libraries take first.
    assert after.rewriting is not None and after.rewriting.warning
    assert after.rewriting.counts == {"NO_ANSWER": 6} and list(after.sentences()) == list(before.sentences())


def test_a_crash_is_a_warning_and_the_next_draft_is_rewritten(tmp_path: Path) -> None:
    before, others = compose(busy()), set(active_children())
    with Rewriter(RewriteChoice(random_model(tmp_path / "a.gguf"), threads=1)) as rewriter:
        rewriter.rewrite(before)
        killer = killed_while_asked(set(active_children()) - others)
        crashed = rewriter.rewrite(before)
        killer.join()
        after = rewriter.rewrite(before)
    assert crashed.rewriting is not None and crashed.rewriting.warning == "WORKER_CRASHED"
    assert list(crashed.sentences()) == list(before.sentences())
    assert after.rewriting is not None and after.rewriting.warning == ""


def test_it_can_be_cancelled(tmp_path: Path) -> None:
    with Rewriter(RewriteChoice(random_model(tmp_path / "a.gguf"), threads=1)) as rewriter:
        started = monotonic()
        with pytest.raises(Cancelled):
            rewriter.rewrite(compose(busy()), cancelled=lambda: True)
        assert monotonic() - started < 30
        assert rewriter.rewrite(compose(busy())).rewriting is not None


def test_analyse_writes_what_became_of_it(toy_pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    uid = write_dicom(tmp_path / "a.dcm")
    words = [str(tmp_path / "a.dcm"), "--pack", str(toy_pack), "--device", "cpu", "--format", "text,json,pdf"]
    model = random_model(tmp_path / "a.gguf")
    # A file that begins as a model is one only once it is loaded, which the first draft does.
    hollow = tmp_path / "hollow.gguf"
    hollow.write_bytes(b"GGUF" + bytes(60))
    for name, path in (("good", model), ("hollow", hollow)):
        out = tmp_path / name
        assert main(["analyse", *words, "--out", str(out), "--rewrite", str(path)]) == 0
        (row,) = json.loads((out / "summary.json").read_text(encoding="utf-8"))
        report = json.loads((out / uid / "report.json").read_text(encoding="utf-8"))
        assert report["rewriting"]["model"]["file"] == path.name
        warned = report["rewriting"]["warning"]
        assert warned == ("" if name == "good" else "LANGUAGE_FILE")
        assert ("refused" in row["message"]) if name == "good" else ("[LANGUAGE_FILE]" in row["message"])
        assert ("[LANGUAGE_FILE]" in capsys.readouterr().err) == (name == "hollow")
