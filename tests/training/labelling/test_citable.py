"""A feature may be cited where, and only where, some image lets a draft cite it."""

from __future__ import annotations

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.inference.analysis import ActiveFeature
from engine.pack.features import N_QUANTILES, FeatureRecord
from engine.pack.manifest import Readout
from engine.report.compose import compose
from engine.report.vocabulary import NO_FINDING, SECTIONS
from tests.engine.report.factories import analysis, feature, probability
from training.labelling.citable import may_be_cited

NAMES = ("Edema", "Lung Opacity", "Support Devices", NO_FINDING)
PLACES = st.sampled_from(["", "pacemaker"])


@st.composite
def features(draw: st.DrawFn) -> ActiveFeature:
    name = draw(st.sampled_from(NAMES))
    return feature(
        7,
        name,
        draw(st.sampled_from(["present", "absent", "normal"])),
        location=draw(PLACES),
        section=SECTIONS.get(name, "other"),
        reportable=draw(st.integers(0, 4)) > 0,
    )


@st.composite
def readouts(draw: st.DrawFn) -> list[Readout]:
    """One of each observation, as a pack must have, and one of a device by its name or of a side."""
    keys = [(name, "none", "") for name in NAMES]
    keys += draw(st.sampled_from([[], [("Support Devices", "none", "pacemaker")], [("Edema", "left", "")]]))
    return [
        Readout(
            observation=name,
            laterality=side,
            location=place,
            feature_ids=(),
            weights=(),
            bias=0.0,
            threshold=0.5,
            absence_threshold=draw(st.sampled_from([0.0, 0.2])),
            reportable=draw(st.booleans()),
        )
        for name, side, place in keys
    ]


def is_cited(seen: ActiveFeature, given: list[Readout]) -> bool:
    """Compose a draft for every combination of high and low probabilities."""
    for values in product((0.1, 0.9), repeat=len(given)):
        stated = tuple(
            probability(
                r.observation,
                value,
                r.laterality,
                r.location,
                threshold=r.threshold,
                absence_threshold=r.absence_threshold,
                reportable=r.reportable,
            )
            for r, value in zip(given, values, strict=True)
        )
        if any(seen.id in sentence.evidence for sentence in compose(analysis((seen,), stated)).sentences()):
            return True
    return False


@settings(max_examples=200, deadline=None)
@given(features(), readouts())
def test_a_feature_may_be_cited_where_some_image_makes_a_draft_cite_it(
    seen: ActiveFeature, given: list[Readout]
) -> None:
    record = FeatureRecord(
        id=seen.id,
        description=seen.description,
        observation=seen.observation,
        polarity=seen.polarity,
        laterality=seen.laterality,
        location=seen.location,
        severity=seen.severity,
        section=seen.section,
        label_score=seen.label_score,
        reportable=seen.reportable,
        firing_rate=0.1,
        quantiles=(0.0,) * N_QUANTILES,
        duplicate_group=seen.id,
    )
    assert may_be_cited(record, given) == is_cited(seen, given)
