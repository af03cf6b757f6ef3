"""The demo encoder: a small plain vision transformer whose class token reads its findings in the last block."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its usual name

from training.encoder.stem import Stem

LAYER_NORM_EPS = 1e-6


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


class Attention(nn.Module):
    """Multi-head self-attention, written as matrix products and a softmax so that it exports without guards."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads, self.head_width = heads, width // heads
        self.scale = 1.0 / math.sqrt(self.head_width)
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.output = nn.Linear(width, width)

    def split(self, x: Tensor) -> Tensor:
        """Return (N, T, D) as (N, heads, T, D / heads)."""
        parts: Tensor = x.unflatten(2, (self.heads, self.head_width))
        return parts.transpose(1, 2)

    def weights(self, queries: Tensor, keys: Tensor) -> Tensor:
        """Return the softmax rows (N, heads, Tq, Tk)."""
        return torch.softmax(self.split(self.query(queries) * self.scale) @ self.split(self.key(keys)).mT, dim=-1)

    def forward(self, x: Tensor) -> Tensor:
        """Return the attention's output (N, T, D)."""
        mixed = self.weights(x, x) @ self.split(self.value(x))
        out: Tensor = self.output(mixed.transpose(1, 2).flatten(2))
        return out


class Block(nn.Module):
    """Pre-norm block with LayerScale, as in DINOv2 (Oquab et al. 2023, arXiv 2304.07193)."""

    def __init__(self, config: VitConfig) -> None:
        super().__init__()
        d = config.width
        self.norm1 = nn.LayerNorm(d, eps=LAYER_NORM_EPS)
        self.attention = Attention(d, config.heads)
        self.lambda1 = nn.Parameter(torch.full((d,), config.layer_scale))
        self.norm2 = nn.LayerNorm(d, eps=LAYER_NORM_EPS)
        self.fc1 = nn.Linear(d, config.mlp_ratio * d)
        self.fc2 = nn.Linear(config.mlp_ratio * d, d)
        self.lambda2 = nn.Parameter(torch.full((d,), config.layer_scale))

    def mlp(self, x: Tensor) -> Tensor:
        """Return λ2 * MLP(LN2(x))."""
        out: Tensor = self.lambda2 * self.fc2(F.gelu(self.fc1(self.norm2(x))))
        return out

    def forward(self, x: Tensor) -> Tensor:
        """Return the block's output rows (N, T, D)."""
        y: Tensor = x + self.lambda1 * self.attention(self.norm1(x))
        return y + self.mlp(y)


@dataclass(frozen=True)
class ClassRead:
    """How the class token was made in the last block (design §6); T = patches + 1, token 0 is the class token.

    Attributes
    ----------
    attention : Tensor, shape (N, heads, T)
        The class token's softmax row.
    values : Tensor, shape (N, T, heads, D / heads)
        Values before W_O.
    x0 : Tensor, shape (N, D)
        The class token's row that enters the block.
    messages : Tensor, shape (N, T, D)
        c_j = λ1 * Σ_h A_0j W_O (v_j - v̄) with v̄ the mean value of the patches, as the heat maps have it.
    average : Tensor, shape (N, D)
        λ1 * W_O v̄, the message of an average patch; with x_0 and λ1 * b_O it makes up the rest of the row.
    z : Tensor, shape (N, D)
        The class token's row before the final LayerNorm.
    patch_input : Tensor, shape (N, T, D)
        LN1 of the rows that enter the block: the values are linear in it.
    """

    attention: Tensor
    values: Tensor
    x0: Tensor
    messages: Tensor
    average: Tensor
    z: Tensor
    patch_input: Tensor


class VisionTransformer(nn.Module):
    """Convolutional stem, class token, learned positions, pre-norm blocks, final LayerNorm."""

    def __init__(self, config: VitConfig) -> None:
        super().__init__()
        if config.image_size % 12 or config.width % config.heads:
            raise ValueError("image_size must be a multiple of 12 and width a multiple of heads")
        self.config = config
        self.stem = Stem(config.stem_width, config.width, config.stem_blocks)
        self.class_embedding = nn.Parameter(torch.zeros(1, 1, config.width))
        self.position = nn.Parameter(torch.zeros(1, config.grid**2 + 1, config.width))
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.depth))
        self.norm = nn.LayerNorm(config.width, eps=LAYER_NORM_EPS)
        nn.init.trunc_normal_(self.class_embedding, std=0.02)
        nn.init.trunc_normal_(self.position, std=0.02)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=module.in_features**-0.5)
                nn.init.zeros_(module.bias)

    @property
    def last(self) -> Block:
        """The last block."""
        block = self.blocks[-1]
        assert isinstance(block, Block)
        return block

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

    def read(self, x: Tensor, *, through_messages: bool = False) -> ClassRead:
        """Run the last block for the class token's row only.

        Parameters
        ----------
        x : Tensor, shape (N, T, D)
            Rows that enter the last block.
        through_messages : bool
            Training only: no gradient through the residual x_0, so that what the class token says is learned in the
            messages, which the heat maps show, and not in earlier blocks, which they cannot.
        """
        block, attention = self.last, self.last.attention
        u = block.norm1(x)
        rows = attention.weights(u[:, :1], u)[:, :, 0]
        values = attention.split(attention.value(u)).transpose(1, 2)
        # A row of attention sums to 1: whatever is taken from every value comes back as one constant.
        mean = values[:, 1:].mean(dim=1, keepdim=True)
        weighted = (rows.transpose(1, 2)[..., None] * (values - mean)).flatten(2)
        messages = block.lambda1 * F.linear(weighted, attention.output.weight)
        average = block.lambda1 * F.linear(mean.flatten(1), attention.output.weight)
        x0 = x[:, 0]
        start = x0.detach() if through_messages else x0
        y = start + block.lambda1 * attention.output.bias + average + messages.sum(dim=1)
        return ClassRead(rows, values, x0, messages, average, y + block.mlp(y), u)

    def forward(self, pixel_values: Tensor) -> tuple[Tensor, Tensor]:
        """Return the class token (N, D) and the patch tokens (N, P, D) after the final LayerNorm."""
        x = self.norm(self.last(self.tokens(pixel_values)))
        return x[:, 0], x[:, 1:]
