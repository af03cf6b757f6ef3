"""Marks that de-identification left in a text: each becomes one and the same, and they are counted."""

from __future__ import annotations

import re

MARK = "___"
"""What stands for something removed: the mark of MIMIC-CXR."""

_MARKS = re.compile(
    r"\[\*\*.*?\*\*\]"  # MIMIC-II and III: [**Known lastname 123**]
    r"|[Xx]{2,}[/-][Xx]{2,}(?:[/-][Xx]{2,})?"  # dates: XX/XX/XXXX
    r"|X{3,}(?:[- ]X{3,})*"  # Open-I: XXXX, also in a row
    r"|_{2,}"  # MIMIC-CXR: ___
    r"|[\[<](?:redacted|removed|name|date|time|location|hospital|phi|phone|id|age|deid\w*)\d*[\]>]",
    re.IGNORECASE | re.DOTALL,
)


def unify_marks(text: str) -> tuple[str, int]:
    """Return the text with every de-identification mark as `MARK`, and how many there were.

    Several marks in a row ("XXXX XXXX") count as one: how many words were removed is not always told.
    """
    return _MARKS.subn(MARK, text)
