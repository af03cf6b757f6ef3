"""Words of a finding (observation, polarity, side, severity, place) in the language of the window.

They are those of the drafts in that language, without a person's own house style; in English those of the pack.
"""

from __future__ import annotations

from typing import cast, get_args

from engine.pack.manifest import Laterality, Severity
from engine.report.wording import Wording, load_wording
from viewer.i18n import mark, tr
from viewer.marking import SOURCE, language

POLARITIES = (mark("present"), mark("absent"), mark("normal"))


def observation(name: str) -> str:
    """Return the name of an observation."""
    wording = _wording()
    known = wording.observations.get(name) if wording is not None else None
    return known.name if known is not None else name


def polarity(value: str) -> str:
    """Return whether a finding is there."""
    return tr(value)


def side(value: str) -> str:
    """Return the side; empty for none."""
    wording = _wording()
    if wording is None or value not in get_args(Laterality):
        return "" if value == "none" else value
    return wording.words.side[cast("Laterality", value)]


def severity(value: str) -> str:
    """Return how marked a finding is; empty where nothing is said of it."""
    wording = _wording()
    if wording is None or value not in get_args(Severity):
        return "" if value == "none" else value
    return _plain(wording.words.severity[cast("Severity", value)])


def location(value: str) -> str:
    """Return the place of a finding, or the name of a device."""
    wording = _wording()
    if wording is None:
        return value
    return _plain(wording.locations.get(value) or wording.devices.get(value) or value)


def _plain(phrase: str) -> str:
    """Take off what joins a phrase to the sentence before it."""
    return phrase.removeprefix(",").strip()


def _wording() -> Wording | None:
    return None if language() == SOURCE else load_wording(language())
