"""The dense baseline: one L2-penalised logistic regression a finding on the whole class token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from training.calibration import (
    CalibrationRules,
    absence_threshold,
    best_threshold,
    calibration_targets,
    source_weights,
    truth_vector,
)
from training.labelling.cases import Attribute, Case
from training.logistic import fit_logistic, platt, sigmoid
from training.sae.folded import FloatArray

L2 = 1e-3


@dataclass(frozen=True, eq=False)
class DenseProbe:
    """Calibrated probes, fitted, calibrated and given thresholds exactly as the readouts of a pack are.

    Attributes
    ----------
    weights : ndarray of float64, shape (targets, d_model)
    biases : ndarray of float64, shape (targets,)
    """

    targets: tuple[Attribute, ...]
    weights: npt.NDArray[np.float64]
    biases: npt.NDArray[np.float64]
    thresholds: dict[Attribute, float]
    absence_thresholds: dict[Attribute, float] = field(default_factory=dict)

    def probabilities(self, tokens: FloatArray) -> npt.NDArray[np.float64]:
        """Return (images, targets)."""
        return sigmoid(tokens.astype(np.float64) @ self.weights.T + self.biases)


def fit_probe(
    train: FloatArray,
    train_cases: Sequence[Case],
    *,
    validation: FloatArray,
    validation_cases: Sequence[Case],
    rules: CalibrationRules,
) -> DenseProbe:
    """Fit a probe for every observation, side and device that has enough images."""
    targets: list[Attribute] = []
    weights: list[npt.NDArray[np.float64]] = []
    biases: list[float] = []
    thresholds: dict[Attribute, float] = {}
    absences: dict[Attribute, float] = {}
    sources = [np.array([case.source for case in cases]) for cases in (train_cases, validation_cases)]
    for target in calibration_targets(train_cases, rules.minimum_positive):
        y_train, y_validation = truth_vector(target, train_cases), truth_vector(target, validation_cases)
        known, known_validation = ~np.isnan(y_train), ~np.isnan(y_validation)
        y, held_out = y_train[known], y_validation[known_validation]
        if min(y.sum(), held_out.sum()) < rules.minimum_positive:
            continue
        fit_weight = source_weights(sources[0][known], y, rules.minimum_positive)
        weight_held_out = source_weights(sources[1][known_validation], held_out, rules.minimum_positive)
        model = fit_logistic(train[known], y, l2=L2, sample_weight=fit_weight)
        slope, offset = platt(model.score(validation[known_validation]), held_out, weight_held_out)
        weight, bias = slope * model.weight, slope * model.bias + offset
        probability = sigmoid(validation[known_validation] @ weight + bias)
        targets.append(target)
        weights.append(weight)
        biases.append(bias)
        thresholds[target] = best_threshold(probability, held_out, rules.precision_floor, weight_held_out)[0]
        absence = absence_threshold(probability, held_out, rules.absence_accuracy, weight_held_out)
        absences[target] = min(absence, thresholds[target])
    stacked = np.stack(weights) if weights else np.zeros((0, train.shape[1]))
    return DenseProbe(tuple(targets), stacked, np.array(biases), thresholds, absences)
