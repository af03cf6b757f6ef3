"""Report text and its sentence-by-sentence truth; the wording is in resources/phantom/wording.json."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict

from engine.pack.manifest import Polarity
from training.data.phantom.types import PhantomFinding

WORDING = Path(__file__).resolve().parents[3] / "resources" / "phantom" / "wording.json"
SECTIONS = ("lungs", "pleura", "heart", "bones", "devices")
SECTION_OF = {
    "Cardiomegaly": "heart",
    "Pleural Effusion": "pleura",
    "Pneumothorax": "pleura",
    "Consolidation": "lungs",
    "Lung Lesion": "lungs",
    "Atelectasis": "lungs",
    "Edema": "lungs",
    "Support Devices": "devices",
}
HEDGE_SHARE = 0.015


class Statement(BaseModel):
    """A negative or normal statement and the observations it denies."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    polarity: Polarity
    denies: tuple[str, ...]
    texts: tuple[str, ...]


class Wording(BaseModel):
    """The wording file."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    severity: dict[str, dict[str, tuple[str, ...]]]
    place: dict[str, dict[str, tuple[str, ...]]]
    positive: dict[str, tuple[str, ...]]
    hedged: dict[str, tuple[str, ...]]
    impression: dict[str, tuple[str, ...]]
    absent: dict[str, tuple[Statement, ...]]
    normal_impression: tuple[str, ...]


@dataclass(frozen=True)
class ReportSentence:
    """One sentence; `observations` are what it states, or denies when the polarity is absent or normal."""

    text: str
    section: str
    polarity: Polarity
    observations: tuple[str, ...]


@dataclass(frozen=True)
class PhantomReport:
    """Sentences of the two sections of a report."""

    findings: tuple[ReportSentence, ...]
    impression: tuple[ReportSentence, ...]

    @property
    def text(self) -> str:
        """The report as one text."""
        parts = [" ".join(s.text for s in part) for part in (self.findings, self.impression)]
        return f"FINDINGS: {parts[0]} IMPRESSION: {parts[1]}"


@lru_cache(maxsize=1)
def wording() -> Wording:
    """The wording file, checked once."""
    return Wording.model_validate(json.loads(WORDING.read_text(encoding="utf-8")))


def write_report(findings: Sequence[PhantomFinding], rng: np.random.Generator) -> PhantomReport:
    """State every finding, deny several others, and conclude."""
    words = wording()
    present = {f.observation for f in findings}
    sections = list(SECTIONS)
    if rng.random() < 0.3:
        sections = [sections[i] for i in rng.permutation(len(sections))]
    sentences: list[ReportSentence] = []
    for section in sections:
        stated = [f for f in findings if SECTION_OF[f.observation] == section]
        sentences += [_positive(words, f, section, rng) for f in stated]
        sentences += _negatives(words, section, present, rng)
    impression = [_impression(words, f, rng) for f in findings if f.observation != "Support Devices"]
    impression += [
        _impression(words, f, rng) for f in findings if f.observation == "Support Devices" and rng.random() < 0.5
    ]
    if not impression:
        denied = tuple(o for o in SECTION_OF if o not in present and o != "Support Devices")
        impression = [ReportSentence(_pick(words.normal_impression, rng), "impression", "normal", denied)]
    return PhantomReport(tuple(sentences), tuple(impression))


def _positive(words: Wording, finding: PhantomFinding, section: str, rng: np.random.Generator) -> ReportSentence:
    hedged = rng.random() < HEDGE_SHARE and finding.observation in words.hedged
    texts = words.hedged[finding.observation] if hedged else words.positive[_key(finding)]
    return ReportSentence(_fill(words, _pick(texts, rng), finding, rng), section, "present", (finding.observation,))


def _impression(words: Wording, finding: PhantomFinding, rng: np.random.Generator) -> ReportSentence:
    text = _fill(words, _pick(words.impression[_key(finding)], rng), finding, rng)
    return ReportSentence(text, "impression", "present", (finding.observation,))


def _negatives(words: Wording, section: str, present: set[str], rng: np.random.Generator) -> list[ReportSentence]:
    """Statements that deny what is absent; every section says something nearly always, each denial once."""
    allowed = [s for s in words.absent[section] if not set(s.denies) & present]
    denied: set[str] = set()
    sentences = []
    for index in rng.permutation(len(allowed)):
        statement = allowed[int(index)]
        if set(statement.denies) & denied or rng.random() < 0.25:
            continue
        denied |= set(statement.denies)
        sentences.append(ReportSentence(_pick(statement.texts, rng), section, statement.polarity, statement.denies))
    return sentences


def _key(finding: PhantomFinding) -> str:
    sized = f"{finding.observation}/{finding.severity}"
    return finding.device or (sized if sized in wording().positive else finding.observation)


def _fill(words: Wording, text: str, finding: PhantomFinding, rng: np.random.Generator) -> str:
    """Put side, place and severity into a template."""
    scale = words.severity.get(finding.observation, words.severity["default"])
    severity = _pick(scale[finding.severity], rng) if finding.severity in scale else ""
    places = words.place.get(finding.location, {})
    place = _pick(places.get(finding.laterality, ("",)), rng)
    side = finding.laterality if finding.laterality != "none" else ""
    article = "an" if severity[:1] in "aeiou" and severity else "a"
    plural = finding.laterality == "bilateral"
    filled = text.format(
        severity=severity, side=side, place=place, a=article, s="s" if plural else "", be="are" if plural else "is",
        one="" if plural else f"{article} ",
    )  # fmt: skip
    filled = " ".join(filled.split())
    return filled[0].upper() + filled[1:]


def _pick(texts: Sequence[str], rng: np.random.Generator) -> str:
    return texts[int(rng.integers(len(texts)))]
