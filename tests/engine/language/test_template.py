"""Where instructions and a question stand in a chat template."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from engine.errors import UsageError
from engine.language.child import load
from engine.language.facts import Setup
from engine.language.local_model import LocalModel
from engine.language.template import FINAL_CHANNEL, answer_start, frame


def test_a_question_stands_behind_the_instructions_with_and_without_a_template() -> None:
    plain = frame("Be short.", None)
    assert plain.before == "Be short.\n\n" and plain.after.strip() == "Answer:"
    chat = frame("Be short.", lambda text: f"<s><user>{text.strip()}</user><assistant>")
    assert (chat.before, chat.after) == ("<s><user>Be short.\n\n", "</user><assistant>")


def test_a_template_that_loses_the_message_is_refused() -> None:
    with pytest.raises(ValueError, match="leaves out"):
        frame("Be short.", lambda text: "<s>")


def test_a_model_with_channels_answers_in_the_final_one() -> None:
    assert answer_start(f"... {FINAL_CHANNEL} ...") == FINAL_CHANNEL
    assert answer_start("<|im_start|>assistant") == ""


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("none.gguf", None, "cannot be read"),
        ("text.gguf", b"{}", "is no GGUF file"),
        ("big-00001-of-00003.gguf", b"GGUF....", "is a part of a model"),
    ],
)
def test_a_file_that_is_no_model_is_refused_at_once(
    tmp_path: Path, name: str, content: bytes | None, told: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError) as caught:
        LocalModel(Setup(str(tmp_path / name), "", 512))
    assert caught.value.code == "LANGUAGE_FILE" and told in caught.value.message


def test_without_the_library_it_is_said_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "llama_cpp", None)
    with pytest.raises(UsageError) as caught:
        load(Setup(str(tmp_path / "m.gguf"), "", 512))
    assert caught.value.code == "LANGUAGE_LIBRARY" and "labelling" in caught.value.hint
