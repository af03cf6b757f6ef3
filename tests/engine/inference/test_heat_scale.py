"""The fixed scale of heat maps."""

from __future__ import annotations

import numpy as np
import pytest

from engine.inference.heat_scale import FULL_SCALE, PALETTE, THRESHOLD, density_unit, strength


def test_the_scale_is_fixed_and_the_threshold_cuts() -> None:
    values = np.array([0.0, 0.05, 0.5, 1.0, 3.0], np.float32) * np.float32(FULL_SCALE)
    assert strength(values, 0.1) == pytest.approx([0, 0, 0.5**0.5, 1.0, 1.0])
    assert strength(values, 0.6)[2] == 0
    assert strength(-values, 0.0).max() == 0
    assert strength(np.ones((4, 4), np.float32)).max() == 0


def test_it_rises_without_a_step() -> None:
    steps = strength(np.linspace(-5, FULL_SCALE * 2, 5000, dtype=np.float32))
    assert np.all(np.diff(steps) >= 0)
    assert np.diff(steps).max() < 0.1
    assert steps[-1] == 1.0
    assert not strength(np.array([THRESHOLD * FULL_SCALE], np.float32)).any()


def test_the_unit_is_the_features_own_activation_until_a_typical_one_is_known() -> None:
    assert density_unit(2.0, 9.0, 4) == 0.5
    assert density_unit(0.0, 9.0, 4) == 2.25
    assert density_unit(0.0, 0.0, 4) > 0


def test_colours_differ() -> None:
    assert len(set(PALETTE)) == len(PALETTE)
