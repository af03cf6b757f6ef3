"""What the reports of a manifest say of its images, read by rules (:mod:`engine.text`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.pack.manifest import OBSERVATIONS
from engine.report.vocabulary import NO_FINDING, PARENTS
from engine.text.chexpert import chexpert_labels
from engine.text.extract import extract_findings
from engine.text.findings import TextFinding
from engine.text.lexicon import Lexicon, load_lexicon
from training.data.manifest import IndexRow
from training.labelling.cases import DEVICES, Case, Claim

_NAMES = frozenset(OBSERVATIONS) - {NO_FINDING}
_PLACES = frozenset({"upper zone", "middle zone", "lower zone", "base", "apex", "perihilar", "costophrenic angle"})
"""Places that descriptions have words for."""


@dataclass(frozen=True)
class ReadReport:
    """What a report states.

    Attributes
    ----------
    claims : frozenset of Claim
        What is present, and what that implies.
    uncertain : frozenset of str
        Observations that it neither states nor denies alone, and more general ones.
    normal : bool or None
        Whether nothing but devices is present; None where that is left open.
    """

    claims: frozenset[Claim]
    uncertain: frozenset[str]
    normal: bool | None


def report_cases(rows: Sequence[IndexRow]) -> dict[str, Case]:
    """Return images of a manifest by their sample ids, as their reports tell of them.

    An observation that some report states counts as absent in a report that denies it or says nothing of it; one that
    is only suspected is unknown, as is everything of an image without a report. No text gets into the cases.
    """
    lexicon = load_lexicon()
    read = {row.sample_id: read_report(text, lexicon) if (text := text_of(row)) else None for row in rows}
    named = frozenset(claim.observation for report in read.values() if report for claim in report.claims)
    return {row.sample_id: _case(row, read[row.sample_id], named) for row in rows}


def text_of(row: IndexRow) -> str:
    """Return findings and impression with the sentences that were set apart.

    "The effusion has increased" compares, and tells of an effusion all the same.
    """
    apart = [sentence.partition(": ")[2] for sentence in row.unsupported]
    return "\n\n".join(part for part in (row.findings, row.impression, *apart) if part)


def read_report(text: str, lexicon: Lexicon) -> ReadReport:
    """Read a report; of several statements on one observation "present" outweighs the others."""
    findings = extract_findings(text, lexicon)
    present = [f for f in findings if f.polarity == "present"]
    claims = {claim for f in present if f.observation in _NAMES for claim in _claims(f, lexicon)}
    claims |= {
        replace(claim, observation=PARENTS[claim.observation]) for claim in claims if claim.observation in PARENTS
    }
    stated = {claim.observation for claim in claims}
    doubted = {f.observation for f in findings if f.polarity == "uncertain"} & _NAMES
    doubted |= {PARENTS[name] for name in doubted if name in PARENTS}
    healthy = chexpert_labels(findings, lexicon)[NO_FINDING] is not None
    ill = any(f.observation not in (DEVICES, NO_FINDING) for f in present)
    return ReadReport(frozenset(claims), frozenset(doubted - stated), True if healthy else False if ill else None)


def _claims(finding: TextFinding, lexicon: Lexicon) -> list[Claim]:
    if finding.observation == DEVICES:
        places = finding.locations
    else:
        here = {place if place in _PLACES else lexicon.larger(place) for place in finding.locations}
        places = tuple(sorted(here & _PLACES))
    return [Claim(finding.observation, finding.laterality, place, finding.severity) for place in (places or ("",))]


def _case(row: IndexRow, report: ReadReport | None, named: frozenset[str]) -> Case:
    claims: list[Claim] = []
    known: frozenset[str] = frozenset()
    if report is not None:
        claims = sorted(report.claims, key=lambda c: (c.observation, c.laterality, c.location, c.severity))
        known = named - report.uncertain
    normal = report.normal if report is not None else None
    return Case(
        f"{row.source}/{row.sample_id}", row.source, row.split, row.patient_id, tuple(claims), known, normal,
        sided=True, text="",
    )  # fmt: skip
