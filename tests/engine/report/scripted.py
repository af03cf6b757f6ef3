"""A language model that answers what a test tells it to, in the place of the one in a child process."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from engine.language.facts import Answer, ModelFacts, Setup
from engine.report import rewrite
from engine.report.rewrite import RewriteChoice, Rewriter

Items = list[dict[str, Any]]
Script = Callable[[Items], str]


class ScriptedModel:
    """Stands in for :class:`engine.language.local_model.LocalModel`."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self.asked = 0

    def __call__(self, setup: Setup, **limits: Any) -> ScriptedModel:
        self.facts = ModelFacts("scripted", "", "none", len(setup.instructions), "0")
        return self

    def ask(self, question: str, schema: Mapping[str, Any], most_tokens: int, **other: Any) -> Answer:
        self.asked += 1
        items = [json.loads(line) for line in question.splitlines()[1:]]
        return Answer(self._script(items), True, 1, 0, most_tokens, 0.0)

    def close(self) -> None:
        """Nothing is held."""


def scripted(monkeypatch: pytest.MonkeyPatch, folder: Path, script: Script) -> tuple[Rewriter, ScriptedModel]:
    """Return a rewriter whose model follows a script."""
    path = folder / "model.gguf"
    path.write_bytes(b"GGUF")
    model = ScriptedModel(script)
    monkeypatch.setattr(rewrite, "LocalModel", model)
    return Rewriter(RewriteChoice(path)), model


def answer(items: Items) -> str:
    """Return an answer of the form that is asked for."""
    return json.dumps({"sentences": items})
