"""The losses that make every direction of the class token point at its finding."""

from __future__ import annotations

import torch

from training.encoder.locality import composition_loss, own_direction_loss, pointing_loss, quiet_loss, spread_loss
from training.encoder.model import LossWeights, main_outputs, mask_channels_of_outputs

PATCHES = 16


def one_place(patch: int) -> torch.Tensor:
    places = torch.zeros(1, PATCHES)
    places[0, patch] = 1.0
    return places


def test_a_map_that_peaks_on_its_finding_costs_less() -> None:
    places = one_place(3)
    sharp = torch.tensor(3.0)
    right, wrong = one_place(3) * 5.0, one_place(9) * 5.0
    assert pointing_loss(right, places, sharp) < 0.1 < pointing_loss(wrong, places, sharp)
    assert pointing_loss(right * 100.0, places, sharp) < 0.1
    assert float(pointing_loss(torch.zeros(0, PATCHES), torch.zeros(0, PATCHES), sharp)) == 0.0


def test_quiet_maps_keep_their_energy_on_findings_and_are_silent_without_one() -> None:
    places = torch.stack([one_place(3), torch.zeros(1, PATCHES)])
    known = torch.ones(2, 1, dtype=torch.bool)
    clean = torch.stack([one_place(3), torch.zeros(1, PATCHES)]) * 2.0
    noisy = clean + 0.5
    assert float(quiet_loss(clean, places, known)) == 0.0
    assert quiet_loss(noisy, places, known) > 0.1
    # Whatever is not known to be empty may hold anything.
    only_first = torch.tensor([[True], [False]])
    assert quiet_loss(clean + torch.tensor([[[0.0]], [[5.0]]]), places, only_first) == 0.0


def test_quiet_cannot_be_had_by_shrinking_every_map() -> None:
    places, known = torch.stack([one_place(3)]), torch.ones(1, 1, dtype=torch.bool)
    maps = torch.rand(1, 1, PATCHES, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(
        quiet_loss(maps, places, known), quiet_loss(0.1 * maps, places, known), rtol=0.02, atol=0
    )


def test_differences_between_tokens_are_pointed_at_too() -> None:
    generator = torch.Generator().manual_seed(1)
    token = torch.randn(4, 8, generator=generator)
    places = torch.cat([one_place(patch) for patch in (1, 5, 9, 13)])
    known = torch.ones(4, dtype=torch.bool)
    # Each image's deviation arrives from its own patch, or from another one.
    right = (token - token.mean(dim=0))[:, None] * places[:, :, None]
    wrong = right.roll(2, dims=1)
    assert own_direction_loss(token, right, places, known) < own_direction_loss(token, wrong, places, known)
    assert float(own_direction_loss(token, right, torch.zeros_like(places), known)) == 0.0


def test_a_token_that_is_the_sum_of_its_findings_costs_nothing() -> None:
    generator = torch.Generator().manual_seed(2)
    truth = (torch.rand(32, 3, generator=generator) < 0.5).float()
    token = truth @ torch.randn(3, 8, generator=generator) + 4.0
    assert composition_loss(token, token - 7.0) < 1e-6
    assert 0.9 < composition_loss(token, torch.zeros_like(token)) < 1.1
    style = token + torch.randn(32, 8, generator=generator)
    assert composition_loss(style, token) > 0.2


def test_vectors_spread_when_they_are_orthogonal_and_of_one_length() -> None:
    assert spread_loss(torch.eye(4) * 3.0) < 1e-4
    assert spread_loss(torch.eye(4) * torch.tensor([1.0, 1.0, 1.0, 9.0])) > 0.5
    assert spread_loss(torch.ones(4, 4)) > 0.9


def test_main_outputs_have_a_place_and_imply_no_other() -> None:
    outputs = ("No Finding", "Lung Opacity", "Consolidation", "Consolidation|left", "Support Devices",
               "Support Devices|pacemaker", "Fracture")  # fmt: skip
    channels = ("Lung Opacity|left", "Consolidation|left", "Support Devices|pacemaker")
    chosen = main_outputs(outputs, mask_channels_of_outputs(outputs, channels)).tolist()
    assert [outputs[k] for k in chosen] == ["Consolidation", "Support Devices|pacemaker"]


def test_the_losses_come_in_after_the_heads_have_learned_something() -> None:
    weights = LossWeights(quiet=1.0, own=1.0, composition=1.0, spread=1.0)
    assert weights.at(0.0).quiet == weights.at(0.0).composition == 0.0
    assert 0.0 < weights.at(0.5).own < 1.0
    assert weights.at(0.6) == weights
