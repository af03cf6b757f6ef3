"""Keep a description only where its words, read back by rules, say what the statistics bear out, and no more."""

from __future__ import annotations

import re

from engine.text.comparison import cue_of
from engine.text.extract import extract_findings
from engine.text.faithful import Statement, compare_rewriting
from engine.text.lexicon import Lexicon
from training.labelling.label import FeatureLabel
from training.labelling.wording.answer import WordedAnswer

CHECK_VERSION = 1
"""Raised when the same answer would be judged otherwise than before."""

# Of a report these may be findings ("increased heart size"); a description has other words for them.
_CHANGE = re.compile(r"\b(?:in|de)creas\w*", re.IGNORECASE)


def objection(answer: WordedAnswer, label: FeatureLabel, lexicon: Lexicon) -> str:
    """Return why an answer may not be taken; empty where it may.

    Parameters
    ----------
    label : FeatureLabel
        With the statement that the statistics bear out and its wording by templates.
    lexicon : Lexicon
        By which the words of both are read.
    """
    for name in ("observation", "polarity", "laterality", "severity", "section"):
        wanted, given = getattr(label, name), getattr(answer, name)
        if given != wanted:
            return f"{name}: {given} instead of {wanted}"
    return contradiction(answer.description, label, lexicon)


def contradiction(text: str, label: FeatureLabel, lexicon: Lexicon) -> str:
    """Return in what a text differs from a label's wording by templates; empty where it says the same.

    Words for which no rule answers, such as those of a cause, are not taken either.
    """
    if not any(finding.observation == label.observation for finding in extract_findings(label.description, lexicon)):
        return "the statement itself cannot be read back, so that no other words can be checked"
    change = _CHANGE.search(text)
    if cue := change.group() if change else cue_of(text):
        return f"words: a comparison with earlier images, {cue}"
    found = compare_rewriting(label.description, text, lexicon)
    named = (("added", map(_named, found.added)), ("lost", map(_named, found.lost)), ("not known", found.strange))
    return "; ".join(f"words: {what} is {how}" for how, things in named if (what := ", ".join(things)))


def _named(statement: Statement) -> str:
    observation, polarity, laterality, severity, places = statement
    details = [value for value in (polarity, laterality, severity, *places) if value not in ("none", "present")]
    return " ".join((observation, *details))
