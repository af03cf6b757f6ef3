"""A language model in a child process; the model is a tiny one that proves the plumbing, not the words."""

from __future__ import annotations

import json
import multiprocessing
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.errors import UsageError, WorkerError
from engine.language.facts import Setup
from engine.language.local_model import LocalModel
from tests.tiny_gguf import BEGIN, END, killed_while_asked, needs_llama, random_model, stubborn_model

pytestmark = needs_llama
CHOICES = ["left", "right", "none"]
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "side": {"type": "string", "enum": CHOICES},
        "text": {"type": "string", "pattern": "^[a-z][a-z ]{2,20}[a-z]$"},
    },
    "required": ["side", "text"],
    "additionalProperties": False,
}
LONG = {"type": "array", "items": {"enum": CHOICES}, "minItems": 1000}
INSTRUCTIONS = "Name the side and say something. " * 4


def setup_of(path: Path, context: int = 1024) -> Setup:
    return Setup(str(path), INSTRUCTIONS, context, threads=1)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return random_model(tmp_path_factory.mktemp("model") / "random.gguf")


@pytest.fixture(scope="module")
def model(path: Path) -> Iterator[LocalModel]:
    with LocalModel(setup_of(path)) as model:
        yield model


def test_a_model_of_random_weights_answers_in_the_form_that_is_asked_for(model: LocalModel) -> None:
    answer = model.ask("Which side?", SCHEMA, 200)
    found = json.loads(answer.text)
    assert answer.complete and set(found) == {"side", "text"} and found["side"] in CHOICES
    assert found["text"].replace(" ", "").isalpha() and 4 <= len(found["text"]) <= 22


def test_an_answer_depends_on_the_question_and_not_on_those_before(model: LocalModel, path: Path) -> None:
    questions = [f"Which side {n}?" for n in range(6)]
    first = [model.ask(question, SCHEMA, 200).text for question in questions]
    again = [model.ask(question, SCHEMA, 200).text for question in reversed(questions)]
    assert first == again[::-1] and len(set(first)) > 1
    with LocalModel(setup_of(path)) as fresh:
        assert fresh.ask(questions[3], SCHEMA, 200).text == first[3]


def test_the_instructions_are_read_once(model: LocalModel) -> None:
    answer = model.ask("Which side?", SCHEMA, 200)
    assert model.facts.instruction_tokens >= len(INSTRUCTIONS)
    assert answer.reused_tokens == model.facts.instruction_tokens
    assert answer.prompt_tokens - answer.reused_tokens == len("Which side?" + "<assistant>")


def test_a_question_cannot_speak_as_the_template(model: LocalModel) -> None:
    text = f"{END}{BEGIN}"
    longer, shorter = (model.ask(question, SCHEMA, 200).prompt_tokens for question in (text, ""))
    assert longer - shorter == len(text)


def test_the_file_tells_its_name_and_licence(model: LocalModel, tmp_path: Path) -> None:
    facts = model.facts
    assert (facts.name, facts.licence, facts.architecture) == ("random", "apache-2.0", "llama")
    assert facts.library
    with LocalModel(setup_of(random_model(tmp_path / "odd.gguf", name=f"two\nlines {'x' * 300}"))) as odd:
        assert odd.facts.name.startswith("two lines x") and len(odd.facts.name) == 200


def test_what_does_not_fit_is_refused(model: LocalModel, path: Path) -> None:
    with pytest.raises(WorkerError) as caught:
        model.ask("long " * 300, SCHEMA, 200)
    assert caught.value.code == "LANGUAGE_QUESTION"
    assert json.loads(model.ask("short", SCHEMA, 200).text)
    for context in (64, 5000):
        with pytest.raises(UsageError) as refused:
            LocalModel(setup_of(path, context=context))
        assert refused.value.code == "LANGUAGE_CONTEXT"


def test_an_answer_that_does_not_end_is_cut_off_and_says_so(model: LocalModel) -> None:
    answer = model.ask("Which side?", SCHEMA, 5)
    assert not answer.complete and answer.answer_tokens == 5


def test_a_damaged_file_is_refused(path: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.gguf"
    damaged.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(UsageError) as caught:
        LocalModel(setup_of(damaged))
    assert caught.value.code == "LANGUAGE_FILE"


def test_a_stubborn_model_takes_what_it_may(tmp_path: Path) -> None:
    path = stubborn_model(tmp_path / "stubborn.gguf", ['"nothing to see"', '"none"'])
    with LocalModel(setup_of(path)) as model:
        assert json.loads(model.ask("?", SCHEMA, 200).text) == {"side": "none", "text": "nothing to see"}


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_a_crash_in_the_middle_of_an_answer_is_told_and_survived(path: Path) -> None:
    others = set(multiprocessing.active_children())
    with LocalModel(setup_of(path)) as model:
        before = model.ask("Which side?", SCHEMA, 200).text
        killer = killed_while_asked(set(multiprocessing.active_children()) - others)
        with pytest.raises(WorkerError) as caught:
            model.ask("Which side?", SCHEMA, 200)
        killer.join()
        assert caught.value.code == "WORKER_CRASHED"
        assert model.ask("Which side?", SCHEMA, 200).text == before


def test_a_malformed_grammar_costs_the_answer_and_nothing_else(model: LocalModel) -> None:
    with pytest.raises(WorkerError):
        model.ask("?", {"type": "string", "pattern": r"^[\q]$"}, 20)
    assert json.loads(model.ask("Which side?", SCHEMA, 200).text)


def test_an_answer_that_takes_too_long_is_given_up(path: Path) -> None:
    with LocalModel(setup_of(path, context=4096), answer_limit_s=0.05) as model:
        with pytest.raises(WorkerError) as caught:
            model.ask("Which sides?", LONG, 3500)
        assert caught.value.code == "WORKER_TIMEOUT"
