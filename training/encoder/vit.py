"""The demo encoder: a small plain vision transformer whose class token reads its findings in the last block."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

from training.encoder.block import LAYER_NORM_EPS, Block, PreNormTransformer
from training.encoder.stem import Stem


@dataclass(frozen=True)
class VitConfig:
    """Size of the encoder; the stem's strides are 4 and 3, so one patch is 12 pixels.

    Attributes
    ----------
    image_size : int
        Height and width of the input in pixels, a multiple of 12.
    width, depth, heads, mlp_ratio : int
        Token width D, number of blocks, attention heads, MLP expansion.
    stem_width, stem_blocks : int
        Channels at a quarter of the input's size; residual blocks at the patch grid.
    layer_scale : float
        Start value of the LayerScale factors λ1 and λ2 (Touvron et al. 2021, arXiv 2103.17239).
    """

    image_size: int = 192
    width: int = 192
    depth: int = 3
    heads: int = 6
    mlp_ratio: int = 4
    stem_width: int = 64
    stem_blocks: int = 2
    layer_scale: float = 0.5

    @property
    def grid(self) -> int:
        """Patches along one side."""
        return self.image_size // 12

    def to_dict(self) -> dict[str, int | float]:
        """Return the fields for a checkpoint's JSON."""
        return asdict(self)


class VisionTransformer(PreNormTransformer):
    """Convolutional stem, class token, learned positions, pre-norm blocks, final LayerNorm."""

    def __init__(self, config: VitConfig) -> None:
        super().__init__()
        if config.image_size % 12 or config.width % config.heads:
            raise ValueError("image_size must be a multiple of 12 and width a multiple of heads")
        self.config = config
        self.stem = Stem(config.stem_width, config.width, config.stem_blocks)
        self.class_embedding = nn.Parameter(torch.zeros(1, 1, config.width))
        self.position = nn.Parameter(torch.zeros(1, config.grid**2 + 1, config.width))
        self.blocks = nn.ModuleList(
            Block(config.width, config.heads, config.mlp_ratio * config.width, layer_scale=config.layer_scale)
            for _ in range(config.depth)
        )
        self.norm = nn.LayerNorm(config.width, eps=LAYER_NORM_EPS)
        nn.init.trunc_normal_(self.class_embedding, std=0.02)
        nn.init.trunc_normal_(self.position, std=0.02)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=module.in_features**-0.5)
                nn.init.zeros_(module.bias)

    def tokens(self, pixel_values: Tensor) -> Tensor:
        """Return the rows (N, 1 + P, D) that enter the last block, for pixel values (N, C, H, W)."""
        return self.mix(self.stem(pixel_values))

    def mix(self, patches: Tensor, keep: Tensor | None = None) -> Tensor:
        """Return the rows that enter the last block.

        Parameters
        ----------
        patches : Tensor, shape (N, P, D)
            What the stem returns.
        keep : Tensor of int64, shape (N, K), optional
            Patches to keep (PatchDropout, Liu et al. 2022, arXiv 2208.07220); None keeps all.

        Returns
        -------
        Tensor, shape (N, 1 + P or K, D)
        """
        patches = patches + self.position[:, 1:]
        if keep is not None:
            patches = patches.gather(1, keep[:, :, None].expand(-1, -1, patches.shape[2]))
        start = (self.class_embedding + self.position[:, :1]).expand(patches.shape[0], -1, -1)
        x = torch.cat([start.to(patches.dtype), patches], dim=1)
        for block in self.blocks[:-1]:
            x = block(x)
        return x
