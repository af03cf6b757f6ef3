"""Text broken into lines that fit."""

from __future__ import annotations

import re

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics


def wrapped(text: str, metrics: QFontMetrics, width: int, most: int) -> list[str]:
    """Break a text between words, or behind the underscores of codes and file names, into at most `most` lines.

    What has no room ends with "…".
    """
    lines: list[str] = []
    rest = [word for word in re.split(r"(?<=_)|\s+", text) if word]
    while rest and len(lines) < most - 1:
        line = rest.pop(0)
        while rest and metrics.horizontalAdvance(longer := _joined(line, rest[0])) <= width:
            line = longer
            rest.pop(0)
        lines.append(line)
    if rest:
        last = rest[0]
        for word in rest[1:]:
            last = _joined(last, word)
        lines.append(last)
    return [metrics.elidedText(line, Qt.TextElideMode.ElideRight, width) for line in lines]


def _joined(left: str, right: str) -> str:
    return left + right if left.endswith("_") else f"{left} {right}"
