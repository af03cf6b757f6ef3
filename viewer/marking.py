"""Texts that a person reads: ``tr`` where they are shown, ``mark`` where they are data that is shown elsewhere.

Apart from viewer/i18n so that viewer/state, which knows no Qt, can use it.
"""

from __future__ import annotations

from collections.abc import Mapping

SOURCE = "en"
POINTS = {"de": ","}
"""Decimal marks of languages that write another one than a point."""
Meaning = tuple[str, str]
"""Of a code: what it means, and what to do."""

_WORDS: dict[str, str] = {}
_PROBLEMS: dict[str, Meaning] = {}
_LANGUAGE = [SOURCE]


def mark(text: str, /) -> str:
    """Return `text` as it is; says that it passes through ``tr`` where it is shown (as in a table of data)."""
    return text


def tr(text: str, /, **values: object) -> str:
    """Return the words for an English text in the language in use (the text itself in English), its fields filled."""
    words = _WORDS.get(text, text)
    return words.format(**values) if values else words


def decimal(text: str, /) -> str:
    """Return a number in the decimal mark of the language in use; never for what is exported."""
    return text.replace(".", POINTS.get(_LANGUAGE[0], "."))


def told(code: str, message: str, hint: str) -> Meaning:
    """Return what an error says in the language in use: what its code means, with the English words behind it."""
    if code not in _PROBLEMS:
        return message, hint
    meaning, advice = _PROBLEMS[code]
    details = "; ".join(part for part in (message, hint) if part)
    return f"{meaning} ({details})" if details else meaning, advice


def language() -> str:
    """Return the language in use."""
    return _LANGUAGE[0]


def set_words(words: Mapping[str, str], language: str = SOURCE, problems: Mapping[str, Meaning] | None = None) -> None:
    """Use these words, by English text, and these meanings of codes from now on."""
    _WORDS.clear()
    _WORDS.update(words)
    _PROBLEMS.clear()
    _PROBLEMS.update(problems or {})
    _LANGUAGE[0] = language
