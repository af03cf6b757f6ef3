"""Which findings are present: calibrated probability and a feature that says so, then side, place and severity."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import cast

from engine.inference.analysis import ActiveFeature
from engine.pack.manifest import Laterality, Section, Severity
from engine.report.findings import Finding
from engine.report.readings import Readings, passes
from engine.report.vocabulary import (
    DEVICES,
    MIDLINE,
    NO_FINDING,
    PARENTS,
    SECTIONS,
    SIDES,
    compatible,
    laterality_of,
)

MINOR_SHARE = 0.25
"""Least share of the activation that a side needs to be named beside the other, when no readout decides."""


TELLING_SHARE = 0.1
"""Least share of the strongest feature's activation that another one needs to be cited beside it: a person is shown
what a sentence stands on, not every feature that stirs."""


def present_findings(readings: Readings) -> list[Finding]:
    """Return what is present, without contradictions between sides and between general and specific observations."""
    findings: list[Finding] = []
    for observation in readings.observed():
        if observation == NO_FINDING:
            continue
        if observation == DEVICES:
            findings += _devices(readings)
            continue
        overall = readings.overall(observation)
        support = readings.supporters(observation)
        if overall is not None and passes(overall) and support:
            findings.append(_finding(observation, support, readings, _side(observation, "", support, readings)))
    if DEVICES not in readings.observed():
        findings += _devices(readings)
    return _without_implied(findings, readings)


def _finding(observation: str, support: Sequence[ActiveFeature], readings: Readings, side: Laterality) -> Finding:
    """State an observation on a side, citing only the features that do not deny that side."""
    evidence = _telling([feature for feature in support if compatible(side, feature.laterality)])
    overall = readings.overall(observation)
    return Finding(
        observation=observation,
        polarity="present",
        laterality=side,
        location=_location(observation, side, evidence, readings),
        severity=_severity(side, evidence),
        section=SECTIONS.get(observation, cast(Section, evidence[0].section)),
        probability=overall.probability if overall else 0.0,
        evidence=tuple(f.id for f in evidence),
    )


def _telling(features: Sequence[ActiveFeature]) -> list[ActiveFeature]:
    """Leave out features that are hardly active beside the strongest one."""
    least = TELLING_SHARE * max((f.activation for f in features), default=0.0)
    return [f for f in features if f.activation >= least]


def _devices(readings: Readings) -> list[Finding]:
    """One finding a device (its name is the location); an unnamed one only when no device can be named."""
    support = readings.supporters(DEVICES)
    overall = readings.overall(DEVICES)
    findings = []
    for name in dict.fromkeys(f.location for f in support if f.location):
        placed = readings.placed(DEVICES, name)
        probability = max((r.probability for r in placed), default=overall.probability if overall else 0.0)
        if any(passes(r) for r in placed) if placed else overall is not None and passes(overall):
            named = [f for f in support if f.location == name]
            side = _side(DEVICES, name, named, readings)
            evidence = tuple(f.id for f in _telling([f for f in named if compatible(side, f.laterality)]))
            findings.append(Finding(DEVICES, "present", side, name, "none", "devices", probability, evidence))
    if not findings and overall is not None and passes(overall) and support:
        evidence = tuple(f.id for f in _telling(support))
        findings.append(Finding(DEVICES, "present", "none", "", "none", "devices", overall.probability, evidence))
    return findings


def _side(observation: str, location: str, support: Sequence[ActiveFeature], readings: Readings) -> Laterality:
    """Decide the side: a readout's word counts before the features', but no side is named that every feature denies."""
    if observation in MIDLINE:
        return "none"
    voted = {side: sum(f.activation for f in support if side in SIDES[f.laterality]) for side in ("left", "right")}
    unsided = any(not SIDES[f.laterality] for f in support)
    readouts = {side: readings.side(observation, side, location) for side in voted}
    both = readings.side(observation, "bilateral", location)
    chosen = set()
    for side, weight in voted.items():
        readout = readouts[side]
        if readout is None:
            named = weight > MINOR_SHARE * sum(voted.values())
        else:
            named = passes(readout) or (both is not None and passes(both))
        if named and (weight > 0.0 or unsided):
            chosen.add(side)
    if not chosen:
        # Every side stays below its threshold: the likelier one, if a feature names it and the other is less likely.
        likely = {
            side: r.probability for side, r in readouts.items() if r is not None and r.reportable and voted[side] > 0.0
        }
        best = max(likely, key=lambda side: likely[side], default=None)
        others = [r.probability for side, r in readouts.items() if r is not None and side != best]
        if best is not None and likely[best] > max(others, default=0.0):
            chosen.add(best)
    return laterality_of(chosen)


def _location(observation: str, side: Laterality, evidence: Sequence[ActiveFeature], readings: Readings) -> str:
    """Name a place when most of the activation of the features that name one agrees and no readout denies it."""
    placed = [f for f in evidence if f.location and _fits(f.location, side)]
    if side == "bilateral" and len({f.location for f in placed}) > 1:
        return ""
    winner = _vote((f.location, f.activation) for f in placed)
    share = sum(f.activation for f in placed if f.location == winner)
    readouts = [r for r in readings.placed(observation, winner) if compatible(side, r.laterality)]
    if readouts:
        return winner if any(passes(r) for r in readouts) else ""
    return winner if share > 0.5 * sum(f.activation for f in placed) else ""


def _severity(side: Laterality, evidence: Sequence[ActiveFeature]) -> Severity:
    """Name the severity of most of the activation; of both sides together only one that the features agree on."""
    graded = [f for f in evidence if f.severity != "none"]
    if side == "bilateral" and len({f.severity for f in graded}) > 1:
        return "none"
    return cast(Severity, _vote((f.severity, f.activation) for f in graded) or "none")


def _fits(location: str, side: Laterality) -> bool:
    """Whether a location's own words name no other side than the finding's."""
    named = {"left", "right"} & set(location.lower().split())
    return not named or named == SIDES[side]


def _vote(ballots: Iterable[tuple[str, float]]) -> str:
    """Return the choice with the largest sum of weights, the first of equals, or an empty string without ballots."""
    sums: dict[str, float] = {}
    for choice, weight in ballots:
        sums[choice] = sums.get(choice, 0.0) + weight
    return max(sums, key=lambda choice: sums[choice], default="")


def _without_implied(findings: list[Finding], readings: Readings) -> list[Finding]:
    """Drop a general observation where a specific one says more, or keep it for the side that is left."""
    kept = []
    for finding in findings:
        specific = [other for other in findings if PARENTS.get(other.observation) == finding.observation]
        if not specific:
            kept.append(finding)
            continue
        rest = SIDES[finding.laterality] - frozenset().union(*(SIDES[other.laterality] for other in specific))
        if len(rest) != 1 or any(other.laterality == "none" for other in specific):
            continue
        side = laterality_of(rest)
        support = [f for f in readings.supporters(finding.observation) if SIDES[f.laterality] & rest]
        support = [f for f in support if f.observation == finding.observation]
        if support:
            narrowed = _finding(finding.observation, support, readings, side)
            kept.append(replace(narrowed, evidence=tuple(f.id for f in support)))
    return kept
