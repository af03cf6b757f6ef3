"""What a library complains about while a file is read, in words for the person who opened it."""

from __future__ import annotations

import re
from collections.abc import Iterable

# The library's messages quote values of the header; what is shown and logged must not.
_PLAIN: tuple[tuple[str, str], ...] = (
    (r"End of file reached", "The file ends in the middle of an element; what comes after is lost."),
    (r"Invalid value for VR UI", "A UID in the header is not formed as DICOM asks."),
    (r"Invalid value for VR", "A value in the header is not formed as DICOM asks."),
    (r"value length .* exceeds the maximum", "A value in the header is longer than DICOM allows."),
    (
        r"(?i)encod|charset|character set",
        "Some text in the header does not fit its character set and may show wrongly.",
    ),
    (r"Expected (?:implicit|explicit) VR", "Parts of the header are encoded in another way than the file says."),
    (r"(?i)file meta", "The file's meta header is damaged; what could be read of it was used."),
    (
        r"(?i)pixel data|frame|fragment|offset table",
        "The pixel data are not laid out as DICOM asks, but could be read.",
    ),
)


def plain_words(messages: Iterable[str]) -> list[str]:
    """Return one sentence for each kind of message, in order of appearance."""
    sentences: dict[str, None] = {}
    for message in messages:
        fitting = (sentence for pattern, sentence in _PLAIN if re.search(pattern, message))
        sentences[next(fitting, "The header has an oddity that did not keep it from being read.")] = None
    return list(sentences)
