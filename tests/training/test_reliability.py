"""Reliability of readouts: bins, intervals, the plot and what is said of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.pack.manifest import Readout
from engine.pack.reliability import outside
from tests.training.test_calibration import RECORDS, world
from training.calibration import CalibrationRules, calibrate
from training.labelling.cases import Case
from training.logistic import sigmoid
from training.reliability import reliability_bins, wilson
from training.reliability_plot import plot_reliability


def readouts() -> tuple[tuple[Readout, ...], np.ndarray, list[Case]]:
    (train, train_cases), (held, held_cases) = world(0, 600), world(1, 500)
    found = calibrate(
        RECORDS, train, train_cases, validation=held, validation_cases=held_cases, rules=CalibrationRules()
    )
    return found.readouts, held, held_cases


def test_bins_count_what_the_readout_of_the_manifest_says() -> None:
    found, held, cases = readouts()
    (overall,) = (r for r in found if r.observation == "Pleural Effusion" and r.laterality == "none")
    p = sigmoid(held[:, list(overall.feature_ids)] @ np.array(overall.weights) + overall.bias)
    truth = np.array([float(bool(case.claims)) for case in cases])
    assert sum(b.images for b in overall.reliability) == 500
    assert sum(b.positives for b in overall.reliability) == truth.sum()
    for one in overall.reliability:
        inside = (p >= one.low) & ((p < one.high) | (one.high == 1.0))
        assert one.images == inside.sum()
        assert one.stated == pytest.approx(p[inside].mean(), abs=1e-4)
        assert one.observed == pytest.approx(truth[inside].mean(), abs=1e-6)
    silent = [r for r in found if not r.feature_ids]
    assert silent
    assert all(r.reliability == () and "reliability" not in r.model_dump() for r in silent), "older programs read it"
    assert Readout.model_validate_json(overall.model_dump_json()) == overall


def test_intervals_are_wilsons_and_wider_for_weighted_images() -> None:
    # Newcombe 1998, table I: 81 of 263 and 0 of 20.
    assert wilson(81 / 263, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson(0.0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)
    p, y = np.full(100, 0.55), np.tile([0.0, 1.0], 50)
    (even,) = reliability_bins(p, y)
    (uneven,) = reliability_bins(p, y, np.where(np.arange(100) < 50, 9.0, 1.0))
    assert (even.images, even.positives, even.observed) == (uneven.images, uneven.positives, uneven.observed)
    assert uneven.observed_low < even.observed_low < 0.5 < even.observed_high < uneven.observed_high
    assert outside([even]) == 0
    (wrong,) = reliability_bins(np.full(100, 0.95), y)
    assert outside([wrong]) == 1


def test_the_plot_is_the_same_from_the_same_figures(tmp_path: Path) -> None:
    found, _, _ = readouts()
    for name in ("a.png", "b.png"):
        plot_reliability(found, tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    with Image.open(tmp_path / "a.png") as picture:
        assert np.asarray(picture.convert("L")).min() < 100
