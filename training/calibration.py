"""Readouts: calibrated probabilities of findings from a few named features (manifest ``calibration``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.pack.features import FeatureRecord
from engine.pack.manifest import OBSERVATIONS, Laterality, Readout
from engine.report.vocabulary import MIDLINE, NORMAL_OF_SECTION, implies, related
from training.general import narrow_general
from training.labelling.cases import DEVICES, NORMAL, Attribute, Case, concept_attributes
from training.logistic import Logistic, expected_calibration_error, fit_logistic, platt, sigmoid
from training.reliability import reliability_bins

FloatArray = npt.NDArray[np.float32]
FloatVector = npt.NDArray[np.float64]


@dataclass(frozen=True)
class CalibrationRules:
    """Choices of the fit.

    Attributes
    ----------
    l1 : float
        Penalty on weights of unit-deviation activations.
    minimum_positive : int
        Images with the finding, in training and in validation, for a readout to be fitted.
    precision_floor : float
        The threshold with the best F1 on validation is taken among those with at least this precision.
    absence_accuracy : float
        Share of right statements that denials must reach on validation.
    general_precision : float
        Precision of a general statement where no specific one is made (:mod:`training.general`): it says little, so
        that it is worth its line only where it is nearly sure.
    """

    l1: float = 5e-4
    minimum_positive: int = 12
    precision_floor: float = 0.6
    absence_accuracy: float = 0.97
    general_precision: float = 0.8


@dataclass(frozen=True)
class CalibrationResult:
    """Readouts and what they achieve on validation, by name."""

    readouts: tuple[Readout, ...]
    metrics: dict[str, float]


def calibrate(
    records: Sequence[FeatureRecord],
    train: FloatArray,
    train_cases: Sequence[Case],
    *,
    validation: FloatArray,
    validation_cases: Sequence[Case],
    rules: CalibrationRules,
) -> CalibrationResult:
    """Fit a readout for each observation, each side of it and each device.

    Weights are non-negative for features that say a finding is present, or what it implies (an opacity speaks for an
    edema), and non-positive for features that say it is absent or normal, so that a probability can always be read as
    evidence for and against.

    Parameters
    ----------
    records : sequence of FeatureRecord
        Labelled features; only reportable ones are used.
    train, validation : ndarray of float32, shape (images, n_features)
        Activations.
    """
    usable = [record for record in records if record.reportable]
    readouts: list[Readout] = []
    metrics: dict[str, float] = {}
    sources = [np.array([case.source for case in cases]) for cases in (train_cases, validation_cases)]
    for target in calibration_targets(train_cases, rules.minimum_positive):
        signs = {record.id: sign for record in usable if (sign := _sign(record, target)) != 0}
        ids = np.array(sorted(signs), dtype=int)
        y_train, y_validation = truth_vector(target, train_cases), truth_vector(target, validation_cases)
        known_train, known_validation = ~np.isnan(y_train), ~np.isnan(y_validation)
        observed = y_train[known_train], y_validation[known_validation]
        # Of one kind only nothing can be learnt, and the precision of always saying it would be perfect.
        rarer = min(min(y.sum(), len(y) - y.sum()) for y in observed)
        fitted = len(ids) > 0 and rarer >= rules.minimum_positive
        weights = [
            source_weights(source[known], y, rules.minimum_positive)
            for source, known, y in zip(sources, (known_train, known_validation), observed, strict=True)
        ]
        if not fitted:
            if target.laterality == "none" and (not target.location or target.observation != DEVICES):
                readouts.append(prior_readout(target, observed[0]))
            continue
        model = fit_logistic(
            train[known_train][:, ids],
            observed[0],
            l1=rules.l1,
            signs=np.array([signs[int(i)] for i in ids]),
            sample_weight=weights[0],
        )
        readout, numbers = _finish(
            target, ids, model, x=validation[known_validation][:, ids], y=observed[1], weight=weights[1], rules=rules
        )
        readouts.append(readout)
        name = " ".join(filter(None, (target.observation, _side(target), target.location)))
        metrics.update({f"{key}: {name}": value for key, value in numbers.items()})
    narrowed = narrow_general(
        readouts, validation, validation_cases, precision=rules.general_precision, minimum=rules.minimum_positive
    )
    return CalibrationResult(narrowed, metrics)


def source_weights(sources: npt.NDArray[np.str_], y: npt.NDArray[np.float64], minimum: int) -> FloatVector:
    """Return the weight of each image, so that thousands of phantoms do not outvote hundreds of real patients.

    Every source with at least `minimum` images with and without the finding weighs as much as the largest of them;
    a source that shows one side only would teach the look of the source, and its images weigh one each.

    Parameters
    ----------
    sources : ndarray of str, shape (images,)
    y : ndarray of float64, shape (images,)
        1 where the finding is there, 0 where it is not.

    Returns
    -------
    ndarray of float64, shape (images,)
    """
    members = [sources == name for name in np.unique(sources)]
    balanced = [rows for rows in members if min((y[rows] == 1).sum(), (y[rows] == 0).sum()) >= minimum]
    weight = np.ones(len(y))
    largest = max((int(rows.sum()) for rows in balanced), default=0)
    for rows in balanced:
        weight[rows] = largest / rows.sum()
    return weight


def _side(target: Attribute) -> str:
    return "" if target.laterality == "none" else target.laterality


def calibration_targets(cases: Sequence[Case], minimum: int) -> list[Attribute]:
    """Return the 14 observations, open ones, sides of all that have sides, and devices by name."""
    concepts = concept_attributes(cases, minimum)
    opened = sorted({c.observation for c in concepts} - set(OBSERVATIONS))
    targets: list[Attribute] = []
    for observation in (*OBSERVATIONS, *opened):
        targets.append(Attribute(observation, "normal" if observation == NORMAL else "present"))
        devices = [c for c in concepts if c.observation == DEVICES and c.location] if observation == DEVICES else []
        targets.extend(devices)
        if observation not in MIDLINE and observation != DEVICES:
            sides: tuple[Laterality, ...] = ("left", "right")
            targets.extend(Attribute(observation, laterality=side) for side in sides)
    return targets


def _sign(record: FeatureRecord, target: Attribute) -> int:
    """Return 1 for a feature that speaks for the target, -1 for one that speaks against it, 0 for others."""
    if target.observation == NORMAL:
        if record.observation == NORMAL or record.polarity in ("normal", "absent"):
            return 1
        return -1 if record.observation and record.observation != DEVICES else 0
    if record.polarity == "present":
        return _sign_of_presence(record, target)
    denied = record.observation or NORMAL_OF_SECTION.get(record.section, "")
    fitting = denied in (target.observation, NORMAL)
    return -1 if fitting and record.location in ("", target.location) else 0


def _sign_of_presence(record: FeatureRecord, target: Attribute) -> int:
    """Return the sign of a feature that says that something is present."""
    elsewhere = bool(target.location and record.location) and record.location != target.location
    if elsewhere or not related(record.observation, target.observation):
        return 0
    opposite = {"left": "right", "right": "left"}.get(target.laterality, "")
    if not opposite or record.laterality != opposite:
        return 1
    # An opacity of the other side may be another finding's.
    return -1 if implies(record.observation, target.observation) else 0


def truth_vector(target: Attribute, cases: Sequence[Case]) -> npt.NDArray[np.float64]:
    """Return 1, 0 or NaN (unknown) for each case."""
    values = [target.holds(case) for case in cases]
    return np.array([np.nan if value is None else float(value) for value in values])


def prior_readout(target: Attribute, y: npt.NDArray[np.float64]) -> Readout:
    """Return a readout that knows nothing but how common the finding was, and may not speak."""
    rate = (float(y.sum()) + 0.5) / (len(y) + 10.0)
    return Readout(
        observation=target.observation,
        feature_ids=(),
        weights=(),
        bias=round(float(np.log(rate / (1 - rate))), 6),
        threshold=1.0,
        absence_threshold=0.0,
        reportable=False,
    )


def _finish(
    target: Attribute,
    ids: npt.NDArray[np.int_],
    model: Logistic,
    *,
    x: FloatArray,
    y: FloatVector,
    weight: FloatVector,
    rules: CalibrationRules,
) -> tuple[Readout, dict[str, float]]:
    kept = np.abs(model.weight) > 1e-6
    slope, offset = platt(model.score(x), y, weight)
    weights, bias = slope * model.weight[kept], slope * model.bias + offset
    probability = sigmoid(x[:, kept] @ weights + bias)
    threshold, precision, recall = best_threshold(probability, y, rules.precision_floor, weight)
    absence = absence_threshold(probability, y, rules.absence_accuracy, weight)
    f1 = 2 * precision * recall / max(precision + recall, 1e-9)
    readout = Readout(
        observation=target.observation,
        laterality=target.laterality,
        location=target.location,
        feature_ids=tuple(int(i) for i in ids[kept]),
        weights=tuple(round(float(w), 6) for w in weights),
        bias=round(float(bias), 6),
        threshold=round(threshold, 6),
        absence_threshold=round(min(absence, threshold), 6),
        reportable=bool(kept.any()) and precision >= rules.precision_floor and f1 >= 0.3,
        reliability=reliability_bins(probability, y, weight),
    )
    return readout, {"validation f1": f1, "validation ece": expected_calibration_error(probability, y, weight=weight)}


def best_threshold(
    probability: FloatVector, y: FloatVector, precision_floor: float, weight: FloatVector | None = None
) -> tuple[float, float, float]:
    """Return (threshold, precision, recall) with the best F1 among thresholds of at least the wanted precision.

    Where none reaches it, the most precise one is returned. `weight` is that of each image; None weighs all alike.
    """
    order = np.argsort(-probability, kind="stable")
    w = np.ones(len(y)) if weight is None else weight[order]
    p, hits, taken = probability[order], np.cumsum(w * y[order]), np.cumsum(w)
    last = np.append(p[1:] < p[:-1], True)  # thresholds lie between different probabilities only
    precision, recall = hits / taken, hits / max(float(hits[-1]), 1e-9)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-9)
    allowed = last & (precision >= precision_floor)
    index = (
        int(np.argmax(np.where(allowed, f1, -1.0))) if allowed.any() else int(np.argmax(np.where(last, precision, -1)))
    )
    following = p[index + 1] if index + 1 < len(p) else 0.0
    return float((p[index] + following) / 2.0), float(precision[index]), float(recall[index])


def absence_threshold(
    probability: FloatVector, y: FloatVector, accuracy: float, weight: FloatVector | None = None
) -> float:
    """Return the largest probability below which a denial is right as often as asked for; 0 where none is."""
    order = np.argsort(probability, kind="stable")
    w = np.ones(len(y)) if weight is None else weight[order]
    p, misses = probability[order], np.cumsum(w * y[order])
    right = 1.0 - misses / np.cumsum(w)
    last = np.append(p[1:] > p[:-1], True)
    allowed = np.flatnonzero(last & (right >= accuracy))
    if not len(allowed):
        return 0.0
    index = int(allowed[-1])
    return float((p[index] + (p[index + 1] if index + 1 < len(p) else 1.0)) / 2.0)
