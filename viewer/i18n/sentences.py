"""What the engine says of a file in sentences of its own, in the language of the window."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from engine.errors import SaeRadError
from engine.resources import resource_path
from viewer.marking import SOURCE, Meaning

FIELD = re.compile(r"\\\{(\d+)\\\}")
BETWEEN = "; "
"""Joins what several warnings say."""

_PATTERNS: list[tuple[re.Pattern[str], str]] = []


def sentence(text: str) -> str:
    """Return a sentence of the engine in the language in use; as it is where it has no words for it.

    What is filled into a sentence, and sentences that were joined, are looked up by themselves.
    """
    parts = text.split(BETWEEN)
    for count in range(len(parts), 0, -1):
        head = _translated(BETWEEN.join(parts[:count]))
        if head is not None:
            return BETWEEN.join((head, *([sentence(BETWEEN.join(parts[count:]))] if count < len(parts) else [])))
    return text


def _translated(text: str) -> str | None:
    for pattern, words in _PATTERNS:
        found = pattern.fullmatch(text)
        if found is not None:
            return words.format(*(sentence(value) for value in found.groups()))
    return None


def use(language: str) -> None:
    """Speak a language from now on."""
    words = {} if language == SOURCE else read(resource_path("viewer", f"sentences-{language}.toml"))
    # A sentence without fields before those that have some, and of those the one that says most.
    order = sorted(words, key=lambda text: ("{" in text, -len(text)))
    _PATTERNS[:] = [(re.compile(FIELD.sub("(.+?)", re.escape(text))), str(words[text])) for text in order]


def read_problems(language: str) -> dict[str, Meaning]:
    """Return what codes mean in a language; nothing in English, which errors speak themselves."""
    if language == SOURCE:
        return {}
    found = read(resource_path("viewer", f"problems-{language}.toml"))
    return {code: (str(entry[0]), str(entry[1])) for code, entry in found.items() if isinstance(entry, list)}


def read(path: Path) -> dict[str, object]:
    """Return a file of words.

    Raises
    ------
    SaeRadError
        ``LANGUAGE_INVALID``.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SaeRadError(
            "LANGUAGE_INVALID", f"the words in {path} cannot be used: {error}", "restore the file, or choose English"
        ) from error
