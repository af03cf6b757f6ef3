"""Split the text of a report section into sentences, losing no character but white space."""

from __future__ import annotations

import re

_PARAGRAPH = re.compile(r"\n[ \t]*\n")
# A line that begins a list item begins a sentence even where the line before has no full stop.
_ITEM = re.compile(r"\n[ \t]*(?=(?:[-*•–]|\d{1,2}[.)])[ \t]+\S)")
# A full stop, its closing quotes, and white space; or a full stop that lost its space: "are clear.There is".
_STOP = re.compile(r"[.!?]+[\"')\]]*(?:\s+|(?=[A-Z_])(?<=[a-z_][.!?]))")
_WORD_BEFORE = re.compile(r"[\w.]*$")
_NUMBER = re.compile(r"\d{1,2}")
_LETTERS = re.compile(r"(?:[A-Za-z]\.)*[A-Za-z]")

_TITLES = frozenset(
    {"dr", "mr", "mrs", "ms", "st", "vs", "e.g", "i.e", "approx", "ca", "cf", "fig", "incl", "ggf", "bzw", "evtl"}
)
"""Abbreviations that never end a sentence."""

# German: "V. a. Pneumonie", "z. B.", "Z. n. Fraktur", "i. S. einer Stauung".
_SPACED = re.compile(r"(?:\b[vu]\. ?a|\bz\. ?[bn]|\bi\. ?s|\bd\. ?h)$", re.IGNORECASE)

_SHORT = frozenset({"etc", "al", "inc", "lt", "rt", "lat", "ant", "post", "sup", "inf", "min", "max", "cm", "mm"})
"""Abbreviations that end a sentence only before a capital letter."""


def split_sentences(text: str) -> list[str]:
    """Return the sentences of a text in order, with single spaces between their words.

    Enumerators ("1.") stay with the sentence they number. Joined without white space, the sentences are the text
    without white space.
    """
    sentences = []
    for paragraph in _PARAGRAPH.split(text):
        for item in _ITEM.split(paragraph):
            for numbered in _split_numbered(" ".join(item.split())):
                sentences += _split_line(numbered)
    return sentences


def _split_numbered(line: str) -> list[str]:
    """Split "1. Effusion 2. Scoliosis", whose items end without full stops, before each next number."""
    items = []
    number = 2
    while line.startswith(f"{number - 1}.") and (found := re.search(rf" {number}\. ?(?=[A-Z_])", line)):
        items.append(line[: found.start()])
        line = line[found.start() + 1 :]
        number += 1
    return [*items, line]


def _split_line(line: str) -> list[str]:
    sentences: list[str] = []
    start = 0
    for stop in _STOP.finditer(line):
        if stop.end() < len(line) and _ends(line[start : stop.start()], stop.group().strip(), line[stop.end() :]):
            _append(sentences, line[start : stop.end()].strip())
            start = stop.end()
    _append(sentences, line[start:].strip())
    return sentences


def _append(sentences: list[str], text: str) -> None:
    """Add a sentence; a stray full stop goes to the one before."""
    if sentences and text and not any(letter.isalnum() or letter == "_" for letter in text):
        sentences[-1] += text
    elif text:
        sentences.append(text)


def _ends(before: str, mark: str, after: str) -> bool:
    """Whether a stop between two texts ends a sentence."""
    if not before.strip():
        return True
    if mark[0] != ".":
        return not after[0].islower()
    if _NUMBER.fullmatch(before.strip()):
        return False  # an enumerator
    match = _WORD_BEFORE.search(before)
    word = match.group().lower() if match else ""
    if word in _TITLES or _SPACED.search(before):
        return False
    if word in _SHORT or _LETTERS.fullmatch(word):
        # "T. spine", "9 a.m. by phone", but "in zone C. The heart": an initial before a capital ends here.
        return after[0].isupper()
    return True
