"""Composition on cases whose right answer is known."""

from __future__ import annotations

import pytest

from engine.errors import DraftError
from engine.inference.analysis import GateVerdict
from engine.report.compose import compose
from engine.report.grounding import check_draft
from tests.engine.report.factories import analysis, busy, draft_of, feature, probability, texts


def test_a_study_with_findings_reads_as_a_report() -> None:
    draft = compose(busy())
    assert texts(draft, "pleura") == ["There is a moderate right pleural effusion at the base.", "No pneumothorax."]
    assert texts(draft, "heart") == ["The heart size is normal."]
    assert texts(draft, "devices") == ["Device present: left pacemaker."]
    assert texts(draft, "impression") == [
        "Moderate right pleural effusion at the base.",
        "Devices in place: left pacemaker.",
    ]
    assert [s.evidence for s in draft.sentences()] == [(11,), (13,), (14,), (12,), (11,), (12,)]
    assert check_draft(draft, busy()) == []


def test_german_wording_states_the_same_findings() -> None:
    english, german = compose(busy()), compose(busy(), language="de")
    assert texts(german, "pleura")[1] == "Kein Pneumothorax."
    assert [s.findings for s in english.sentences()] == [s.findings for s in german.sentences()]
    assert [s.key for s in english.sentences()] == [s.key for s in german.sentences()]


def test_a_probability_without_a_feature_is_not_reported_but_forbids_normal() -> None:
    draft = draft_of(feature(1, "Fracture", "absent"), Pneumothorax=0.9)
    assert texts(draft, "pleura") == []
    assert texts(draft, "impression") == []


def test_a_feature_without_probability_is_not_reported() -> None:
    assert texts(draft_of(feature(1, "Pneumothorax")), "pleura") == []


def test_an_unreportable_feature_reaches_no_sentence() -> None:
    draft = draft_of(feature(1, "Pneumothorax", reportable=False), Pneumothorax=0.9)
    assert list(draft.sentences()) == []


def test_an_unreportable_readout_neither_states_nor_denies() -> None:
    readout = probability("Fracture", 0.9, reportable=False)
    assert list(compose(analysis((feature(1, "Fracture"),), (readout,))).sentences()) == []
    low = probability("Fracture", 0.01, reportable=False)
    assert texts(compose(analysis((feature(1, "Fracture", "absent"),), (low,))), "bones") == []


def test_refused_images_get_no_draft() -> None:
    with pytest.raises(DraftError) as caught:
        compose(analysis(gate=GateVerdict("refused", "LATERAL_VIEW", "this is a lateral view")))
    assert caught.value.code == "REFUSED"
    assert "LATERAL_VIEW" in caught.value.message


def test_indication_is_kept() -> None:
    assert compose(busy(), indication="  cough ").indication == "cough"


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [(0.9, 0.1, "left"), (0.1, 0.9, "right"), (0.9, 0.9, "bilateral"), (0.4, 0.1, "left"), (0.1, 0.1, "none")],
)
def test_readouts_decide_the_side(left: float, right: float, expected: str) -> None:
    sides = (probability("Pleural Effusion", left, "left"), probability("Pleural Effusion", right, "right"))
    features = (feature(1, "Pleural Effusion", laterality="left"), feature(2, "Pleural Effusion", laterality="right"))
    draft = draft_of(*features, readouts=sides, Pleural_Effusion=0.9)
    finding = next(draft.sentences()).findings[0]
    assert finding.laterality == expected
    assert finding.evidence == {"left": (1,), "right": (2,)}.get(expected, (1, 2))


def test_a_side_that_every_feature_denies_is_not_named() -> None:
    sides = (probability("Pneumothorax", 0.1, "left"), probability("Pneumothorax", 0.9, "right"))
    draft = draft_of(feature(1, "Pneumothorax", laterality="left"), readouts=sides, Pneumothorax=0.9)
    assert texts(draft, "pleura") == ["There is a pneumothorax."]


def test_without_readouts_the_stronger_features_decide_the_side() -> None:
    strong = feature(1, "Consolidation", laterality="left", activation=9.0)
    weak = feature(2, "Consolidation", laterality="right", activation=1.0)
    assert texts(draft_of(strong, weak, Consolidation=0.9), "lungs") == ["There is left consolidation."]
    even = feature(2, "Consolidation", laterality="right", activation=6.0)
    assert texts(draft_of(strong, even, Consolidation=0.9), "lungs") == ["There is bilateral consolidation."]


def test_general_observations_give_way_to_specific_ones() -> None:
    opacity = feature(1, "Lung Opacity", laterality="right")
    draft = draft_of(opacity, feature(2, "Consolidation", laterality="right"), Lung_Opacity=0.9, Consolidation=0.9)
    assert texts(draft, "lungs") == ["There is right consolidation."]
    heart = draft_of(
        feature(3, "Enlarged Cardiomediastinum"),
        feature(4, "Cardiomegaly"),
        Enlarged_Cardiomediastinum=0.9,
        Cardiomegaly=0.9,
    )
    assert texts(heart, "heart") == ["There is enlargement of the heart."]


def test_a_general_observation_stays_for_the_other_side() -> None:
    both = (feature(1, "Lung Opacity", laterality="right"), feature(2, "Lung Opacity", laterality="left"))
    draft = draft_of(*both, feature(3, "Atelectasis", laterality="left"), Lung_Opacity=0.9, Atelectasis=0.9)
    assert sorted(texts(draft, "lungs")) == ["There is left atelectasis.", "There is right lung opacity."]


def test_a_specific_feature_may_stand_behind_a_general_observation() -> None:
    draft = draft_of(feature(1, "Consolidation", laterality="left"), Lung_Opacity=0.9)
    assert texts(draft, "lungs") == ["There is left lung opacity."]


def test_one_sentence_a_device() -> None:
    tube = feature(1, "Support Devices", location="endotracheal tube")
    line = feature(2, "Support Devices", location="central venous catheter", laterality="right")
    twice = feature(3, "Support Devices", location="endotracheal tube", activation=0.5)
    draft = draft_of(tube, line, twice, Support_Devices=0.9)
    assert texts(draft, "devices") == [
        "Device present: endotracheal tube.",
        "Device present: right central venous catheter.",
    ]
    assert texts(draft, "impression") == ["Devices in place: endotracheal tube and right central venous catheter."]


def test_a_device_s_own_readout_decides() -> None:
    tube = feature(1, "Support Devices", location="endotracheal tube")
    low = probability("Support Devices", 0.1, location="endotracheal tube")
    unnamed = draft_of(tube, readouts=(low,), Support_Devices=0.9)
    assert texts(unnamed, "devices") == ["A support device is present; the model does not say which."]
    assert texts(unnamed, "impression") == ["A support device is in place."]
    high = probability("Support Devices", 0.9, location="endotracheal tube")
    assert texts(draft_of(tube, readouts=(high,), Support_Devices=0.1), "devices") == [
        "Device present: endotracheal tube."
    ]


def test_location_and_severity_are_voted_by_activation() -> None:
    draft = draft_of(
        feature(1, "Consolidation", location="lower zone", severity="large", activation=5.0),
        feature(2, "Consolidation", location="upper zone", severity="small", activation=2.0),
        Consolidation=0.9,
    )
    assert texts(draft, "lungs") == ["There is extensive consolidation in the lower zone."]


def test_sides_that_differ_get_no_common_severity_or_place() -> None:
    draft = draft_of(
        feature(1, "Pneumothorax", laterality="left", severity="small", location="apex"),
        feature(2, "Pneumothorax", laterality="right", severity="large", location="base"),
        Pneumothorax=0.9,
    )
    assert texts(draft, "pleura") == ["There are bilateral pneumothoraces."]


def test_a_location_that_names_the_other_side_is_left_out() -> None:
    sides = (probability("Consolidation", 0.9, "right"), probability("Consolidation", 0.1, "left"))
    draft = draft_of(feature(1, "Consolidation", location="left lower lobe"), readouts=sides, Consolidation=0.9)
    assert texts(draft, "lungs") == ["There is right consolidation."]


def test_denials_need_low_probability_and_a_feature() -> None:
    assert texts(draft_of(feature(1, "Pneumothorax", "absent"), Edema=0.3), "pleura") == ["No pneumothorax."]
    assert texts(draft_of(feature(1, "Pneumothorax", "absent"), Pneumothorax=0.3), "pleura") == []
    assert texts(draft_of(), "pleura") == []


def test_denials_never_contradict_what_is_present() -> None:
    clear = feature(1, "", "normal", section="lungs")
    draft = draft_of(clear, feature(2, "Consolidation"), Consolidation=0.9)
    assert texts(draft, "lungs") == ["There is consolidation."]


def test_a_one_sided_denial_speaks_of_that_side_only() -> None:
    draft = draft_of(feature(1, "Pleural Effusion", "normal", "left"), feature(2, "Lung Opacity", "absent", "right"))
    assert texts(draft, "pleura") == ["The left costophrenic angle is sharp."]
    assert texts(draft, "lungs") == ["No focal right lung opacity."]


def test_open_observations_are_worded_and_block_sweeping_statements() -> None:
    aorta = feature(1, "Tortuous aorta", section="heart")
    calm = feature(2, "Enlarged Cardiomediastinum", "normal")
    draft = draft_of(aorta, calm, readouts=(probability("Tortuous aorta", 0.9),))
    assert texts(draft, "heart") == ["Findings include tortuous aorta."]
    assert texts(draft, "impression") == ["Tortuous aorta."]


def test_a_device_whose_own_readout_is_open_is_not_denied() -> None:
    tube = feature(1, "Support Devices", "absent", location="chest tube")
    unsure = probability("Support Devices", 0.4, location="chest tube")
    assert texts(draft_of(tube, readouts=(unsure,)), "devices") == []
    low = probability("Support Devices", 0.05, location="chest tube")
    assert texts(draft_of(tube, readouts=(low,)), "devices") == ["No chest tube."]


def test_the_impression_begins_with_the_most_important() -> None:
    draft = draft_of(
        feature(1, "Atelectasis", activation=9.0), feature(2, "Pneumothorax"), Atelectasis=0.99, Pneumothorax=0.6
    )
    assert texts(draft, "impression") == ["Pneumothorax.", "Atelectasis."]
