"""Recognise words that no single image can support: comparison, change, history (design §3)."""

from __future__ import annotations

import re
from functools import lru_cache

from engine.inference.analysis import ActiveFeature
from engine.text.comparison import any_of, cue_of

_HISTORY = (
    r"histor(?:y|ies|ical(?:ly)?)", "hx", "h/o", "s/p", "known", r"status[- ]post", r"post[- ]?operative(?:ly)?",
    "prior", "previous", "earlier", "interval", "(?:in|de)creasing", "worsen(?:s|ed|ing)", "worse",
    "improv(?:es|ed|ing|ement)", "resolv(?:es|ed|ing)", "compar(?:ed|ison|ing)", "since", "followed",
    r"last (?:exam\w*|stud\w+|film|radiograph)",
)  # fmt: skip
_GERMAN = (
    r"anamnes\w+", r"(?:vor)?bekannt\w*", r"vorbestehend\w*", "seit", r"unverändert\w*", r"konstant\w*",
    r"zunehmend\w*", r"abnehmend\w*", "zunahme", "abnahme", r"(?:pro|re)gredien\w*", r"(?:ge)?bessert\w*",
    r"verschlechter\w*", r"neu(?: aufgetreten\w*|e[rns]?)?", r"(?:vor)?vergleich\w*",
    r"vor(?:aufnahme|befund|untersuchung)\w*", r"verlauf\w*", r"früher\w*", r"z\. ?n\.", "zustand nach", "weiterhin",
    r"rückläufig\w*", r"vorher\w*",
)  # fmt: skip
_CUES = re.compile(rf"(?<!\w){any_of((*_HISTORY, *_GERMAN))}(?!\w)", re.IGNORECASE)


@lru_cache(maxsize=16384)
def unsupportable(text: str) -> str:
    """Return the first words of an English or German text that speak of change, history or comparison; "" if none do.

    It would rather find too much: what it finds in a feature's label keeps that feature out of drafts, and in a house
    style it refuses the phrase.
    """
    match = _CUES.search(text)
    return match.group() if match else cue_of(text)


def may_speak(feature: ActiveFeature) -> bool:
    """Whether nothing in a feature's label claims what one image cannot show."""
    texts = (feature.description, feature.observation, feature.location, feature.severity, feature.section)
    return not any(unsupportable(text) for text in texts)
