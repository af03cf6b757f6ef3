"""SAE-Rad as published (Abdulaal et al. 2024): features described by their strongest images' reports alone.

No image that does not fire is looked at, no description needs a threshold, none is scored: whatever is active is
compiled into the report.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

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

_Said = TypeVar("_Said", bound=str | Key)


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


def _most(weights: Mapping[_Said, float], total: float) -> _Said | None:
    best = max(weights, key=lambda said: (weights[said], said), default=None)
    return best if best is not None and weights[best] > MAJORITY * total else None


def _detailed(key: Key, reports: Sequence[Sequence[TextFinding]], weights: Sequence[float]) -> Attribute:
    """Return a finding with what most of the reports that state it say of its side, place and severity."""
    own = [[f for f in findings if f.polarity == "present" and key_of(f) == key] for findings in reports]
    total = sum(weight for findings, weight in zip(own, weights, strict=True) if findings)
    sides = _votes([{f.laterality for f in findings} - {"none"} for findings in own], weights)
    places = _votes([{place for f in findings for place in f.locations} for findings in own], weights)
    severities = _votes([{f.severity for f in findings} - {"none"} for findings in own], weights)
    return Attribute(
        key[0],
        "present",
        laterality=_most(sides, total) or "none",
        location=key[1] or _most(places, total) or "",
        severity=_most(severities, total) or "none",
    )


def _votes(said: Sequence[set[_Said]], weights: Sequence[float]) -> dict[_Said, float]:
    votes = defaultdict[_Said, float](float)
    for values, weight in zip(said, weights, strict=True):
        for value in values:
            votes[value] += weight
    return votes
