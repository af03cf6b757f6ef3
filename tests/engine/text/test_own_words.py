"""What a draft states is read back from its sentences: the checks of rewritten sentences stand on that."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest

from engine.pack.manifest import OBSERVATIONS, Laterality, Polarity, Severity
from engine.report.findings import Finding
from engine.report.vocabulary import DEVICES, MIDLINE, NO_FINDING, SECTIONS
from engine.report.wording import languages, load_wording
from engine.text.extract import extract_findings
from engine.text.lexicon import load_lexicon

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
STATED = [name for name in OBSERVATIONS if name != NO_FINDING]
LANGUAGES = languages()
POSSIBLE = ("Possible", "Mögliche")


def stated(observation: str) -> Iterator[Finding]:
    """Every finding of one observation that is present, each with all it may have."""
    places = NAMES if observation == DEVICES else PLACES if observation not in MIDLINE else ("",)
    severities = SEVERITIES if observation != DEVICES else ("none",)
    for side, severity, place in product(sides(observation), severities, places):
        yield finding(observation, "present", side, severity, place)


def sides(observation: str) -> tuple[Laterality, ...]:
    return SIDES if observation not in MIDLINE else ("none",)


def finding(
    observation: str, polarity: Polarity, side: Laterality, severity: Severity = "none", place: str = ""
) -> Finding:
    return Finding(observation, polarity, side, place, severity, SECTIONS[observation], 0.9, (1,))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("observation", STATED)
def test_what_is_present_is_read_back(observation: str, language: str) -> None:
    wording, lexicon = load_wording(language), load_lexicon(language)
    for claim in stated(observation):
        for text in (wording.sentence(claim), wording.summary(claim)):
            read = extract_findings(text, lexicon)
            assert {f.observation for f in read} == {observation}, text
            best = max(read, key=lambda f: len(f.locations))
            # The impression calls a pneumonia possible.
            assert best.polarity == "present" or (observation == "Pneumonia" and text.startswith(POSSIBLE)), text
            assert best.laterality == claim.laterality and claim.location in ("", *best.locations), text
            assert claim.severity in {f.severity for f in read}, text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("polarity", ["absent", "normal"])
@pytest.mark.parametrize("observation", STATED)
def test_what_is_not_there_is_read_back(observation: str, polarity: Polarity, language: str) -> None:
    wording, lexicon = load_wording(language), load_lexicon(language)
    names = ("", *NAMES) if observation == DEVICES and polarity == "absent" else ("",)
    for side, place in product(sides(observation), names):
        text = wording.sentence(finding(observation, polarity, side, place=place))
        read = extract_findings(text, lexicon)
        assert {(f.observation, f.polarity) for f in read} == {(observation, "absent")}, (text, read)
        # Some sentences of a normal part name no side.
        assert side in {f.laterality for f in read} or (polarity == "normal" and side == "bilateral"), (text, read)
        assert all(f.laterality in (side, "none") or side == "none" for f in read), (text, read)


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_for_the_whole_image_are_read_back(language: str) -> None:
    wording, lexicon = load_wording(language), load_lexicon(language)
    read = extract_findings(wording.impression.normal, lexicon)
    assert [(f.observation, f.polarity) for f in read] == [(NO_FINDING, "present")]
    devices = [
        finding(DEVICES, "present", side, place=name) for side, name in zip(("left", "right"), NAMES, strict=False)
    ]
    read = extract_findings(wording.device_summary(devices), lexicon)
    assert {(f.laterality, f.locations) for f in read if f.locations} == {("left", (NAMES[0],)), ("right", (NAMES[1],))}
    for text in (wording.unnamed_device.present, wording.unnamed_device.impression):
        assert {(f.observation, f.polarity) for f in extract_findings(text, lexicon)} == {(DEVICES, "present")}
