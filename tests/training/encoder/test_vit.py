"""The encoder's arithmetic: shapes, and the sum that every heat map stands on."""

from __future__ import annotations

import pytest
import torch

from training.encoder.dataset import Batch
from training.encoder.model import (
    LossWeights,
    SupervisedEncoder,
    importance_of_outputs,
    mask_channels_of_outputs,
    random_keep,
)
from training.encoder.vit import VisionTransformer, VitConfig

TOY = VitConfig(image_size=48, width=24, depth=2, heads=2, mlp_ratio=2, stem_width=4, stem_blocks=1, layer_scale=0.7)


def shaken(model: torch.nn.Module) -> None:
    """Move every parameter off its start, so that no bias or scale hides behind zero or one."""
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.2 * torch.randn(parameter.shape, generator=generator))


def test_shapes_of_the_demo_size() -> None:
    vit = VisionTransformer(VitConfig()).eval()
    with torch.no_grad():
        token, patches = vit(torch.zeros(2, 3, 192, 192))
    assert token.shape == (2, 192)
    assert patches.shape == (2, 256, 192)
    assert 3e6 <= sum(p.numel() for p in vit.parameters()) <= 6e6


def test_class_row_alone_equals_the_whole_last_block() -> None:
    vit = VisionTransformer(TOY).eval()
    shaken(vit)
    pixels = torch.randn(3, 3, 48, 48)
    with torch.no_grad():
        read = vit.read(vit.tokens(pixels))
        token, _ = vit(pixels)
    torch.testing.assert_close(vit.norm(read.z), token, rtol=1e-5, atol=1e-5)


def test_messages_and_the_rest_sum_to_the_class_token() -> None:
    vit = VisionTransformer(TOY).eval()
    shaken(vit)
    block, w_o = vit.last, vit.last.attention.output.weight
    with torch.no_grad():
        read = vit.read(vit.tokens(torch.randn(3, 3, 48, 48)))
        plain = torch.stack(
            [
                block.lambda1 * (w_o @ (read.attention[n, :, j, None] * read.values[n, j]).ravel())
                for n in range(3)
                for j in range(17)
            ]
        ).view(3, 17, -1)
        average = read.values[:, 1:].mean(dim=1, keepdim=True)
        taken = torch.stack(
            [
                block.lambda1 * (w_o @ (read.attention[n, :, j, None] * average[n, 0]).ravel())
                for n in range(3)
                for j in range(17)
            ]
        ).view(3, 17, -1)
        y = read.x0 + block.lambda1 * block.attention.output.bias + plain.sum(dim=1)
    torch.testing.assert_close(plain - taken, read.messages, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(plain.sum(dim=1), read.average + read.messages.sum(dim=1), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(y + block.mlp(y), read.z, rtol=1e-4, atol=1e-4)


def test_contributions_close_to_the_logit() -> None:
    model = SupervisedEncoder(TOY, ("No Finding", "Lung Lesion"), ("Lung Lesion",)).eval()
    shaken(model)
    with torch.no_grad():
        read = model.vit.read(model.vit.tokens(torch.randn(2, 3, 48, 48)))
        direction = model.vit.norm.weight * model.head.weight
        direction = direction - direction.mean(dim=1, keepdim=True)
        sigma = torch.sqrt(read.z.var(dim=1, unbiased=False) + 1e-6)
        rest = (read.z - read.messages.sum(dim=1) - read.average) @ direction.T / sigma[:, None]
        constant = model.head.weight @ model.vit.norm.bias + model.head.bias
        closed = (model.message_tokens(read) @ model.head.weight.T).sum(dim=1) + rest + constant
        logits = model.head(model.vit.norm(read.z))
    torch.testing.assert_close(closed, logits, rtol=1e-4, atol=1e-4)


def test_no_gradient_reaches_the_residual_but_the_messages_learn() -> None:
    vit = VisionTransformer(TOY)
    shaken(vit)
    x = torch.randn(2, 17, 24, requires_grad=True)
    open_path = torch.autograd.grad(vit.read(x).z.square().sum(), x)[0]
    through = torch.autograd.grad(vit.read(x, through_messages=True).z.square().sum(), x)[0]
    assert not torch.allclose(open_path[:, 0], through[:, 0])
    torch.testing.assert_close(open_path[:, 1:], through[:, 1:])


def test_dropped_patches_leave_the_others_in_place() -> None:
    keep = random_keep(4, 16, 6, torch.Generator().manual_seed(0))
    assert keep.shape == (4, 6)
    assert all(len(set(row.tolist())) == 6 for row in keep)
    vit = VisionTransformer(
        VitConfig(image_size=48, width=24, depth=1, heads=2, mlp_ratio=2, stem_width=4, stem_blocks=1)
    ).eval()
    pixels = torch.randn(4, 1, 48, 48)
    with torch.no_grad():
        whole, some = vit.tokens(pixels), vit.mix(vit.stem(pixels), keep)
    for n in range(4):
        torch.testing.assert_close(some[n, 1:], whole[n, 1 + keep[n]])


def test_outputs_find_their_mask_channels() -> None:
    outputs = ("No Finding", "Pleural Effusion", "Pleural Effusion|left", "Pleural Effusion|large", "Edema")
    table = mask_channels_of_outputs(outputs, ("Pleural Effusion|left", "Pleural Effusion|right"))
    assert table.tolist() == [[0, 0], [1, 1], [1, 0], [1, 1], [0, 0]]


def test_a_size_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="multiple of 12"):
        VisionTransformer(VitConfig(image_size=50))


def test_observations_and_devices_weigh_more_than_details() -> None:
    outputs = ("Edema", "Support Devices|pacemaker", "Pleural Effusion|left", "Pleural Effusion|large")
    assert importance_of_outputs(outputs).tolist() == [3.0, 3.0, 2.0, 1.0]


def hidden_finding(keep_it: bool) -> tuple[SupervisedEncoder, Batch, torch.Tensor]:
    """A nodule on patch 5 of 16, and patches kept with or without it."""
    model = SupervisedEncoder(TOY, ("No Finding", "Lung Lesion"), ("Lung Lesion",)).eval()
    masks = torch.zeros(1, 1, 16)
    masks[0, 0, 5] = 1.0
    batch = Batch(torch.zeros(1, 1, 48, 48), torch.tensor([[0.0, 1.0]]), masks, torch.tensor([True]))
    return model, batch, torch.tensor([[4, 5 if keep_it else 6, 9]])


@pytest.mark.parametrize("keep_it", [True, False])
def test_a_finding_that_patch_dropout_hid_is_not_asked_for(keep_it: bool) -> None:
    model, batch, keep = hidden_finding(keep_it)
    flipped = Batch(batch.pixels, torch.tensor([[0.0, 0.0]]), batch.masks, batch.masks_known)
    asked = model.losses(batch, LossWeights(), keep)[1]
    other = model.losses(flipped, LossWeights(), keep)[1]
    assert (asked["class"] == other["class"]).item() is not keep_it
    assert (asked["attention"] > 0).item() is keep_it
