"""Pre-norm transformer blocks with LayerScale, and the class token's row of the last one (design §6)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its usual name

LAYER_NORM_EPS = 1e-6


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

    def __init__(
        self, width: int, heads: int, hidden: int, *, layer_scale: float = 1.0, eps: float = LAYER_NORM_EPS
    ) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=eps)
        self.attention = Attention(width, heads)
        self.lambda1 = nn.Parameter(torch.full((width,), layer_scale))
        self.norm2 = nn.LayerNorm(width, eps=eps)
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)
        self.lambda2 = nn.Parameter(torch.full((width,), layer_scale))

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


class PreNormTransformer(nn.Module):
    """What every encoder here has from its last block on: blocks, a final LayerNorm, and the class token's row.

    A subclass makes `blocks` and `norm` and says how pixels become the rows that enter the last block.
    """

    blocks: nn.ModuleList
    norm: nn.LayerNorm

    @property
    def last(self) -> Block:
        """The last block."""
        block = self.blocks[-1]
        assert isinstance(block, Block)
        return block

    def tokens(self, pixel_values: Tensor) -> Tensor:
        """Return the rows (N, 1 + P, D) that enter the last block, for pixel values (N, C, H, W)."""
        raise NotImplementedError

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
