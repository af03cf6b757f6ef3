"""Readouts: signs, calibration, thresholds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.pack.features import FeatureRecord
from engine.pack.manifest import OBSERVATIONS, Laterality, Polarity
from training.calibration import CalibrationRules, absence_threshold, best_threshold, calibrate, source_weights
from training.labelling.cases import Case, Claim
from training.logistic import auroc, expected_calibration_error, fit_logistic, platt, sigmoid

KNOWN = frozenset({"Pleural Effusion", "Cardiomegaly"})


def record(
    ident: int, observation: str, polarity: Polarity = "present", laterality: Laterality = "none"
) -> FeatureRecord:
    return FeatureRecord(
        ident,
        f"feature {ident}",
        observation,
        polarity,
        laterality,
        "",
        "none",
        "pleura",
        0.9,
        True,
        0.1,
        (0.0,) * 101,
        ident,
    )


def world(seed: int, count: int) -> tuple[np.ndarray, list[Case]]:
    """Return activations of five features and the cases they come from."""
    rng = np.random.default_rng(seed)
    x = np.zeros((count, 5), dtype=np.float32)
    cases = []
    for i in range(count):
        left, right = rng.random(2) < 0.25
        claims = [Claim("Pleural Effusion", side) for side, has in (("left", left), ("right", right)) if has]
        x[i, 0] = left * (rng.random() < 0.9) * rng.uniform(1, 2)
        x[i, 1] = right * (rng.random() < 0.9) * rng.uniform(1, 2)
        x[i, 2] = (not (left or right)) * (rng.random() < 0.8) * rng.uniform(1, 2)
        x[i, 3] = (rng.random() < 0.2) * rng.uniform(1, 2)
        x[i, 4] = x[i, 0]
        cases.append(Case(f"p/{i}", "phantom", "train", f"g{i}", tuple(claims), KNOWN, not claims, sided=True, text=""))
    return x, cases


RECORDS = [
    record(0, "Pleural Effusion", laterality="left"),
    record(1, "Pleural Effusion", laterality="right"),
    record(2, "Pleural Effusion", "absent"),
    record(3, "Cardiomegaly"),
]


def test_a_finding_that_is_never_absent_is_never_stated() -> None:
    # Tables name what an image has: of what is not named nothing is known, and always saying it is always right.
    known = frozenset({"Cardiomegaly"})
    sides = []
    for seed in (0, 1):
        x, cases = world(seed, 300)
        for i in range(0, 300, 2):
            cases[i] = replace(cases[i], claims=(Claim("Cardiomegaly"),), known=known, normal=False)
            cases[i + 1] = replace(cases[i + 1], claims=(), known=frozenset(), normal=None)
        sides.append((x, cases))
    (train, train_cases), (held, held_cases) = sides
    rules = CalibrationRules()
    found = calibrate(RECORDS, train, train_cases, validation=held, validation_cases=held_cases, rules=rules).readouts
    (heart,) = (r for r in found if r.observation == "Cardiomegaly" and r.laterality == "none")
    assert not heart.reportable and heart.feature_ids == () and heart.threshold == 1.0


def test_readouts_are_signed_sided_and_calibrated() -> None:
    (train, train_cases), (held, held_cases) = world(0, 900), world(1, 700)
    result = calibrate(
        RECORDS, train, train_cases, validation=held, validation_cases=held_cases, rules=CalibrationRules()
    )
    by_name = {(r.observation, r.laterality): r for r in result.readouts}
    assert {r.observation for r in result.readouts if r.laterality == "none"} >= set(OBSERVATIONS)
    overall = by_name["Pleural Effusion", "none"]
    weight = dict(zip(overall.feature_ids, overall.weights, strict=True))
    assert weight[0] > 0
    assert weight[1] > 0
    assert weight.get(2, 0.0) <= 0
    assert 3 not in weight, "a feature of another finding is no evidence"
    assert 4 not in weight, "an undescribed feature is no evidence"
    left = by_name["Pleural Effusion", "left"]
    side = dict(zip(left.feature_ids, left.weights, strict=True))
    assert side[0] > 0 >= side.get(1, 0.0)
    probability = sigmoid(held[:, list(overall.feature_ids)] @ np.array(overall.weights) + overall.bias)
    truth = np.array([float(bool(c.claims)) for c in held_cases])
    assert expected_calibration_error(probability, truth) < 0.06
    stated = probability >= overall.threshold
    assert truth[stated].mean() > 0.8
    denied = probability < overall.absence_threshold
    assert denied.any()
    assert truth[denied].mean() <= 0.04
    assert overall.reportable


def test_what_a_finding_implies_speaks_for_it_too() -> None:
    sides = []
    for seed in (0, 1):
        rng = np.random.default_rng(seed)
        x, cases = world(seed, 600)
        edema, other = rng.random(600) < 0.3, rng.random(600) < 0.1
        # Feature 0 fires on opacities of the right side whatever their kind, feature 1 on few edemas only.
        x[:, 0], x[:, 1], x[:, 2] = edema | other, edema & (rng.random(600) < 0.2), rng.random(600) < 0.3
        for i in range(600):
            claims = [Claim("Edema", "bilateral"), Claim("Lung Opacity", "bilateral")] * bool(edema[i])
            claims += [Claim("Lung Opacity", "right")] * bool(other[i])
            known = frozenset({"Edema", "Lung Opacity"})
            cases[i] = replace(cases[i], claims=tuple(claims), known=known, normal=not claims)
        sides.append((x, cases))
    (train, train_cases), (held, held_cases) = sides
    records = [record(0, "Lung Opacity", laterality="right"), record(1, "Edema"), record(2, "Pleural Effusion")]
    found = calibrate(
        records, train, train_cases, validation=held, validation_cases=held_cases, rules=CalibrationRules()
    )
    readouts = {(r.observation, r.laterality): r for r in found.readouts}
    weight = dict(zip(readouts["Edema", "none"].feature_ids, readouts["Edema", "none"].weights, strict=True))
    assert weight[0] > 0, "an opacity is evidence for what it may be"
    assert weight[1] > 0
    assert 2 not in weight
    assert 0 not in readouts["Edema", "left"].feature_ids, "an opacity of the other side says nothing"


def test_an_observation_without_data_knows_its_prior_and_stays_silent() -> None:
    (train, cases), (held, held_cases) = world(0, 300), world(1, 200)
    result = calibrate(RECORDS, train, cases, validation=held, validation_cases=held_cases, rules=CalibrationRules())
    fracture = next(r for r in result.readouts if r.observation == "Fracture")
    assert (fracture.feature_ids, fracture.weights, fracture.reportable) == ((), (), False)
    assert -6 < fracture.bias < 0


def test_the_best_threshold_keeps_the_precision_floor() -> None:
    probability = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4])
    y = np.array([1.0, 1.0, 0.0, 1.0, 0.0, 0.0])
    threshold, precision, recall = best_threshold(probability, y, 0.7)
    assert (precision, recall) == (0.75, 1.0)
    assert 0.5 < threshold < 0.6
    threshold, precision, _ = best_threshold(probability, y, 0.9)
    assert precision == 1.0
    assert 0.7 < threshold < 0.8


def test_sources_weigh_alike_where_they_show_both_sides() -> None:
    sources = np.array(["phantom"] * 8 + ["nih"] * 4 + ["other"] * 3)
    y = np.array([0, 1] * 4 + [0, 1, 1, 0] + [1, 1, 1], dtype=float)
    weight = source_weights(sources, y, minimum=2)
    assert weight[sources == "phantom"].sum() == weight[sources == "nih"].sum() == 8.0
    assert (weight[sources == "other"] == 1.0).all(), "a source with the finding only would teach its look"
    assert (source_weights(sources, y, minimum=3)[sources == "nih"] == 1.0).all()


def test_a_weight_is_a_count() -> None:
    rng = np.random.default_rng(2)
    y = (rng.random(300) < 0.4).astype(float)
    probability = np.round(np.clip(0.3 * y + 0.7 * rng.random(300), 0, 1), 3)
    times = rng.integers(1, 4, 300)
    many, told = np.repeat(probability, times), np.repeat(y, times)
    weight = times.astype(float)
    assert best_threshold(probability, y, 0.6, weight) == pytest.approx(best_threshold(many, told, 0.6))
    assert absence_threshold(probability, y, 0.8, weight) == pytest.approx(absence_threshold(many, told, 0.8))
    assert expected_calibration_error(probability, y, weight=weight) == pytest.approx(
        expected_calibration_error(many, told)
    )


def test_denials_are_right_as_often_as_asked_for() -> None:
    probability = np.linspace(0, 1, 200)
    y = (probability > 0.6).astype(float)
    assert absence_threshold(probability, y, 0.97) == pytest.approx(0.6, abs=0.03)
    assert absence_threshold(probability, np.ones(200), 0.97) == 0.0


def test_sign_constraints_and_sparsity_hold() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((800, 6))
    y = (x[:, 0] - x[:, 1] + 0.3 * rng.standard_normal(800) > 0).astype(float)
    free = fit_logistic(x, y, l1=0.01)
    assert free.weight[0] > 0 > free.weight[1]
    assert np.count_nonzero(np.abs(free.weight) > 1e-6) <= 4
    bound = fit_logistic(x, y, l1=0.01, signs=np.array([1, 1, 1, -1, -1, -1]))
    assert bound.weight[1] == pytest.approx(0.0, abs=1e-9)
    assert (bound.weight[:3] >= 0).all()
    assert (bound.weight[3:] <= 0).all()


def test_platt_corrects_overconfidence() -> None:
    rng = np.random.default_rng(1)
    score = rng.standard_normal(4000)
    y = (rng.random(4000) < sigmoid(score)).astype(float)
    slope, offset = platt(4.0 * score, y)
    assert slope == pytest.approx(0.25, abs=0.04)
    assert offset == pytest.approx(0.0, abs=0.1)
    before = expected_calibration_error(sigmoid(4 * score), y)
    assert expected_calibration_error(sigmoid(slope * 4 * score + offset), y) < before / 3


def test_auroc_counts_ties_half() -> None:
    assert auroc(np.array([0.1, 0.2, 0.8, 0.9]), np.array([0, 0, 1, 1])) == 1.0
    assert auroc(np.zeros(6), np.array([0, 1, 0, 1, 0, 1])) == 0.5
    assert np.isnan(auroc(np.zeros(3), np.ones(3)))
