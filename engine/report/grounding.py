"""Check that what a draft says is what the features it cites say: for tests, and before a rewritten text is taken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.inference.analysis import ActiveFeature, Analysis
from engine.report.draft import Draft, Sentence
from engine.report.findings import Finding
from engine.report.readings import Readings, denied_observation, excluded, passes, says_normal
from engine.report.vocabulary import MIDLINE, NO_FINDING, NORMAL_NEEDS, SIDES, compatible, implies, related


@dataclass(frozen=True)
class Problem:
    """One fault of a draft.

    Attributes
    ----------
    key : str
        The sentence.
    code : str
        ``NO_EVIDENCE``, ``NOT_ACTIVE``, ``NOT_REPORTABLE``, ``EVIDENCE_DIFFERS``, ``UNSUPPORTED``, ``SIDE``,
        ``LOCATION``, ``SEVERITY``, ``PROBABILITY``, ``DUPLICATE``, ``CONTRADICTION``.
    """

    key: str
    code: str
    message: str


def check_draft(draft: Draft, analysis: Analysis) -> list[Problem]:
    """Return every fault of a draft: those of its sentences, the same text twice, and claims that exclude each other.

    Sentences that a person added or edited are that person's word and are not checked.
    """
    own = [sentence for sentence in draft.sentences() if sentence.origin in ("composed", "rewritten")]
    problems = [problem for sentence in own for problem in check_sentence(sentence, analysis)]
    seen: set[str] = set()
    for sentence in own:
        text = sentence.text.casefold().strip()
        if text in seen:
            problems.append(Problem(sentence.key, "DUPLICATE", f"the text {sentence.text!r} stands twice"))
        seen.add(text)
    claims = [(sentence.key, finding) for sentence in own for finding in sentence.findings]
    for place, (key, first) in enumerate(claims):
        problems += [
            Problem(key, "CONTRADICTION", f"{_name(first)} beside {_name(second)}")
            for _, second in claims[place + 1 :]
            if first != second and contradict(first, second)
        ]
    return problems


def check_sentence(sentence: Sentence, analysis: Analysis) -> list[Problem]:
    """Return the faults of one sentence against the features it cites and the analysis' probabilities."""
    if not sentence.evidence or not sentence.findings:
        return [Problem(sentence.key, "NO_EVIDENCE", "the sentence names no feature or states no finding")]
    active = {feature.id: feature for feature in analysis.features}
    problems = [Problem(sentence.key, "NOT_ACTIVE", f"feature {i}") for i in sentence.evidence if i not in active]
    problems += [
        Problem(sentence.key, "NOT_REPORTABLE", f"feature {i}")
        for i in sentence.evidence
        if i in active and not active[i].reportable
    ]
    if {i for finding in sentence.findings for i in finding.evidence} != set(sentence.evidence):
        problems.append(Problem(sentence.key, "EVIDENCE_DIFFERS", "sentence and findings cite different features"))
    for finding in sentence.findings:
        cited = [active[i] for i in finding.evidence if i in active]
        problems += [Problem(sentence.key, code, _name(finding)) for code in _faults(finding, cited, analysis)]
    return problems


def contradict(first: Finding, second: Finding) -> bool:
    """Whether two claims cannot both stand in one report."""
    if NO_FINDING in (first.observation, second.observation):
        return first.polarity == second.polarity == "present" and first.observation != second.observation
    if first.polarity == second.polarity == "present":
        if first.observation == second.observation:
            # Devices differ by name; anything else is said once, on one or both sides.
            return first.location == second.location or first.section != "devices"
        overlap = SIDES[first.laterality] & SIDES[second.laterality]
        unsided = "none" in (first.laterality, second.laterality)
        return related(first.observation, second.observation) and bool(overlap or unsided)
    if (first.polarity == "present") != (second.polarity == "present"):
        present, denied = (first, second) if first.polarity == "present" else (second, first)
        return implies(present.observation, denied.observation)
    return first.observation == second.observation


def _faults(finding: Finding, cited: Sequence[ActiveFeature], analysis: Analysis) -> Iterator[str]:
    readings = Readings(analysis)
    if not cited or not all(_supports(finding, feature) for feature in cited):
        yield "UNSUPPORTED"
    if finding.observation == NO_FINDING:
        yield from _normal_faults(cited, readings)
        return
    if not all(compatible(finding.laterality, feature.laterality) for feature in cited):
        yield "SIDE"
    placed = readings.placed(finding.observation, finding.location)
    if finding.location and not any(f.location == finding.location for f in cited):
        yield "LOCATION"
    if finding.severity != "none" and not any(f.severity == finding.severity for f in cited):
        yield "SEVERITY"
    overall = readings.overall(finding.observation)
    readouts = placed if finding.section == "devices" and placed else [r for r in (overall,) if r is not None]
    decided = passes if finding.polarity == "present" else excluded
    if not any(decided(r) for r in readouts):
        yield "PROBABILITY"


def _normal_faults(cited: Sequence[ActiveFeature], readings: Readings) -> Iterator[str]:
    """A normal image needs its own probability, and features that say it or denials of lungs, pleura and heart."""
    overall = readings.overall(NO_FINDING)
    if overall is None or not passes(overall) or readings.anything_suspected():
        yield "PROBABILITY"
    if all(says_normal(feature) for feature in cited):
        return
    denied: dict[str, set[str]] = {}
    for feature in cited:
        name = denied_observation(feature)
        sides = SIDES["bilateral"] if name in MIDLINE else SIDES[feature.laterality] or SIDES["bilateral"]
        denied.setdefault(name, set()).update(sides if not feature.location else ())
    whole = {name for name, sides in denied.items() if sides == SIDES["bilateral"]}
    if not all(part & whole for part in NORMAL_NEEDS):
        yield "UNSUPPORTED"
    if not all((r := readings.overall(name)) is not None and excluded(r) for name in denied):
        yield "PROBABILITY"


def _supports(finding: Finding, feature: ActiveFeature) -> bool:
    """Whether a feature says what a finding claims, or something that implies it."""
    if finding.observation == NO_FINDING:
        return says_normal(feature) or (feature.observation != NO_FINDING and feature.polarity in ("absent", "normal"))
    if finding.polarity == "present":
        return feature.polarity == "present" and implies(feature.observation, finding.observation)
    denied = denied_observation(feature)
    if finding.basis == "calibrated_absence":
        general = feature.polarity in ("absent", "normal") and implies(finding.observation, denied)
        return general or says_normal(feature)
    return feature.polarity in ("absent", "normal") and denied == finding.observation


def _name(finding: Finding) -> str:
    return " ".join(filter(None, (finding.polarity, finding.laterality, finding.observation, finding.location)))
