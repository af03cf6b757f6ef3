"""When a draft may call an image normal, and what it tells when it may not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.inference.analysis import ActiveFeature
from engine.report.compose import compose
from engine.report.findings import Finding
from engine.report.grounding import check_sentence
from engine.report.serialise import public_report
from engine.report.vocabulary import NO_FINDING
from engine.report.wording import load_wording
from tests.engine.report.factories import analysis, draft_of, feature, probabilities, texts

NORMAL = "No abnormality among the findings this model reports."
LUNGS = feature(1, "Lung Opacity", "absent")
PLEURA = feature(2, "Pleural Effusion", "absent")
HEART = feature(3, "Cardiomegaly", "normal")


def test_nothing_found_is_said_on_the_features_that_say_it_and_no_others() -> None:
    draft = draft_of(feature(1, NO_FINDING, "normal"), feature(2, "", "normal", section="lungs"))
    assert texts(draft, "lungs") == ["The lungs are clear."]
    assert texts(draft, "impression") == [NORMAL]
    impression = list(draft.sentences())[-1]
    assert impression.evidence == (1,)
    assert [(f.observation, f.polarity) for f in impression.findings] == [(NO_FINDING, "present")]


def test_denials_of_lungs_pleura_and_heart_together_say_that_nothing_was_found() -> None:
    draft = draft_of(LUNGS, PLEURA, HEART, feature(4, "Fracture", "absent"))
    assert texts(draft, "impression") == [NORMAL]
    assert list(draft.sentences())[-1].evidence == (1, 2, 3)


@pytest.mark.parametrize(
    "features",
    [
        (PLEURA,),
        (LUNGS, PLEURA),
        (LUNGS, HEART),
        (PLEURA, HEART),
        (feature(1, "Lung Lesion", "absent"), PLEURA, HEART),
        (feature(1, "Lung Opacity", "absent", "left"), PLEURA, HEART),
        (feature(1, "Lung Opacity", "absent", location="apex"), PLEURA, HEART),
        (feature(1, NO_FINDING, "normal", reportable=False),),
    ],
)
def test_denials_that_leave_a_part_of_the_chest_open_do_not_say_normal(features: tuple[ActiveFeature, ...]) -> None:
    assert texts(draft_of(*features), "impression") == []


@pytest.mark.parametrize("evidence", [(feature(1, NO_FINDING),), (LUNGS, PLEURA, HEART)])
def test_nothing_found_needs_the_calibrated_probability(evidence: tuple[ActiveFeature, ...]) -> None:
    assert texts(draft_of(*evidence, No_Finding=0.4), "impression") == []
    silent = tuple(replace(r, reportable=r.observation != NO_FINDING) for r in probabilities())
    assert texts(compose(analysis(evidence, silent)), "impression") == []
    without = tuple(r for r in probabilities() if r.observation != NO_FINDING)
    assert texts(compose(analysis(evidence, without)), "impression") == []
    assert texts(draft_of(*evidence), "impression") == [NORMAL]


def test_an_empty_impression_tells_that_it_does_not_mean_normal() -> None:
    draft = draft_of(PLEURA)
    wording, german = load_wording("en"), load_wording("de")
    notices = {section.name: wording.notice(section) for section in draft.sections}
    assert "not a statement that the image is normal" in notices["impression"]
    assert "heißt nicht, dass das Bild unauffällig ist" in german.notice(draft.sections[-1])
    assert notices["pleura"] == "" and notices["heart"] == wording.notices.empty_section
    emptied = draft.remove(next(draft.sentences()).key)
    assert wording.notice(emptied.sections[1]) == wording.notices.removed


def test_the_public_form_carries_the_notice_and_no_sentence_for_it() -> None:
    report = public_report(draft_of(PLEURA), "CPUExecutionProvider", "fp32")
    impression = next(section for section in report["sections"] if section["name"] == "impression")
    assert impression["sentences"] == []
    assert impression["notice"] == load_wording("en").notices.empty_impression
    assert [s["notice"] for s in report["sections"] if s["name"] == "pleura"] == [""]


@pytest.mark.parametrize(
    ("features", "high", "expected"),
    [
        ((feature(1, NO_FINDING, "normal"),), {}, set()),
        ((LUNGS, PLEURA, HEART), {}, set()),
        ((PLEURA,), {}, {"UNSUPPORTED"}),
        ((replace(LUNGS, laterality="left"), PLEURA, HEART), {}, {"UNSUPPORTED"}),
        ((feature(1, NO_FINDING, "absent"),), {}, {"UNSUPPORTED", "PROBABILITY"}),
        ((feature(1, NO_FINDING, "normal"),), {"No_Finding": 0.4}, {"PROBABILITY"}),
        ((feature(1, NO_FINDING, "normal"),), {"No_Finding": 0.9, "Edema": 0.9}, {"PROBABILITY"}),
        ((LUNGS, PLEURA, HEART), {"No_Finding": 0.9, "Cardiomegaly": 0.3}, {"PROBABILITY"}),
    ],
)
def test_a_normal_claim_without_its_grounds_is_found(
    features: tuple[ActiveFeature, ...], high: dict[str, float], expected: set[str]
) -> None:
    ids = tuple(f.id for f in features)
    (said,) = [s for s in draft_of(LUNGS, PLEURA, HEART).sentences() if s.text == NORMAL]
    claim = Finding(NO_FINDING, "present", "none", "", "none", "other", 0.9, ids)
    made = analysis(features, probabilities(**high))
    assert {p.code for p in check_sentence(replace(said, findings=(claim,), evidence=ids), made)} == expected
