"""DINOv2 in PyTorch (Oquab et al. 2023, arXiv 2304.07193), from checked weights."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its usual name

from training.encoder.block import Block, PreNormTransformer
from training.encoder.dinov2.config import Dinov2Config

_BLOCK = {
    "norm1": "norm1",
    "attention.query": "attention.attention.query",
    "attention.key": "attention.attention.key",
    "attention.value": "attention.attention.value",
    "attention.output": "attention.output.dense",
    "norm2": "norm2",
    "fc1": "mlp.fc1",
    "fc2": "mlp.fc2",
}
"""Layers of a `Block` → names in the file."""


class Dinov2(PreNormTransformer):
    """Linear patches, class token, positions, pre-norm blocks, final LayerNorm, for one size of input.

    Parameters
    ----------
    config : Dinov2Config
    weights : mapping of str to Tensor
        As `training.encoder.dinov2.weights.read_weights` returns them; their memory is shared.
    image_size : int
        Side of the input in pixels, a multiple of the patch size.

    Attributes
    ----------
    position : Tensor, shape (1, 1 + P, D)
        Of the class token and of the patches, row by row.
    """

    def __init__(self, config: Dinov2Config, weights: Mapping[str, Tensor], image_size: int) -> None:
        super().__init__()
        self.config, self.image_size, self.grid = config, image_size, image_size // config.patch_size
        d = config.hidden_size
        with torch.device("meta"):  # the weights come next; random ones would only cost time
            self.patch = nn.Conv2d(3, d, config.patch_size, stride=config.patch_size)
            self.blocks = nn.ModuleList(
                Block(d, config.num_attention_heads, config.mlp_width, eps=config.layer_norm_eps)
                for _ in range(config.num_hidden_layers)
            )
            self.norm = nn.LayerNorm(d, eps=config.layer_norm_eps)
            self.class_embedding = nn.Parameter(torch.zeros(1, 1, d))
            self.position = nn.Parameter(torch.zeros(1, self.grid**2 + 1, d))
        self.load_state_dict(_state(config, weights, self.grid), assign=True)
        self.requires_grad_(False).eval()

    def tokens(self, pixel_values: Tensor) -> Tensor:
        """Return the rows (N, 1 + P, D) that enter the last block, for pixel values (N, 3, H, W)."""
        patches = self.patch(pixel_values).flatten(2).transpose(1, 2)
        x = torch.cat([self.class_embedding.expand(len(patches), -1, -1), patches], dim=1) + self.position
        for block in self.blocks[:-1]:
            x = block(x)
        return x


def positions(trained: Tensor, grid: int) -> Tensor:
    """Return the positions for grid x grid patches: as trained, or interpolated as transformers does (bicubic).

    Parameters
    ----------
    trained : Tensor, shape (1, 1 + G², D)
        Of the class token and of G x G patches.

    Returns
    -------
    Tensor, shape (1, 1 + grid², D)
    """
    start, patches = trained[:, :1], trained[:, 1:]
    side = round(patches.shape[1] ** 0.5)
    if side == grid:
        return trained
    image = patches.unflatten(1, (side, side)).permute(0, 3, 1, 2)
    image = F.interpolate(image, size=(grid, grid), mode="bicubic", align_corners=False)
    return torch.cat([start, image.permute(0, 2, 3, 1).flatten(1, 2)], dim=1)


def _state(config: Dinov2Config, weights: Mapping[str, Tensor], grid: int) -> dict[str, Tensor]:
    """Return the weights under this module's names."""
    state = {
        "class_embedding": weights["embeddings.cls_token"],
        "position": positions(weights["embeddings.position_embeddings"], grid),
        "patch.weight": weights["embeddings.patch_embeddings.projection.weight"],
        "patch.bias": weights["embeddings.patch_embeddings.projection.bias"],
        "norm.weight": weights["layernorm.weight"],
        "norm.bias": weights["layernorm.bias"],
    }
    none = torch.zeros(config.hidden_size)
    for number in range(config.num_hidden_layers):
        mine, theirs = f"blocks.{number}", f"encoder.layer.{number}"
        state[f"{mine}.lambda1"] = weights[f"{theirs}.layer_scale1.lambda1"]
        state[f"{mine}.lambda2"] = weights[f"{theirs}.layer_scale2.lambda1"]
        for here, there in _BLOCK.items():
            state[f"{mine}.{here}.weight"] = weights[f"{theirs}.{there}.weight"]
            # Without qkv_bias only the three inner products have no bias, which is one of zeros.
            state[f"{mine}.{here}.bias"] = weights.get(f"{theirs}.{there}.bias", none)
    return state
