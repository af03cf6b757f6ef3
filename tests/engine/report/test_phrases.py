"""The program's own words in the evidence exist in every language, with the same placeholders."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from engine.report.phrases import fields, phrases_of
from engine.report.wording import languages

OTHERS = [language for language in languages() if language != "en"]


def said(repository: Path) -> set[str]:
    """Every text that an export says, read from its source; texts that stand in a name are looked up there."""
    found: set[str] = set()
    for path in (repository / "engine" / "export").glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {
            target.id: node.value.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets
            if isinstance(target, ast.Name) and isinstance(node.value.value, str)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and node.args and _says(node.func):
                argument = node.args[0]
                assert isinstance(argument, (ast.Constant, ast.Name)), f"{path.name}:{node.lineno}"
                text = names[argument.id] if isinstance(argument, ast.Name) else argument.value
                assert isinstance(text, str)
                found.add(text)
    return found


def _says(func: ast.expr) -> bool:
    if isinstance(func, ast.Call):
        return isinstance(func.func, ast.Name) and func.func.id == "phrases_of"
    return isinstance(func, ast.Name) and func.id == "say"


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_exists_in_every_language_and_no_other(repository: Path, language: str) -> None:
    texts = said(repository)
    assert len(texts) > 80
    table = phrases_of(language)._texts
    assert sorted(texts - set(table)) == [], "missing in the file"
    assert sorted(set(table) - texts) == [], "said nowhere"
    assert all(fields(text) == fields(table[text]) for text in texts)


def test_fields_are_filled_in_either_language() -> None:
    values = {"name": "X", "p": "0.50"}
    assert phrases_of("en")("probability of {name} {p}", **values) == "probability of X 0.50"
    assert phrases_of("de")("probability of {name} {p}", **values) == "Wahrscheinlichkeit von X 0.50"
    assert phrases_of("de").observation("Pneumothorax") == "Pneumothorax"
    assert phrases_of("de").observation("Pleural Effusion") == "Pleuraerguss"
    assert phrases_of("en").observation("Pleural Effusion") == "Pleural Effusion"
    assert phrases_of("de").observation("an open name") == "an open name"
