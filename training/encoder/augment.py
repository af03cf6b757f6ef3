"""Random views of a batch of radiographs: the same treatment for every source, so that none can be told by its look."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its usual name


def _uniform(generator: torch.Generator, shape: tuple[int, ...], low: float, high: float) -> Tensor:
    return torch.rand(shape, generator=generator) * (high - low) + low


def random_affine(count: int, flip: Tensor, generator: torch.Generator) -> Tensor:
    """Return random affine maps (N, 2, 3) for ``affine_grid``: crop, stretch, rotation of up to 8°, shift.

    Parameters
    ----------
    flip : Tensor of bool, shape (N,)
        Images to mirror; only images whose side no label names may be.
    """
    scale = _uniform(generator, (count,), 0.82, 1.06)
    aspect = torch.exp(_uniform(generator, (count,), -0.08, 0.08))
    angle = _uniform(generator, (count,), -8.0, 8.0) * (math.pi / 180.0)
    room = (1.0 - scale).abs() * 0.8 + 0.03
    shift = _uniform(generator, (count, 2), -1.0, 1.0) * room[:, None]
    mirror = 1.0 - 2.0 * flip.float()
    cos, sin = torch.cos(angle), torch.sin(angle)
    rows = [
        torch.stack([scale * aspect * cos * mirror, -scale * aspect * sin, shift[:, 0]], dim=1),
        torch.stack([scale / aspect * sin * mirror, scale / aspect * cos, shift[:, 1]], dim=1),
    ]
    return torch.stack(rows, dim=1)


def warp(images: Tensor, affine: Tensor, size: int, *, border: bool) -> Tensor:
    """Resample (N, C, S, S) by the affine maps to (N, C, size, size), linear; outside: the edge or zero."""
    grid = F.affine_grid(affine, [images.shape[0], 1, size, size], align_corners=False)
    return F.grid_sample(images, grid, padding_mode="border" if border else "zeros", align_corners=False)


def blur(images: Tensor, sigma: Tensor) -> Tensor:
    """Blur each image (N, 1, H, W) with its own Gaussian (``sigma`` in pixels, at most about 1.6)."""
    offsets = torch.arange(-3.0, 4.0)
    kernels = torch.exp(-0.5 * (offsets[None] / sigma[:, None].clamp(min=0.05)) ** 2)
    kernels = kernels / kernels.sum(dim=1, keepdim=True)
    n = images.shape[0]
    stacked = F.pad(images.transpose(0, 1), (3, 3, 3, 3), mode="replicate")
    stacked = F.conv2d(stacked, kernels[:, None, None, :], groups=n)
    return F.conv2d(stacked, kernels[:, None, :, None], groups=n).transpose(0, 1)


def _dct_matrix() -> Tensor:
    k, n = torch.meshgrid(torch.arange(8.0), torch.arange(8.0), indexing="ij")
    matrix = torch.cos((2 * n + 1) * k * math.pi / 16) * 0.5
    matrix[0] /= math.sqrt(2.0)
    return matrix


def jpeg(images: Tensor, step: Tensor) -> Tensor:
    """Quantise 8x8 cosine blocks as JPEG does, coarser for higher frequencies.

    Parameters
    ----------
    images : Tensor, shape (N, 1, H, W)
        Values 0..1, H and W multiples of 8.
    step : Tensor, shape (N,)
        Quantisation step of the lowest frequency, in units of the value range.
    """
    n, _, h, w = images.shape
    matrix = _dct_matrix()
    blocks = images.view(n, h // 8, 8, w // 8, 8).transpose(2, 3)
    frequencies = torch.arange(8.0)
    table = step[:, None, None, None, None] * (1.0 + 0.6 * (frequencies[:, None] + frequencies[None]))
    coefficients = torch.round(matrix @ blocks @ matrix.T / table) * table
    return (matrix.T @ coefficients @ matrix).transpose(2, 3).reshape(n, 1, h, w)


def degrade(images: Tensor, generator: torch.Generator) -> Tensor:
    """Random sharpness, tone, compression and noise, drawn alike for every image.

    Parameters
    ----------
    images : Tensor of float32, shape (N, 1, H, W)
        Values 0..1.

    Returns
    -------
    Tensor, same shape, values 0..1
    """
    n = images.shape[0]
    images = blur(images, _uniform(generator, (n,), 0.0, 1.3))
    column = (n, 1, 1, 1)
    gamma = torch.exp(_uniform(generator, column, -0.35, 0.35))
    images = images.clamp(1e-4, 1.0) ** gamma
    images = (images - 0.5) * _uniform(generator, column, 0.75, 1.2) + 0.5 + _uniform(generator, column, -0.1, 0.1)
    compressed = torch.rand(n, generator=generator) < 0.4
    if compressed.any():
        chosen = compressed.nonzero()[:, 0]
        images = images.index_copy(0, chosen, jpeg(images[chosen], _uniform(generator, (len(chosen),), 0.005, 0.05)))
    noise = torch.randn(images.shape, generator=generator)
    return (images + noise * _uniform(generator, column, 0.0, 0.03)).clamp(0.0, 1.0)
