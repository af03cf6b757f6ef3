"""What the encoder is taught: targets, masks, splits, balance, and augmentation that keeps them aligned."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.training.encoder.toy import CHANNELS, OUTPUTS, toy_set
from training.data.phantom.types import PhantomFinding
from training.data.splits import split_of_group
from training.encoder.augment import jpeg, random_affine, warp
from training.encoder.dataset import MASKS_UNKNOWN, BatchSampler, join
from training.encoder.metrics import auroc
from training.encoder.outputs import FindingTruth, nih_targets, output_names, set_view, unknown_targets
from training.encoder.real import SHIPPABLE_COV_LICENCES, RealImage, read_table
from training.encoder.sources import cached, real_targets
from training.encoder.truth import channel_names, coarse, mask_array, phantom_targets, phantom_truth

EFFUSION = PhantomFinding("Pleural Effusion", laterality="bilateral", location="base", severity="large")
NODULE = PhantomFinding("Lung Lesion", laterality="left", location="upper zone", severity="small")
PACEMAKER = PhantomFinding("Support Devices", laterality="left", location="pacemaker", device="pacemaker")
NAMES = output_names([phantom_truth([EFFUSION, NODULE, PACEMAKER])] * 3 + [phantom_truth([EFFUSION])], 2)


def row_of(targets: np.ndarray) -> dict[str, float]:
    names = (*NAMES,)
    return dict(zip(names, targets.tolist(), strict=True))


def test_details_that_go_without_saying_are_no_outputs() -> None:
    truths = [[FindingTruth("Cardiomegaly", ("heart", "large"))], [FindingTruth("Cardiomegaly", ("heart", "small"))]]
    names = output_names(truths, 1)
    assert "Cardiomegaly|large" in names
    assert "Cardiomegaly|heart" not in names
    assert "Cardiomegaly|large" not in output_names(truths, 2)


def test_phantom_targets_know_side_place_and_parent() -> None:
    names = output_names([phantom_truth([EFFUSION]), phantom_truth([NODULE]), [FindingTruth("Lung Lesion", ("right",))],
                          [FindingTruth("Pleural Effusion")]], 1)  # fmt: skip
    row = dict(zip(names, phantom_targets(names, [NODULE]).tolist(), strict=True))
    assert row["Lung Lesion"] == row["Lung Lesion|left"] == row["Lung Lesion|upper zone"] == row["Lung Opacity"] == 1.0
    assert row["Lung Lesion|right"] == row["Pleural Effusion"] == row["No Finding"] == 0.0
    assert np.isnan(row["Pneumonia"])
    assert np.isnan(row["view|PA"])
    both = dict(zip(names, phantom_targets(names, [EFFUSION]).tolist(), strict=True))
    assert both["Pleural Effusion|left"] == both["Pleural Effusion|right"] == 1.0


def test_a_device_alone_is_no_finding() -> None:
    assert row_of(phantom_targets(NAMES, [PACEMAKER]))["No Finding"] == 1.0
    assert row_of(phantom_targets(NAMES, []))["No Finding"] == 1.0


def test_nih_labels_leave_open_what_they_do_not_name() -> None:
    names = (*NAMES, "Pleural Effusion|left")
    ill = dict(zip(names, nih_targets(names, ["Effusion", "Infiltration"]).tolist(), strict=True))
    assert ill["Pleural Effusion"] == ill["Lung Opacity"] == 1.0
    assert ill["No Finding"] == ill["Cardiomegaly"] == 0.0
    assert np.isnan(ill["Pleural Effusion|left"])
    assert np.isnan(ill["Support Devices"])
    normal = dict(zip(names, nih_targets(names, ["No Finding"]).tolist(), strict=True))
    assert normal["No Finding"] == 1.0
    assert normal["Pleural Effusion|left"] == normal["Lung Opacity"] == 0.0


def test_labels_that_may_not_ship_and_diagnoses_are_no_targets() -> None:
    for source, label in (("rsna", "No Finding"), ("cov", "COVID-19"), ("hann", "COVID-19")):
        image = RealImage(Path("x"), source, (label,), "AP Supine", True, "g", "CC BY", "train", "")
        row = row_of(real_targets(NAMES, image))
        assert row["view|AP"] == 1.0
        assert row["view|PA"] == 0.0
        assert all(np.isnan(value) for name, value in row.items() if not name.startswith("view|"))


def test_an_unknown_view_stays_unknown() -> None:
    row = unknown_targets(NAMES)
    set_view(row, NAMES, "")
    assert np.isnan(row).all()


def test_bilateral_masks_are_cut_at_the_midline() -> None:
    mask = np.ones((64, 64), dtype=np.bool_)
    channels = channel_names([[EFFUSION], [PACEMAKER]])
    masks = mask_array([EFFUSION], [mask], channels)
    right, left = masks[channels.index("Pleural Effusion|right")], masks[channels.index("Pleural Effusion|left")]
    assert (right[:, :16] == 255).all()
    assert (right[:, 16:] == 0).all()
    assert (left == 255 - right).all()
    assert masks[channels.index("Support Devices|pacemaker")].max() == 0
    with pytest.raises(ValueError, match="square"):
        coarse(mask[:, :40])


def test_the_split_follows_the_group_alone(shared_data: Path) -> None:
    rows = read_table(shared_data / "cxrtrain")
    splits = defaultdict(set)
    for row in rows:
        splits[row.group].add(row.split)
        assert row.source in ("nih", "rsna", "hann") or row.licence in SHIPPABLE_COV_LICENCES
    assert all(len(found) == 1 for found in splits.values())
    names = [split_of_group(f"group{i}") for i in range(4000)]
    assert abs(names.count("train") / 4000 - 0.70) < 0.03
    assert abs(names.count("val") / 4000 - 0.15) < 0.03


def sampler(data: object, shares: dict[str, float]) -> BatchSampler:
    return BatchSampler(data, shares, size=48, grid=4, mean=0.5, std=0.25)  # type: ignore[arg-type]


def test_batches_hold_the_shares_and_repeat_for_a_seed() -> None:
    many, few = toy_set(90, 0, "train"), toy_set(10, 1, "train")
    few.kinds[:] = "other"
    data = join([many, few])
    draw = sampler(data, {"phantom": 0.5, "other": 0.5, "absent": 9.0})
    rows = draw.rows(2000, np.random.default_rng(0))
    assert abs((rows >= 90).mean() - 0.5) < 0.05
    first, again, other = draw.draw(8, 5), draw.draw(8, 5), draw.draw(8, 6)
    assert torch.equal(first.pixels, again.pixels)
    assert torch.equal(first.masks, again.masks)
    assert not torch.equal(first.pixels, other.pixels)
    with pytest.raises(ValueError, match="no image"):
        sampler(data, {"absent": 1.0})


def test_masks_move_with_the_picture() -> None:
    draw = sampler(toy_set(40, 2, "train"), {"phantom": 1.0})
    batch = draw.draw(64, 0)
    bright = torch.nn.functional.adaptive_avg_pool2d(batch.pixels, 4).flatten(1)
    masks = batch.masks[:, :2].sum(dim=1)
    # How well the masks explain brightness when they belong to the image, and to the next one.
    own, other = (
        torch.stack([torch.corrcoef(torch.stack(pair))[0, 1] for pair in zip(bright, m, strict=True) if pair[1].any()])
        for m in (masks, masks.roll(1, dims=0))
    )
    assert len(own) > 20
    assert own.median() > 0.9
    assert own.median() > other.median() + 0.5


def test_masks_of_images_without_any_are_unknown() -> None:
    data = toy_set(20, 3, "train")
    data.mask_rows[:] = MASKS_UNKNOWN
    batch = sampler(data, {"phantom": 1.0}).draw(8, 0)
    assert not batch.masks_known.any()
    assert batch.masks.abs().max() == 0


def test_mirroring_swaps_the_sides() -> None:
    generator = torch.Generator().manual_seed(0)
    images = torch.zeros(2, 1, 32, 32)
    images[:, :, :, :8] = 1.0
    affine = random_affine(2, torch.tensor([False, True]), generator)
    out = warp(images, affine, 32, border=True)
    assert out[0, 0, :, :4].mean() > out[0, 0, :, -4:].mean()
    assert out[1, 0, :, :4].mean() < out[1, 0, :, -4:].mean()


def test_jpeg_changes_more_with_coarser_steps_and_keeps_flat_images() -> None:
    noise = torch.rand(2, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    out = jpeg(noise, torch.tensor([0.001, 0.2]))
    change = (out - noise).abs().mean(dim=(1, 2, 3))
    assert change[0] < 0.02 < change[1]
    flat = torch.full((1, 1, 16, 16), 0.5)
    torch.testing.assert_close(jpeg(flat, torch.tensor([0.05])), flat, atol=0.05, rtol=0)


def test_auroc_counts_pairs_and_halves_ties() -> None:
    scores = np.array([0.1, 0.4, 0.4, 0.8], dtype=np.float32)
    positive = np.array([False, True, False, True])
    assert auroc(scores, positive) == pytest.approx((1 + 0.5 + 1 + 1) / 4)
    assert np.isnan(auroc(scores, np.ones(4, dtype=bool)))
    assert OUTPUTS[1].startswith(CHANNELS[0].split("|")[0])


def test_the_cache_is_not_fooled_by_another_set_of_the_same_size(tmp_path: Path) -> None:
    made: list[int] = []

    def make(value: int) -> np.ndarray:
        made.append(value)
        return np.full(3, value, dtype=np.uint8)

    for identity, value in ((["a", "b"], 1), (["a", "b"], 2), (["a", "c"], 3)):
        found = cached(tmp_path, "images", identity, lambda value=value: make(value))
    assert made == [1, 3]
    assert found.tolist() == [3, 3, 3]
    assert cached(None, "images", ["a", "b"], lambda: make(4)).tolist() == [4, 4, 4]
