"""What steers the penalty."""

from __future__ import annotations

import pytest

from training.sae.config import SaeConfig
from training.sae.controller import SparsityController, missed_l0
from training.sae.member import controller


def test_too_few_latents_lower_the_penalty_but_never_below_zero() -> None:
    steering = SparsityController(start=1.0, target=10.0)
    for _ in range(200):
        steering.update(1.0)
    assert 0.0 < steering.weight < 1e-3


def test_an_l0_penalty_pays_for_firing_while_more_than_a_tenth_is_lacking() -> None:
    jump = controller(SaeConfig("jumprelu", 96, 1e-3, l0=10.0), d_model=64)
    jump.update(10.0)
    assert jump.weight > 0.0
    jump.update(8.0)
    assert jump.weight < 0.0
    jump.update(12.0)
    assert jump.weight > 0.0


def test_an_l1_penalty_is_never_negative() -> None:
    gated = controller(SaeConfig("gated", 96, 1e-3, l0=10.0), d_model=64)
    gated.update(0.1)
    assert gated.weight > 0.0


def test_a_saved_controller_goes_on_with_the_same_penalty() -> None:
    first = SparsityController(start=1.0, target=10.0, pull=10.0)
    for l0 in (30.0, 12.0, 7.0):
        first.update(l0)
    second = SparsityController(start=1.0, target=10.0, pull=10.0)
    second.load_state(first.state())
    assert second.weight == first.weight


@pytest.mark.parametrize(("reached", "missed"), [(9.1, False), (10.9, False), (8.9, True), (11.1, True)])
def test_a_tenth_beside_the_wanted_l0_is_missed(reached: float, missed: bool) -> None:
    assert missed_l0(10.0, reached) is missed
    assert not missed_l0(0.0, reached)
