"""Which findings may be denied: low calibrated probability, a feature that says so, and no contradiction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from engine.inference.analysis import ActiveFeature
from engine.pack.manifest import Polarity, Section
from engine.report.findings import Basis, Finding
from engine.report.readings import Readings, denied_observation, excluded, passes, says_normal
from engine.report.vocabulary import (
    DEVICES,
    MIDLINE,
    NO_FINDING,
    NORMAL_NEEDS,
    NORMAL_OF_SECTION,
    SECTIONS,
    SIDES,
    implies,
    laterality_of,
)


def absent_findings(readings: Readings, present: Sequence[Finding], asked: Sequence[str] = ()) -> list[Finding]:
    """Return what may be called absent or normal beside the findings that are present.

    What is `asked` about may also be denied by calibrated absence: where no feature speaks of it but one denies
    something more general, or calls the image normal while nothing is found.
    """
    findings = []
    names = dict.fromkeys(denied_observation(f) for f in readings.features if f.polarity in ("absent", "normal"))
    for observation in names:
        overall = readings.overall(observation)
        if not observation or observation == NO_FINDING or overall is None or not excluded(overall):
            continue
        if readings.suspected(observation) or any(implies(f.observation, observation) for f in present):
            continue
        finding = _absence(observation, readings.deniers(observation), overall.probability)
        # A device with a readout of its own is denied by that one, not by the low probability of devices at all.
        if observation == DEVICES and not all(excluded(r) for r in readings.placed(DEVICES, finding.location)):
            continue
        # An open finding in the same section, such as a tortuous aorta, makes a sweeping statement untrue.
        sweeping = finding.polarity == "normal" or observation in NORMAL_OF_SECTION.values()
        if not (sweeping and any(f.observation not in SECTIONS and f.section == finding.section for f in present)):
            findings.append(finding)
    return [*findings, *_by_probability(readings, present, findings, asked)]


def _by_probability(
    readings: Readings, present: Sequence[Finding], denied: Sequence[Finding], asked: Sequence[str]
) -> list[Finding]:
    """Deny what is asked about, is improbable enough, and is covered only by what features say of more than it."""
    findings = []
    done = {finding.observation for finding in denied}
    found = any(finding.observation != DEVICES for finding in present)
    for observation in asked:
        overall = readings.overall(observation)
        if observation in (*done, DEVICES) or overall is None or not excluded(overall):
            continue
        if readings.suspected(observation) or readings.supporters(observation):
            continue
        evidence = readings.general_deniers(observation)
        if evidence and not (found and any(says_normal(feature) for feature in evidence)):
            findings.append(
                Finding(
                    observation,
                    "absent",
                    "none",
                    "",
                    "none",
                    SECTIONS[observation],
                    overall.probability,
                    tuple(feature.id for feature in evidence),
                    "calibrated_absence",
                )
            )
    return findings


def no_finding(readings: Readings, present: Sequence[Finding], absent: Sequence[Finding]) -> Finding | None:
    """Return the claim that nothing was found, or None when it is not supported.

    Not finding anything is no evidence of normality, and one denial speaks of one structure. So the calibrated
    probability of No Finding must reach its threshold, nothing else may reach its own, and there must be features that
    call the whole image normal; failing these, denials of lungs, pleura and heart together.
    """
    overall = readings.overall(NO_FINDING)
    if present or overall is None or not passes(overall) or readings.anything_suspected():
        return None
    saying = [f.id for f in readings.features if says_normal(f)]
    evidence = tuple(dict.fromkeys(saying or _denials_of_all(absent)))
    if not evidence:
        return None
    basis: Basis = "features" if saying else "calibrated_absence"
    return Finding(NO_FINDING, "present", "none", "", "none", "other", overall.probability, evidence, basis)


def _denials_of_all(absent: Sequence[Finding]) -> list[int]:
    """Return the features of the denials that together cover the chest, none when they leave a part open."""
    own = [f for f in absent if f.basis == "features"]
    whole = [f for f in own if f.laterality == "none" and not f.location]
    parts = [[f for f in whole if f.observation in part] for part in NORMAL_NEEDS]
    return [i for part in parts for f in part for i in f.evidence] if all(parts) else []


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
    evidence = tuple(f.id for f in speaking)
    return Finding(observation, polarity, side, location, "none", section, probability, evidence, "features")
