"""Find the contradictions between active features that composition resolved, and by which probabilities."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.inference.analysis import ActiveFeature
from engine.report.conflicts import Conflict
from engine.report.findings import Finding
from engine.report.readings import Readings, passes, says_normal
from engine.report.vocabulary import DEVICES, MIDLINE, NO_FINDING, SIDES, implies


def contradictions(readings: Readings, present: Sequence[Finding], absent: Sequence[Finding]) -> tuple[Conflict, ...]:
    """Return what active features say against each other, in the order of the analysis' observations.

    Parameters
    ----------
    present, absent : sequence of Finding
        What was composed: the side that a probability took.
    """
    found: list[Conflict] = []
    for observation in dict.fromkeys([*readings.observed(), *(f.observation for f in present)]):
        if observation == NO_FINDING:
            found += _normal(readings, present)
        elif observation != DEVICES:  # a device is denied by name, and another one is no contradiction
            found += _polarity(observation, readings, present, absent)
    for finding in present:
        if finding.observation != DEVICES and finding.observation not in MIDLINE:
            found += _side(finding, readings)
        found += _severity(finding, readings)
    return tuple(found)


def _polarity(
    observation: str, readings: Readings, present: Sequence[Finding], absent: Sequence[Finding]
) -> Iterator[Conflict]:
    """Present against absent."""
    overall = readings.overall(observation)
    pro, contra = readings.supporters(observation), readings.deniers(observation)
    if overall is None or not pro or not contra or _apart(pro, contra):
        return
    p, yes, no = overall.probability, _ids(pro), _ids(contra)
    if any(implies(f.observation, observation) for f in present):
        yield Conflict("polarity", observation, "present", "absent", p, 1 - p, yes, no)
    elif any(f.observation == observation for f in absent):
        yield Conflict("polarity", observation, "absent", "present", 1 - p, p, no, yes)
    else:
        yield Conflict("polarity", observation, "undecided", "absent", p, 1 - p, yes, no)


def _apart(pro: Sequence[ActiveFeature], contra: Sequence[ActiveFeature]) -> bool:
    """Whether they speak of different sides: an effusion on the left, none on the right."""
    sides = [frozenset().union(*(SIDES[f.laterality] for f in group)) for group in (pro, contra)]
    sided = all(SIDES[f.laterality] for f in (*pro, *contra))
    return sided and not sides[0] & sides[1]


def _normal(readings: Readings, present: Sequence[Finding]) -> Iterator[Conflict]:
    """A finding against features that call the whole image normal."""
    overall = readings.overall(NO_FINDING)
    normal = [f for f in readings.features if says_normal(f)]
    findings = [f for f in present if f.observation != DEVICES]
    if overall is None or not normal or not findings:
        return
    strongest = max(findings, key=lambda f: f.probability)
    yield Conflict(
        "polarity",
        NO_FINDING,
        strongest.observation,
        "normal image",
        strongest.probability,
        overall.probability,
        strongest.evidence,
        _ids(normal),
    )


def _side(finding: Finding, readings: Readings) -> Iterator[Conflict]:
    """One side against the other, where one is stated and features name the other."""
    if finding.laterality not in ("left", "right"):
        return
    other = "right" if finding.laterality == "left" else "left"
    pro = readings.supporters(finding.observation)
    groups = [[f for f in pro if SIDES[f.laterality] == {side}] for side in (finding.laterality, other)]
    if not groups[1]:
        return
    readouts = [readings.side(finding.observation, side) for side in (finding.laterality, other)]
    if readouts[1] is not None and passes(readouts[1]):
        return  # it is on both sides, and the other one is stated as something more specific
    kept, lost = (r.probability if r is not None else None for r in readouts)
    calibrated = kept is not None and lost is not None
    if kept is None or lost is None:
        kept, lost = _shared(finding.probability, groups[0], groups[1])
    yield Conflict(
        "side",
        finding.observation,
        finding.laterality,
        other,
        kept,
        lost,
        _ids(groups[0]) or finding.evidence,
        _ids(groups[1]),
        calibrated=calibrated,
    )


def _severity(finding: Finding, readings: Readings) -> Iterator[Conflict]:
    """One severity against each other that features behind the same finding name."""
    cited = [f for f in readings.features if f.id in finding.evidence and f.severity != "none"]
    kept = [f for f in cited if f.severity == finding.severity]
    for severity in dict.fromkeys(f.severity for f in cited if f.severity != finding.severity):
        lost = [f for f in cited if f.severity == severity]
        if finding.severity == "none":
            # Both sides together, of different severities: none is named, and each has its share.
            rest = [f for f in cited if f.severity != severity]
            shares = _shared(finding.probability, rest, lost)
        else:
            shares = _shared(finding.probability, kept, lost)
        yield Conflict(
            "severity",
            finding.observation,
            finding.severity,
            severity,
            *shares,
            _ids(kept) or finding.evidence,
            _ids(lost),
            calibrated=False,
        )


def _shared(probability: float, first: Sequence[ActiveFeature], second: Sequence[ActiveFeature]) -> tuple[float, float]:
    """Divide a probability between two readings by the activation of their features."""
    one, other = (sum(f.activation for f in group) for group in (first, second))
    return probability * one / max(one + other, 1e-9), probability * other / max(one + other, 1e-9)


def _ids(features: Sequence[ActiveFeature]) -> tuple[int, ...]:
    return tuple(f.id for f in features)
