"""German of what the engine says: errors by their codes, sentences about a file by their pattern."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from engine.dicom.plain_words import plain_words
from engine.errors import ReadError
from engine.resources import resource_path
from viewer.i18n import language
from viewer.i18n.sentences import read, read_problems, sentence
from viewer.state.images import Problem

SECTIONS = (
    *("Files that cannot be opened", "The index of studies", "Model packs", "The model", "Analyses and drafts"),
    *("Exports", "Local language models", "The child process", "Plug-ins", "Archives", "De-identification"),
)
"""Of docs/error-codes.md: errors of the engine that the viewer can meet."""
SERVICE = ("QUEUE_", "JOB_", "HEALTH_")
"""How codes begin that only ``saerad serve`` can say."""
OWN = {"HANGING_UNREADABLE", "HANGING_INVALID", "HANGING_NONE", "NOT_ALIGNED", "LANGUAGE_INVALID", "FONT_MISSING"}
"""Errors of the viewer that are raised, not told: their English is that of the page."""


@pytest.fixture
def german(dark: QApplication) -> Iterator[None]:
    language.use("de", dark)
    yield
    language.use("en", dark)


def documented(repository: Path) -> set[str]:
    page = (repository / "docs" / "error-codes.md").read_text(encoding="utf-8")
    parts = [part for part in page.split("\n## ") if part.startswith(SECTIONS)]
    assert len(parts) == len(SECTIONS)
    found = {code for part in parts for code in re.findall(r"^\| `([A-Z_]+)`", part, re.MULTILINE)}
    return {code for code in found if not code.startswith(SERVICE)}


def sentences_of_the_engine(repository: Path) -> set[str]:
    """Every sentence that the reading of files and the gate can say, with {0}, {1} … for what is filled in."""
    found = set()
    for folder, names in (("dicom", {"warn"}), ("inference", {"refused", "warning", "_limits"})):
        for path in sorted((repository / "engine" / folder).rglob("*.py")):
            for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(call, ast.Call) and call.args:
                    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
                    if name in names:
                        found.add(template(call.args[-1]))
    return found - {""}


def template(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
        return node.value
    if not isinstance(node, ast.JoinedStr):
        return ""
    parts, number = [], 0
    for part in node.values:
        if isinstance(part, ast.Constant):
            parts.append(str(part.value))
        else:
            parts.append(f"{{{number}}}")
            number += 1
    return "".join(parts)


def fields(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name)


def test_every_code_that_the_viewer_can_meet_has_a_german_meaning(repository: Path) -> None:
    problems, needed = read_problems("de"), documented(repository) | OWN
    assert needed - problems.keys() == set(), "add to resources/viewer/problems-de.toml"
    assert problems.keys() - needed == set(), "take out of resources/viewer/problems-de.toml"
    for code, (meaning, advice) in problems.items():
        assert meaning and not (meaning + advice).endswith("."), code


def test_every_sentence_about_a_file_has_german_words(repository: Path) -> None:
    words = read(resource_path("viewer", "sentences-de.toml"))
    missing = sentences_of_the_engine(repository) - words.keys()
    assert missing == set(), "add to resources/viewer/sentences-de.toml"
    for english, german in words.items():
        assert isinstance(german, str)
        assert fields(english) == fields(german), english


def test_an_error_is_told_in_german_with_the_details_behind(german: None) -> None:
    told = Problem.of(ReadError("DICOM_TRUNCATED", "it ends after 312 bytes", "send it again"))
    assert told.message == "Die DICOM-Datei ist abgeschnitten (it ends after 312 bytes; send it again)"
    assert told.hint == "Kopieren oder senden Sie die Datei noch einmal"
    unknown = Problem.of(ReadError("SOMETHING_NEW", "what happened", "what to do"))
    assert (unknown.message, unknown.hint) == ("what happened", "what to do")


@pytest.mark.parametrize(
    ("english", "german_words"),
    [
        ("The file has 12 frames; the first is shown.", "Die Datei hat 12 Einzelbilder; gezeigt wird das erste."),
        (
            "The file does not name its transfer syntax; it was read as RLE Lossless.",
            "Die Datei nennt ihre Transfersyntax nicht; sie wurde als RLE Lossless gelesen.",
        ),
        (
            "the patient lay on one side (LLD); fluid and air move with that; the image is blank as displayed",
            "der Patient lag auf einer Seite (LLD); Flüssigkeit und Luft verlagern sich dabei; "
            "das Bild ist leer, so wie es dargestellt wird",
        ),
        ("Something nobody has words for.", "Something nobody has words for."),
    ],
)
def test_a_sentence_with_what_is_filled_in(german: None, english: str, german_words: str) -> None:
    assert sentence(english) == german_words


def test_english_is_left_as_it_is(dark: QApplication) -> None:
    assert sentence("The file has 12 frames; the first is shown.") == "The file has 12 frames; the first is shown."
    assert Problem.of(ReadError("DICOM_TRUNCATED", "what", "do")) == Problem("DICOM_TRUNCATED", "what", "do")


def test_what_a_library_complains_about_has_german_words(german: None) -> None:
    for complaint in ("End of file reached", "Invalid value for VR UI", "pixel data", "something else"):
        (told,) = plain_words([complaint])
        assert sentence(told) != told
