"""What a draft states is read back from its sentences: the checks of rewritten sentences stand on that."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest

from engine.pack.manifest import OBSERVATIONS, Laterality, Polarity, Severity
from engine.report.findings import Finding
from engine.report.vocabulary import DEVICES, MIDLINE, NO_FINDING, SECTIONS
from engine.report.wording import load_wording
from engine.text.extract import extract_findings

WORDING = load_wording("en")
SIDES: tuple[Laterality, ...] = ("none", "left", "right", "bilateral")
SEVERITIES: tuple[Severity, ...] = ("none", "small", "moderate", "large")
PLACES = (
    "",
    "base",
    "apex",
    "upper zone",
    "middle zone",
    "lower zone",
    "perihilar",
    "retrocardiac",
    "costophrenic angle",
)
NAMES = ("endotracheal tube", "nasogastric tube", "central venous line", "pacemaker", "chest tube")


def stated(observation: str) -> Iterator[Finding]:
    """Every finding of one observation that is present, each with all it may have."""
    sides = SIDES if observation not in MIDLINE else ("none",)
    places = NAMES if observation == DEVICES else PLACES if observation not in MIDLINE else ("",)
    severities = SEVERITIES if observation != DEVICES else ("none",)
    for side, severity, place in product(sides, severities, places):
        yield finding(observation, "present", side, severity, place)


def finding(
    observation: str, polarity: Polarity, side: Laterality, severity: Severity = "none", place: str = ""
) -> Finding:
    return Finding(observation, polarity, side, place, severity, SECTIONS[observation], 0.9, (1,))


@pytest.mark.parametrize("observation", [name for name in OBSERVATIONS if name != NO_FINDING])
def test_what_is_present_is_read_back(observation: str) -> None:
    for claim in stated(observation):
        for text in (WORDING.sentence(claim), WORDING.summary(claim)):
            read = extract_findings(text)
            assert {f.observation for f in read} == {observation}, text
            best = max(read, key=lambda f: len(f.locations))
            # The impression calls a pneumonia possible.
            assert best.polarity == "present" or (observation == "Pneumonia" and text.startswith("Possible")), text
            assert best.laterality == claim.laterality and claim.location in ("", *best.locations), text
            assert claim.severity in {f.severity for f in read}, text


@pytest.mark.parametrize("observation", [name for name in OBSERVATIONS if name != NO_FINDING])
def test_what_is_absent_is_read_back(observation: str) -> None:
    for side in SIDES if observation not in MIDLINE else ("none",):
        claim = finding(observation, "absent", side)
        read = extract_findings(WORDING.sentence(claim))
        found = [(f.observation, f.polarity, f.laterality) for f in read]
        assert found == [(observation, "absent", side)], WORDING.sentence(claim)
