"""Messages as sentences."""

from __future__ import annotations


def as_sentence(text: str) -> str:
    """Start with a capital, unless the first word is a file name, a device or an option, and end with a full stop."""
    text = text.strip()
    first = text.partition(" ")[0]
    text = text[:1].upper() + text[1:] if first.strip("(,:").isalpha() else text
    return text if text.endswith((".", "!", "?")) or not text else f"{text}."
