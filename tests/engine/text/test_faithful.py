"""Rewritten sentences: what says the same is kept, and nothing unsupported gets through."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable
from itertools import product

import pytest

from engine.pack.manifest import OBSERVATIONS, Laterality, Severity
from engine.report.findings import Finding
from engine.report.vocabulary import DEVICES, MIDLINE, NO_FINDING, SECTIONS
from engine.report.wording import load_wording
from engine.text.faithful import compare_rewriting

WORDING = load_wording("en")
SIDES: tuple[Laterality, ...] = ("none", "left", "right", "bilateral")
SEVERITIES: tuple[Severity, ...] = ("none", "small", "moderate", "large")
OTHERS = {"consolidation": "atelectasis", "effusion": "thickening", "edema": "emphysema", "pneumothorax": "effusion",
          "fracture": "deformity", "opacity": "nodule", "cardiac": "aortic", "heart": "aorta", "tube": "drain",
          "line": "wire", "pacemaker": "stimulator", "pneumonia": "edema", "atelectasis": "consolidation",
          "nodule or mass": "granuloma", "cardiomediastinal silhouette": "aortic contour"}  # fmt: skip
WORSE = {"small": "large", "mild": "severe", "minor": "extensive", "limited": "extensive", "moderate": "large",
         "large": "small", "marked": "mild", "severe": "mild", "extensive": "minor"}  # fmt: skip
ADDED = ("with adjacent atelectasis", "and a small pneumothorax", "as well as cardiomegaly", "suggesting pneumonia",
         "and rib fractures", "with a cavitating abscess", "increased since the prior study", "measuring 3 cm",
         "consistent with malignancy", "requiring urgent drainage", "in a patient with fever", "and hepatomegaly",
         "which has resolved", "likely chronic", "with mediastinal shift", "and a nasogastric tube")  # fmt: skip


def sentences() -> list[str]:
    """What a draft may state, in its own words."""
    found = []
    for observation in OBSERVATIONS:
        if observation == NO_FINDING:
            continue
        sides = SIDES if observation not in MIDLINE else ("none",)
        places = ("endotracheal tube", "pacemaker") if observation == DEVICES else ("", "base", "upper zone")
        for side, severity, place in product(sides, SEVERITIES, places if observation not in MIDLINE else ("",)):
            if observation == DEVICES and severity != "none":
                continue
            found.append(finding(observation, "present", side, severity, place))
        found += [finding(observation, "absent", side) for side in sides if observation != DEVICES]
    return [WORDING.sentence(claim) for claim in found]


def finding(observation: str, polarity: str, side: str, severity: str = "none", place: str = "") -> Finding:
    return Finding(observation, polarity, side, place, severity, SECTIONS[observation], 0.9, (1,))  # type: ignore[arg-type]


def _swap(text: str, table: dict[str, str]) -> str:
    return re.sub(rf"\b({'|'.join(table)})\b", lambda match: table[match.group()], text, count=1)


def _deny(text: str) -> str:
    denied = re.sub(r"^There (is|are) (?:a )?", r"There \1 no ", text)
    return denied if denied != text else re.sub(r"^No ", "There is ", text).replace(" not ", " ")


FAULTS: dict[str, Callable[[str, random.Random], str]] = {
    "side": lambda text, _: _swap(text, {"left": "right", "right": "left", "bilateral": "left"}),
    "severity": lambda text, _: _swap(text, WORSE),
    "denial": lambda text, _: _deny(text),
    "addition": lambda text, rng: f"{text.rstrip('.')} {rng.choice(ADDED)}.",
    "doubt": lambda text, rng: re.sub(r"^There (?:is|are) (?:a )?", rng.choice(["Possible ", "There may be "]), text),
    "other": lambda text, _: _swap(text, OTHERS),
    "omission": lambda text, _: re.sub(
        r"( at the base| in the upper zone|\b(?:left|right|small|moderate|large) )", " ", text, count=1
    ),
}


@pytest.mark.parametrize(
    ("original", "rewritten"),
    [
        ("There is a small left pleural effusion.", "A small left-sided pleural effusion is present."),
        ("There is a small left pleural effusion.", "Small pleural effusion on the left."),
        ("No left pneumothorax.", "There is no pneumothorax on the left side."),
        ("There is moderate enlargement of the heart.", "The heart is moderately enlarged."),
        ("The lungs are clear.", "Lungs are clear."),
        ("No acute fracture is seen.", "There is no evidence of acute fracture."),
        ("There is consolidation at the base.", "Consolidation is seen at the base."),
    ],
)
def test_what_says_the_same_is_kept(original: str, rewritten: str) -> None:
    assert compare_rewriting(original, rewritten).kept


@pytest.mark.parametrize(
    ("original", "rewritten", "fault"),
    [
        ("Small left effusion.", "Small right effusion.", "lost"),
        ("Small left effusion.", "Left effusion.", "lost"),
        ("Small left effusion.", "No left effusion.", "added"),
        ("Edema. No effusion.", "Edema.", "lost"),
        ("Edema.", "Edema and effusion.", "added"),
        ("Edema.", "Edema and hepatomegaly.", "strange"),
        ("Mass at the left base.", "Mass of 3 cm at the left base.", "strange"),
        ("Edema.", "", "lost"),
    ],
)
def test_what_changes_is_told(original: str, rewritten: str, fault: str) -> None:
    found = compare_rewriting(original, rewritten)
    assert not found.kept and getattr(found, fault)


def test_every_sentence_is_faithful_to_itself() -> None:
    assert all(compare_rewriting(text, text).kept for text in sentences())


def test_no_adversarial_rewriting_gets_through() -> None:
    rng = random.Random(0)
    pool, tried, through = sentences(), Counter[str](), []
    while tried.total() < 1000:
        text = rng.choice(pool)
        kind = rng.choice(list(FAULTS))
        changed = FAULTS[kind](text, rng)
        if changed != text:
            tried[kind] += 1
            if compare_rewriting(text, changed).kept:
                through.append((kind, text, changed))
    assert through == []
    assert min(tried.values()) > 50 and len(tried) == len(FAULTS)
