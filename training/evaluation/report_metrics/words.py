"""The words of a report, for measures that compare words."""

from __future__ import annotations

import re

_WORD = re.compile(r"[a-z0-9_]+(?:[.'-][a-z0-9]+)*")


def words_of(text: str) -> list[str]:
    """Return the words in lower case without punctuation; hyphenated words and decimals stay whole."""
    return _WORD.findall(text.lower())
