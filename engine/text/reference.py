"""What a sentence says of the finding that the one before named: "There is an effusion. It is on the left"."""

from __future__ import annotations

import re
from dataclasses import replace

from engine.report.vocabulary import DEVICES
from engine.text.attributes import words_said
from engine.text.findings import TextFinding
from engine.text.lexicon import Lexicon


def referring(finding: TextFinding, sentence: str, lexicon: Lexicon) -> TextFinding:
    """Return a finding with the side, places and severity that it lacks and the next sentence tells.

    Only a sentence in lower case that begins with a pronoun and names no finding itself speaks of the one before, and
    only of what is present or suspected.
    """
    if finding.polarity == "absent" or not re.match(lexicon.grammar.pronoun, sentence):
        return finding
    told = words_said(sentence, lexicon)
    device = finding.observation == DEVICES
    return replace(
        finding,
        laterality=finding.laterality if finding.laterality != "none" else told.laterality,
        locations=finding.locations or (() if device else told.locations),
        severity=finding.severity if finding.severity != "none" or device else told.severity,
    )
