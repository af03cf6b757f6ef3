"""Whatever the model says, a draft stands on its evidence and does not contradict itself."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.inference.analysis import ActiveFeature, Analysis, ObservationProbability
from engine.pack.manifest import OBSERVATIONS
from engine.report.compose import compose
from engine.report.grounding import check_draft
from engine.report.serialise import draft_from_dict, draft_to_dict, public_report
from engine.report.vocabulary import NO_FINDING, SECTIONS
from tests.engine.report.factories import analysis

OPEN = ("Tortuous aorta", "Emphysema")
LOCATIONS = st.sampled_from(["", "lower zone", "left apex", "pacemaker", "chest tube"])
SIDES = st.sampled_from(["left", "right", "bilateral", "none"])


@st.composite
def features(draw: st.DrawFn, ident: int, names: list[str]) -> ActiveFeature:
    name = draw(st.sampled_from(names))
    return ActiveFeature(
        id=ident,
        description=f"feature {ident}",
        activation=draw(st.floats(0.01, 20.0)),
        percentile=50.0,
        observation=name,
        polarity=draw(st.sampled_from(["present", "absent", "normal"])),
        laterality=draw(SIDES),
        location=draw(LOCATIONS),
        severity=draw(st.sampled_from(["small", "moderate", "large", "none"])),
        section=SECTIONS.get(name) or draw(st.sampled_from(["lungs", "heart", "bones", "pleura", "devices", "other"])),
        label_score=0.8,
        reportable=draw(st.booleans()) or draw(st.booleans()),
    )


@st.composite
def readouts(draw: st.DrawFn, names: list[str]) -> tuple[ObservationProbability, ...]:
    keys = [(name, "none", "") for name in (*OBSERVATIONS, *OPEN)]
    extra = st.tuples(st.sampled_from(names), SIDES, LOCATIONS)
    keys += [key for key in draw(st.lists(extra, max_size=12, unique=True)) if key not in keys]
    value = st.sampled_from([0.02, 0.1, 0.3, 0.49, 0.5, 0.7, 0.95])
    return tuple(
        ObservationProbability(name, side, location, draw(value), 0.5, draw(st.sampled_from([0.0, 0.2, 0.6])), ())
        for name, side, location in keys
    )


@st.composite
def analyses(draw: st.DrawFn) -> Analysis:
    # Few names an image, so that features meet on the same one.
    names = draw(st.lists(st.sampled_from([*OBSERVATIONS, *OPEN, ""]), min_size=1, max_size=4))
    count = draw(st.integers(0, 10))
    return analysis(tuple(draw(features(ident, names)) for ident in range(count)), draw(readouts(names)))


@settings(max_examples=250, deadline=None)
@given(analyses(), st.sampled_from(["en", "de"]))
def test_drafts_are_grounded_consistent_and_restorable(made: Analysis, language: str) -> None:
    draft = compose(made, language=language)
    assert check_draft(draft, made) == []
    sentences = list(draft.sentences())
    usable = {f.id for f in made.features if f.reportable}
    assert all(sentence.evidence and set(sentence.evidence) <= usable for sentence in sentences)
    assert len({sentence.text.casefold() for sentence in sentences}) == len(sentences)
    assert len({sentence.key for sentence in sentences}) == len(sentences)
    assert all("  " not in s.text and "{" not in s.text and s.text.endswith(".") for s in sentences)
    claims = {(f.observation, f.polarity) for s in sentences for f in s.findings}
    assert not any((name, "present") in claims and (name, "absent") in claims for name in (*OBSERVATIONS, *OPEN))
    if (NO_FINDING, "present") in claims:
        assert {name for name, polarity in claims if polarity == "present"} == {NO_FINDING}
    assert draft_from_dict(json.loads(json.dumps(draft_to_dict(draft)))) == draft
    json.dumps(public_report(draft, made.provider, made.precision), allow_nan=False)


@settings(max_examples=100, deadline=None)
@given(analyses())
def test_composition_is_deterministic_and_ignores_the_order_of_features(made: Analysis) -> None:
    turned = analysis(tuple(reversed(made.features)), made.observations)
    assert compose(made) == compose(turned)
