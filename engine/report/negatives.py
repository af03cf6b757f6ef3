"""Which findings may be denied: low calibrated probability, a feature that says so, and no contradiction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from engine.inference.analysis import ActiveFeature
from engine.pack.manifest import Polarity, Section
from engine.report.findings import Finding
from engine.report.readings import Readings, denied_observation, excluded
from engine.report.vocabulary import MIDLINE, NO_FINDING, NORMAL_OF_SECTION, SECTIONS, SIDES, implies, laterality_of


def absent_findings(readings: Readings, present: Sequence[Finding]) -> list[Finding]:
    """Return what may be called absent or normal beside the findings that are present."""
    findings = []
    names = dict.fromkeys(denied_observation(f) for f in readings.features if f.polarity in ("absent", "normal"))
    for observation in names:
        overall = readings.overall(observation)
        if not observation or observation == NO_FINDING or overall is None or not excluded(overall):
            continue
        if readings.suspected(observation) or any(implies(f.observation, observation) for f in present):
            continue
        finding = _absence(observation, readings.deniers(observation), overall.probability)
        # An open finding in the same section, such as a tortuous aorta, makes a sweeping statement untrue.
        sweeping = finding.polarity == "normal" or observation in NORMAL_OF_SECTION.values()
        if not (sweeping and any(f.observation not in SECTIONS and f.section == finding.section for f in present)):
            findings.append(finding)
    return findings


def no_finding(readings: Readings, present: Sequence[Finding], absent: Sequence[Finding]) -> Finding | None:
    """Return the claim that nothing was found, or None when something was, may have been, or no feature says so."""
    overall = readings.overall(NO_FINDING)
    if present or readings.anything_suspected():
        return None
    if overall is not None and overall.probability < overall.threshold:
        return None
    own = [f.id for f in readings.features if f.observation == NO_FINDING and f.polarity in ("present", "normal")]
    evidence = tuple(dict.fromkeys([*own, *(i for finding in absent for i in finding.evidence)]))
    if not evidence:
        return None
    highest = max((r.probability for name in readings.observed() if (r := readings.overall(name))), default=0.0)
    probability = overall.probability if overall is not None else 1.0 - highest
    return Finding(NO_FINDING, "present", "none", "", "none", "other", probability, evidence)


def _absence(observation: str, features: Sequence[ActiveFeature], probability: float) -> Finding:
    """Deny no more than the features do: a side or a place only, when none of them speaks of the whole."""
    places = {f.location for f in features}
    location = "" if "" in places else features[0].location
    speaking = [f for f in features if f.location == location] if location else list(features)
    lateral = [SIDES[f.laterality] for f in speaking]
    whole = observation in MIDLINE or any(not sides for sides in lateral)
    named = laterality_of(frozenset().union(*lateral))
    side = "none" if whole or named == "bilateral" else named
    weight = {
        polarity: sum(f.activation for f in speaking if f.polarity == polarity) for polarity in ("absent", "normal")
    }
    polarity = cast(Polarity, max(weight, key=lambda name: weight[name]))
    section = SECTIONS.get(observation, cast(Section, speaking[0].section))
    return Finding(observation, polarity, side, location, "none", section, probability, tuple(f.id for f in speaking))
