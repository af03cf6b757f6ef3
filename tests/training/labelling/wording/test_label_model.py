"""`saerad-train label --model`, all the way, with tiny models made here.

They prove the plumbing: constrained answers, checks, crashes, kills. They say nothing about a real model's words.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from multiprocessing import active_children
from pathlib import Path
from typing import Any

import pytest

from engine.pack.manifest import LanguageModel, Manifest
from tests.tiny_gguf import killed_while_asked, needs_llama, random_model, stubborn_model
from training.activations.shard import file_sha256
from training.cli import main
from training.export_labels import finished_labels
from training.interrupt import StopRequest
from training.labelling.finished import FinishedLabels
from training.labelling.label import FeatureLabel
from training.labelling.wording import wordsmith
from training.labelling.wording.answer import answer_schema
from training.model_card import model_card
from training.sae.source import open_as_saved, read_identity
from training.sae.trained import folded_of, load_trained, split_name

pytestmark = needs_llama
EFFUSION = ('"left-sided pleural effusion"', '"pleural fluid"', '"Pleural Effusion"', '"present"', '"none"', '"pleura"')


@pytest.fixture(scope="module")
def random(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return random_model(tmp_path_factory.mktemp("models") / "random.gguf")


@pytest.fixture(scope="module")
def by_templates(sae: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[int, FeatureLabel]:
    out = tmp_path_factory.mktemp("labels") / "labels"
    assert main(["label", "--run", str(sae), "--out", str(out)]) == 0
    return {label.id: label for label in FinishedLabels(out)}


def command(sae: Path, out: Path, model: Path, *more: str) -> list[str]:
    return ["label", "--run", str(sae), "--out", str(out), "--model", str(model), "--threads", "1", *more]


def test_words_that_say_the_same_are_taken_and_all_else_stays_as_it_is(
    sae: Path, by_templates: dict[int, FeatureLabel], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, out = stubborn_model(tmp_path / "fluid.gguf", EFFUSION[1:]), tmp_path / "labels"
    assert main(command(sae, out, model, "--report", "--json")) == 0
    told = json.loads(capsys.readouterr().out)
    found = {label.id: label for label in FinishedLabels(out)}
    described = {label.id for label in by_templates.values() if label.observation}
    taken = {ident for ident, label in found.items() if label.words.by == "model"}
    present = {n for n in described if (found[n].observation, found[n].polarity) == ("Pleural Effusion", "present")}
    assert taken == present and 0 < len(taken) < len(described)
    assert (told["worded"], told["refused"]) == (len(taken), len(described - taken))
    for ident, label in found.items():
        other = by_templates[ident]
        if ident in taken:
            assert (label.description, label.words.template) == ("pleural fluid", other.description)
        elif ident in described:
            assert label.words.proposed == "pleural fluid" and label.description == other.description
            assert label.words.refused.split(":")[0] in {"observation", "polarity"}
        assert label.model_copy(update={"description": other.description, "words": other.words}) == other
    page = (out / "README.md").read_text()
    assert f"| in the words of the model | {len(taken)} |" in page and "| refused, observation |" in page
    assert "stubborn (fluid.gguf" in page and "licence: apache-2.0" in page


def test_a_side_that_the_statistics_do_not_bear_out_is_refused(sae: Path, tmp_path: Path) -> None:
    model, out = stubborn_model(tmp_path / "left.gguf", EFFUSION), tmp_path / "labels"
    assert main(command(sae, out, model, "--strategy", "plain")) == 0
    refused = {label.words.refused for label in FinishedLabels(out) if label.words.proposed}
    assert any("Pleural Effusion left is added" in why for why in refused)
    assert not [label for label in FinishedLabels(out) if label.words.by == "model"]


def test_where_the_words_come_from_is_told_in_labels_and_packs(sae: Path, random: Path, tmp_path: Path) -> None:
    out = tmp_path / "labels"
    assert main(command(sae, out, random, "--strategy", "domain")) == 0
    recipe = json.loads((out / "labels.json").read_text())["recipe"]["language_model"]
    assert recipe["file"] == "random.gguf" and recipe["sha256"] == file_sha256(random)
    assert (recipe["name"], recipe["licence"], recipe["strategy"]) == ("random", "apache-2.0", "domain")
    run, name = split_name(sae)
    words = finished_labels(folded_of(load_trained(run, name)), open_as_saved(read_identity(run)), out)
    assert words.worded_by is not None and words.worded_by.prompt == "domain 1"
    assert words.worded_by.refused == FinishedLabels(out).counts.refused > 0


def test_random_words_are_refused_in_the_form_that_was_asked_for(sae: Path, random: Path, tmp_path: Path) -> None:
    assert main(command(sae, tmp_path / "labels", random)) == 0
    words = [label.words for label in FinishedLabels(tmp_path / "labels") if label.observation]
    assert all(w.refused and w.by == "templates" for w in words)
    # The grammar holds: what is refused is wrong, not malformed.
    assert not [w for w in words if "form" in w.refused] and sum(bool(w.proposed) for w in words) > len(words) / 2


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_a_crash_costs_one_feature_its_words_and_nothing_else(
    sae: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, calls, others = stubborn_model(tmp_path / "fluid.gguf", EFFUSION[1:]), 0, set(active_children())

    def kill_once(observation: str) -> Mapping[str, Any]:
        nonlocal calls
        calls += 1
        if calls == 2:
            killed_while_asked(set(active_children()) - others)
        return answer_schema(observation)

    monkeypatch.setattr(wordsmith, "answer_schema", kill_once)
    assert main(command(sae, tmp_path / "labels", model)) == 0
    described = [label for label in FinishedLabels(tmp_path / "labels") if label.observation]
    crashed = [label.id for label in described if "WORKER_CRASHED" in label.words.refused]
    assert crashed == [described[1].id] and calls == len(described)
    assert all(label.words.proposed or label.words.by == "model" for label in described if label.id not in crashed)


def test_a_model_that_always_fails_is_given_up_and_what_is_done_is_kept(
    sae: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model, out = stubborn_model(tmp_path / "fluid.gguf", EFFUSION[1:]), tmp_path / "labels"
    monkeypatch.setattr(wordsmith, "PATIENCE", 2)
    with monkeypatch.context() as patch:
        patch.setattr(wordsmith, "answer_schema", lambda observation: {"type": "string", "pattern": r"^[\q]$"})
        assert main(command(sae, out, model)) == 3
    err = capsys.readouterr().err
    assert "[LANGUAGE_GIVEN_UP]" in err and "Traceback" not in err
    assert len((out / "words.jsonl").read_text().splitlines()) == wordsmith.PATIENCE
    assert main(command(sae, out, model)) == 0
    failed = [label for label in FinishedLabels(out) if label.words.refused.startswith("no answer: WORKER_FAILED")]
    assert len(failed) == wordsmith.PATIENCE and not (out / "words.jsonl").exists()


def test_other_words_are_not_mixed_into_labels(
    sae: Path, random: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "labels"
    assert main(command(sae, out, random)) == 0
    before = (out / "labels.json").read_bytes()
    assert main(command(sae, out, random)) == 0
    assert main(command(sae, out, random, "--strategy", "plain", "--context", "3500")) == 2
    err = capsys.readouterr().err
    assert "[LABEL_OTHER]" in err
    assert "strategy (findings, now plain)" in err and "context (4096, now 3500)" in err
    assert main(["label", "--run", str(sae), "--out", str(out)]) == 2
    assert "language model" in capsys.readouterr().err
    assert (out / "labels.json").read_bytes() == before


def test_a_model_that_cannot_be_used_is_refused_before_anything_is_done(
    sae: Path, random: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, damaged = tmp_path / "labels", tmp_path / "damaged.gguf"
    damaged.write_bytes(random.read_bytes()[:3000])
    for model, more, code in (
        (tmp_path / "none.gguf", [], "LANGUAGE_FILE"),
        (damaged, [], "LANGUAGE_FILE"),
        (random, ["--context", "100"], "LANGUAGE_CONTEXT"),
    ):
        assert main(command(sae, out, model, *more)) == 2
        err = capsys.readouterr().err
        assert f"[{code}]" in err and "Traceback" not in err
        assert not out.exists()
    for options in (["--run", str(sae), "--strategy", "plain"], ["--report", "--model", str(random)]):
        assert main(["label", "--out", str(out), *options]) == 2
        assert "[USAGE]" in capsys.readouterr().err and not out.exists()


def test_asked_to_stop_it_finishes_the_feature_and_goes_on_to_the_same_labels(
    sae: Path, random: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, out = tmp_path / "whole", tmp_path / "stopped"
    assert main(command(sae, whole, random)) == 0
    journal = out / "words.jsonl"
    with monkeypatch.context() as patch:
        patch.setattr(StopRequest, "__call__", lambda self: journal.exists() and bool(journal.read_bytes()))
        assert main(command(sae, out, random)) == 130
    assert "the same command goes on" in capsys.readouterr().err
    assert journal.read_bytes().count(b"\n") == 1
    assert main(command(sae, out, random)) == 0
    assert [path.read_bytes() for path in sorted(out.iterdir())] == [p.read_bytes() for p in sorted(whole.iterdir())]


def test_the_card_of_a_pack_names_the_model(demo_pack: Path) -> None:
    manifest = Manifest.model_validate_json((demo_pack / "pack.json").read_bytes())
    assert manifest.provenance.worded_by is None and "language model" not in model_card(manifest)
    worded = LanguageModel(
        name="Tiny", licence="", file="tiny.gguf", sha256="a" * 64, prompt="plain 1", descriptions=7, refused=2
    )
    provenance = manifest.provenance.model_copy(update={"worded_by": worded})
    card = model_card(manifest.model_copy(update={"provenance": provenance}))
    assert "7 of them are in the words of a language model (Tiny, tiny.gguf" in card
    assert "licence: not stated in the file, prompt plain 1" in card
