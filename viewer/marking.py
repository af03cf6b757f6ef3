"""Texts that a person reads: ``tr`` where they are shown, ``mark`` where they are data that is shown elsewhere.

Apart from viewer/i18n so that viewer/state, which knows no Qt, can use it.
"""

from __future__ import annotations

_WORDS: dict[str, str] = {}


def mark(text: str, /) -> str:
    """Return `text` as it is; says that it passes through ``tr`` where it is shown (as in a table of data)."""
    return text


def tr(text: str, /, **values: object) -> str:
    """Return the words for an English text in the language in use (the text itself in English), its fields filled."""
    words = _WORDS.get(text, text)
    return words.format(**values) if values else words


def set_words(words: dict[str, str]) -> None:
    """Use these words, by English text, from now on."""
    _WORDS.clear()
    _WORDS.update(words)
