"""Does a report bear out a sentence? The rules that stand in for RadFact's language model (Bannur et al. 2024)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from engine.report.vocabulary import SIDES, implies
from engine.text.extract import extract_findings
from engine.text.findings import TextFinding
from engine.text.lexicon import Lexicon
from training.evaluation.report_metrics.words import words_of

Status = Literal["entailment", "neutral", "contradiction"]

_ASIDE = frozenset(
    {"the", "a", "an", "is", "are", "was", "were", "there", "of", "in", "to", "and", "that", "this", "it", "be"}
    | {"appear", "appears", "seen", "noted", "present", "evident", "identified"}
)
_WHOLE = frozenset({"Cardiomegaly", "Enlarged Cardiomediastinum"})


@dataclass(frozen=True)
class Phrase:
    """A sentence, or one finding of it, with what it states."""

    text: str
    findings: tuple[TextFinding, ...]


@dataclass(frozen=True)
class Verdict:
    """What a report says of a phrase, and the numbers of the report's phrases that say it."""

    status: Status
    evidence: tuple[int, ...] = ()


def read_phrase(text: str, lexicon: Lexicon) -> Phrase:
    """Read a sentence of a report."""
    # What is told of the past is neither stated nor denied of this image.
    return Phrase(text, tuple(finding for finding in extract_findings(text, lexicon) if not finding.past))


def judge(phrase: Phrase, report: Sequence[Phrase], lexicon: Lexicon) -> Verdict:
    """Judge one phrase by the phrases of a report.

    Entailed is what the report says in the same words, or whose every finding it supports; contradicted what denies a
    finding that the report states, states one that it denies, or gives it another severity. A phrase in which no
    finding is found is entailed by its own words alone.
    """
    words = _content(phrase.text)
    same = tuple(i for i, other in enumerate(report) if _content(other.text) == words)
    if same:
        return Verdict("entailment", same)
    support: list[tuple[int, ...]] = []
    against: list[int] = []
    for claim in phrase.findings:
        support.append(tuple(i for i, r in enumerate(report) if any(supports(f, claim, lexicon) for f in r.findings)))
        against += [i for i, r in enumerate(report) if any(contradicts(f, claim) for f in r.findings)]
    if support and all(support):
        return Verdict("entailment", tuple(sorted({i for found in support for i in found})))
    return Verdict("contradiction", tuple(sorted(set(against)))) if against else Verdict("neutral")


def supports(evidence: TextFinding, claim: TextFinding, lexicon: Lexicon) -> bool:
    """Whether one finding bears out another: it says at least as much."""
    if claim.polarity == "absent":
        return evidence.polarity == "absent" and _denies(evidence, claim)
    if evidence.polarity == "absent" or (claim.polarity == "present" and evidence.polarity != "present"):
        return False
    sides, places = SIDES[claim.laterality], {lexicon.larger(place) for place in claim.locations}
    return (
        implies(evidence.observation, claim.observation)
        and sides <= SIDES[evidence.laterality]
        and not (places and not places & {lexicon.larger(place) for place in evidence.locations})
        and claim.severity in ("none", evidence.severity)
    )


def contradicts(evidence: TextFinding, claim: TextFinding) -> bool:
    """Whether two findings cannot both be true of one image."""
    polarities = {evidence.polarity, claim.polarity}
    sides = SIDES[evidence.laterality], SIDES[claim.laterality]
    apart = all(sides) and not sides[0] & sides[1]
    if polarities == {"present"}:
        return evidence.observation == claim.observation and not apart and _other_severity(evidence, claim)
    if apart or "absent" not in polarities or polarities == {"absent"}:
        return False
    denied, stated = (evidence, claim) if evidence.polarity == "absent" else (claim, evidence)
    if denied.severity not in ("none", stated.severity):
        return False
    general = denied.by_region and implies(stated.observation, denied.observation)
    return general or denied.observation == stated.observation


def _denies(evidence: TextFinding, claim: TextFinding) -> bool:
    """Whether the denial of one finding denies another: clear lungs deny a nodule, no nodule leaves the lungs open."""
    sides, denied = SIDES[claim.laterality], SIDES[evidence.laterality]
    if denied and not (sides and sides <= denied):
        return False
    if evidence.severity not in ("none", claim.severity):
        return False
    if evidence.observation == claim.observation:
        return evidence.by_region or not claim.by_region or claim.observation in _WHOLE
    return evidence.by_region and implies(claim.observation, evidence.observation)


def _other_severity(first: TextFinding, second: TextFinding) -> bool:
    return "none" not in (first.severity, second.severity) and first.severity != second.severity


@lru_cache(maxsize=1 << 14)
def _content(text: str) -> frozenset[str]:
    return frozenset(words_of(text)) - _ASIDE
