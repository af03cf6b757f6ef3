"""SAE-Rad as published (Abdulaal et al. 2024): features described by their strongest images' reports alone.

No image that does not fire is looked at, no description needs a threshold, none is scored: whatever is active is
compiled into the report.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from engine.report.draft import Draft
from engine.report.vocabulary import NO_FINDING, implies
from engine.text.extract import extract_findings
from engine.text.findings import TextFinding
from engine.text.lexicon import Lexicon
from training.evaluation.baselines.composed import compose_from, evidence_for, probability
from training.evaluation.matching import Key, key_of
from training.evaluation.report_metrics.pairs import report_body
from training.labelling.cases import Attribute, Case
from training.labelling.evidence import distinct_groups, strongest_first
from training.sae.folded import FloatArray, FoldedSae

TOP = 20
"""Reports a feature is described by; how many the authors took is not known."""
MAJORITY = 0.5
"""Share of the activation whose reports must agree: their prompts ask for what most reports have in common."""
BLOCK = 256


@dataclass(frozen=True)
class PublishedLabels:
    """Descriptions by top-activating reports; features whose reports have nothing in common are left out.

    Attributes
    ----------
    attributes : dict of int to Attribute
        What each described feature says, by its id.
    alive : int
        Features that fire on a training image with a report.
    """

    attributes: Mapping[int, Attribute]
    alive: int


def label_as_published(
    sae: FoldedSae, tokens: FloatArray, cases: Sequence[Case], lexicon: Lexicon, top: int = TOP
) -> PublishedLabels:
    """Describe every feature by the reports of the `top` images, of different patients, that fire it most.

    The rules of :func:`describe` take the language model's place, as they do in the pack's own descriptions.

    Parameters
    ----------
    tokens : ndarray of float32, shape (images, d_model)
        Class tokens of the training images.
    """
    reported = [i for i, case in enumerate(cases) if case.text]
    own = [cases[i] for i in reported]

    @cache
    def read(row: int) -> tuple[TextFinding, ...]:
        return extract_findings(report_body(own[row].text), lexicon)

    attributes: dict[int, Attribute] = {}
    alive = 0
    for first in range(0, sae.n_features, BLOCK):
        part = sae.pick(np.arange(first, min(first + BLOCK, sae.n_features)))
        activations = part.encode(tokens[reported])
        for column in np.flatnonzero((activations > 0).any(0)).tolist():
            alive += 1
            values = activations[:, column]
            rows = distinct_groups(strongest_first(values), own, top)
            found = describe([read(row) for row in rows], [float(values[row]) for row in rows])
            if found is not None:
                attributes[first + column] = found
    return PublishedLabels(attributes, alive)


def describe(reports: Sequence[Sequence[TextFinding]], weights: Sequence[float]) -> Attribute | None:
    """Return the one thing that reports have in common, weighted by activation; None without a majority.

    The prompts ask for one specific thing, for what is present rather than for what is not, and for what most reports
    and the strongest ones agree on. So: the finding that most state, with the side, the place and the severity that
    most of these give it; failing that, a chest in which most find nothing; failing that, what most deny.
    """
    total = sum(weights)
    present, denied = defaultdict[Key, float](float), defaultdict[Key, float](float)
    nothing = 0.0
    for findings, weight in zip(reports, weights, strict=True):
        stated = {key_of(f) for f in findings if f.polarity == "present" and f.observation != NO_FINDING}
        for key in stated:
            present[key] += weight
        for key in {key_of(f) for f in findings if f.polarity == "absent"}:
            denied[key] += weight
        nothing += 0.0 if stated else weight
    best = _most(present, total)
    if best is not None:
        return _detailed(best, reports, weights)
    if nothing > MAJORITY * total:
        return Attribute(NO_FINDING, "normal")
    absent = _most(denied, total)
    return None if absent is None else Attribute(absent[0], "absent", location=absent[1])


def compile_report(labels: PublishedLabels, activations: Mapping[int, float]) -> Draft:
    """Compile the descriptions of the active features into a report.

    Where descriptions contradict each other, the side with more activation is believed: more than the published
    method knows of its descriptions.
    """
    active = {i: value for i, value in activations.items() if i in labels.attributes}
    evidence = [evidence_for(i, labels.attributes[i], value) for i, value in active.items()]
    names = dict.fromkeys(feature.observation for feature in evidence)
    beliefs = []
    for name in names:
        support = sum(f.activation for f in evidence if f.polarity != "absent" and implies(f.observation, name))
        against = sum(f.activation for f in evidence if f.polarity == "absent" and f.observation == name)
        beliefs.append(probability(Attribute(name), support / (support + against), MAJORITY, MAJORITY))
    return compose_from(evidence, beliefs)


def _most(weights: Mapping[Key, float], total: float) -> Key | None:
    best = max(weights, key=lambda key: (weights[key], key), default=None)
    return best if best is not None and weights[best] > MAJORITY * total else None


def _detailed(key: Key, reports: Sequence[Sequence[TextFinding]], weights: Sequence[float]) -> Attribute:
    votes: dict[str, defaultdict[Key, float]] = {name: defaultdict(float) for name in ("side", "place", "severity")}
    total = 0.0
    for findings, weight in zip(reports, weights, strict=True):
        own = [f for f in findings if f.polarity == "present" and key_of(f) == key]
        total += weight if own else 0.0
        details = {
            "side": {f.laterality for f in own} - {"none"},
            "place": {place for f in own for place in f.locations},
            "severity": {f.severity for f in own} - {"none"},
        }
        for name, values in details.items():
            for value in values:
                votes[name][value, ""] += weight
    side, place, severity = ((_most(votes[name], total) or ("", ""))[0] for name in ("side", "place", "severity"))
    return Attribute(
        key[0],
        "present",
        laterality=side or "none",  # type: ignore[arg-type]
        location=key[1] or place,
        severity=severity or "none",  # type: ignore[arg-type]
    )
