"""What is told of an autoencoder by its held-out measures."""

from __future__ import annotations

import math

import pytest

from training.sae.verdict import explains_nothing, l0_missed


@pytest.mark.parametrize(
    ("fvu", "alive", "useless"),
    [(0.4, 0.1, False), (1.0, 0.1, True), (9e11, 0.0, True), (0.4, 0.0, True), (math.nan, 0.1, True)],
)
def test_nothing_is_explained_without_living_latents_or_from_an_fvu_of_1(
    fvu: float, alive: float, useless: bool
) -> None:
    held_out = {"fvu": fvu, "alive": alive, "mean_l0": 3.0}
    assert explains_nothing(held_out) is useless
    assert (l0_missed("a", 8.0, held_out, 8.0) == "") is useless


def test_an_l0_missed_in_training_is_told_from_one_missed_on_held_out_images_alone() -> None:
    def told(reached: float, batch_l0: float | None, wanted: float = 8.0) -> str:
        return l0_missed("a", wanted, {"fvu": 0.4, "alive": 0.5, "mean_l0": reached}, batch_l0)

    assert told(8.4, 30.0) == "" and told(30.0, 30.0, wanted=0.0) == ""
    assert "with more steps or another --lr" in told(12.0, 11.0) and "images" not in told(12.0, 11.0)
    assert "more training images" in told(12.0, 8.2) and "--lr" not in told(12.0, 8.2)
    assert told(12.0, None) == "a was asked for an L0 of 8 and has 12.0 on held-out tokens"
