"""Contradictions between active features are decided by probability, and what lost is kept with both."""

from __future__ import annotations

import pytest

from engine.inference.analysis import ActiveFeature, ObservationProbability
from engine.report.compose import compose
from engine.report.conflicts import Conflict
from engine.report.serialise import public_report
from engine.report.vocabulary import NO_FINDING
from tests.engine.report.factories import analysis, draft_of, feature, probabilities, probability, texts

YES, NO = feature(1, "Pleural Effusion"), feature(2, "Pleural Effusion", "absent")


@pytest.mark.parametrize(
    ("p", "kept", "text"),
    [
        (0.9, "present", ["There is a pleural effusion."]),
        (0.05, "absent", ["No pleural effusion."]),
        (0.3, "undecided", []),
    ],
)
def test_the_probability_decides_what_is_stated_and_the_other_is_kept(p: float, kept: str, text: list[str]) -> None:
    draft = draft_of(YES, NO, Pleural_Effusion=p)
    assert texts(draft, "pleura") == text
    (conflict,) = draft.conflicts
    lost = {"present": "absent", "absent": "present", "undecided": "absent"}[kept]
    sure = p if kept != "absent" else 1 - p
    assert (conflict.kind, conflict.kept, conflict.lost) == ("polarity", kept, lost)
    assert (conflict.kept_probability, conflict.lost_probability) == pytest.approx((sure, 1 - sure))
    assert conflict.kept_features == ((2,) if kept == "absent" else (1,))
    told = public_report(draft, "CPU", "fp32")["contradictions"]
    assert [(c["kept"], c["lost_features"]) for c in told] == [(kept, [1] if kept == "absent" else [2])]


def sides(left: float, right: float) -> tuple[ObservationProbability, ...]:
    return probability("Pneumothorax", left, "left"), probability("Pneumothorax", right, "right")


LEFT, RIGHT = feature(1, "Pneumothorax", laterality="left"), feature(2, "Pneumothorax", laterality="right")


def test_a_side_that_lost_is_kept_with_its_own_probability() -> None:
    draft = draft_of(LEFT, RIGHT, readouts=sides(0.2, 0.8), Pneumothorax=0.9)
    assert texts(draft, "pleura") == ["There is a right pneumothorax."]
    assert draft.conflicts == (Conflict("side", "Pneumothorax", "right", "left", 0.8, 0.2, (2,), (1,)),)
    both = draft_of(LEFT, RIGHT, readouts=sides(0.8, 0.8), Pneumothorax=0.9)
    assert texts(both, "pleura") == ["There are bilateral pneumothoraces."] and both.conflicts == ()


def test_without_readouts_the_activation_shares_the_probability_and_says_so() -> None:
    small = feature(3, "Pneumothorax", severity="small", activation=3.0)
    large = feature(4, "Pneumothorax", severity="large", activation=1.0)
    draft = draft_of(small, large, Pneumothorax=0.8)
    assert texts(draft, "pleura") == ["There is a small pneumothorax."]
    (conflict,) = draft.conflicts
    assert (conflict.kind, conflict.kept, conflict.lost, conflict.calibrated) == ("severity", "small", "large", False)
    assert (conflict.kept_probability, conflict.lost_probability) == pytest.approx((0.6, 0.2))


@pytest.mark.parametrize(
    "features",
    [
        (feature(1, "Pneumothorax", laterality="left"), feature(2, "Pneumothorax", "absent", laterality="right")),
        (YES, feature(2, "Pneumothorax", "absent")),
        (YES, feature(2, "Pleural Effusion", "absent", reportable=False)),
    ],
)
def test_what_can_be_true_together_is_no_contradiction(features: tuple[ActiveFeature, ...]) -> None:
    assert compose(analysis(features, probabilities(Pleural_Effusion=0.9, Pneumothorax=0.9))).conflicts == ()


def test_a_general_denial_and_a_normal_image_lose_against_a_finding() -> None:
    found, clear = feature(1, "Consolidation"), feature(2, "Lung Opacity", "normal")
    normal = feature(3, NO_FINDING, "normal")
    draft = draft_of(found, clear, normal, Consolidation=0.9, Lung_Opacity=0.8)
    kept = {(c.observation, c.kept, c.lost): (c.kept_probability, c.lost_probability) for c in draft.conflicts}
    assert kept[NO_FINDING, "Consolidation", "normal image"] == pytest.approx((0.9, 0.1))
    assert kept["Lung Opacity", "present", "absent"] == pytest.approx((0.8, 0.2))
