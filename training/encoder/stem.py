"""The convolutional front of the demo encoder."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its usual name


class _Residual(nn.Module):
    """Two 3 x 3 convolutions beside the identity, which it is at the start."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.kaiming_normal_(self.first.weight, nonlinearity="relu")
        for tensor in (self.first.bias, self.second.weight, self.second.bias):
            assert tensor is not None
            nn.init.zeros_(tensor)

    def forward(self, x: Tensor) -> Tensor:
        """Return x plus its two convolutions."""
        y: Tensor = x + self.second(F.relu(self.first(F.relu(x))))
        return y


class Stem(nn.Module):
    """Convolutions from pixels to one token a patch (Xiao et al. 2021, arXiv 2106.14881).

    From scratch and on little data, convolutions find local signs in a fraction of the images that attention needs. The
    first stride folds 4 x 4 pixels into channels, which trains several times faster on a CPU than strided convolutions;
    identity-start residuals make do without batch norm.
    """

    def __init__(self, channels: int, width: int, blocks: int) -> None:
        super().__init__()
        c, d = channels, width
        self.first = nn.Conv2d(16, c, 3, padding=1)
        self.fine = _Residual(c)
        self.down = nn.Conv2d(c, d, 3, stride=3)
        self.coarse = nn.Sequential(*(_Residual(d) for _ in range(blocks)))
        self.expand = nn.Linear(d, 3 * d // 2)
        self.project = nn.Linear(3 * d // 2, d)
        for convolution in (self.first, self.down):
            nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")

    def forward(self, pixel_values: Tensor) -> Tensor:
        """Return tokens (N, P, D), row-major, for pixel values (N, C, H, W) with equal channels."""
        # A radiograph has one channel; the three of the contract are copies of it.
        x = F.pixel_unshuffle(pixel_values.mean(dim=1, keepdim=True), 4)
        x = self.fine(self.first(x.contiguous(memory_format=torch.channels_last)))
        x = F.relu(self.coarse(self.down(F.relu(x)))).flatten(2).transpose(1, 2)
        tokens: Tensor = self.project(F.gelu(self.expand(x)))
        return tokens
