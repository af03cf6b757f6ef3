"""Drafts of systems other than a pack's, by the same composer, so that no system wins by its wording."""

from __future__ import annotations

from collections.abc import Sequence

from engine.inference.analysis import ActiveFeature, Analysis, GateVerdict, ObservationProbability
from engine.pack.manifest import Section
from engine.report.compose import compose
from engine.report.draft import Draft
from engine.report.vocabulary import SECTIONS
from training.labelling.cases import Attribute

SUITABLE = GateVerdict("suitable", "OK", "")


def evidence_for(ident: int, attribute: Attribute, weight: float) -> ActiveFeature:
    """Return something that speaks for a statement, as the composer takes it: citable, with a weight."""
    section: Section = SECTIONS.get(attribute.observation, "other")
    return ActiveFeature(
        id=ident,
        description="",
        activation=weight,
        percentile=100.0,
        observation=attribute.observation,
        polarity=attribute.polarity,
        laterality=attribute.laterality,
        location=attribute.location,
        severity=attribute.severity,
        section=section,
        label_score=1.0,
        reportable=True,
    )


def compose_from(evidence: Sequence[ActiveFeature], probabilities: Sequence[ObservationProbability]) -> Draft:
    """Compose a draft from evidence and probabilities that no pack gave."""
    return compose(
        Analysis(
            sop_instance_uid="",
            pixel_sha256="",
            pack_name="",
            pack_version="",
            provider="",
            gate=SUITABLE,
            features=tuple(evidence),
            observations=tuple(probabilities),
            maps={},
            explained_variance=1.0,
            timing_ms={},
        )
    )


def probability(attribute: Attribute, value: float, threshold: float, absence: float) -> ObservationProbability:
    """Return the probability of a statement, as the composer takes it."""
    return ObservationProbability(
        attribute.observation, attribute.laterality, attribute.location, value, threshold, absence, ()
    )
