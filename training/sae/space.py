"""The space of activations that an autoencoder is trained in."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

FLOOR = 1e-3
"""Least variance of a direction, as a share of the mean variance."""


@dataclass(frozen=True)
class Space:
    """The space a model is trained in: ``u = (x - centre) forward``, with a symmetric matrix and its inverse.

    Class tokens of a supervised encoder lie mostly along a few directions, and a plain squared error would spend the
    dictionary on these. Shrinking every principal direction by a power of its deviation gives rarer ones their say:
    exponent 0 only scales, 1 whitens. The deviations may be those of reference tokens: of normal images, for example,
    whose variety is not what the features are wanted for.
    """

    centre: Tensor
    forward: Tensor
    inverse: Tensor
    factor: float | None = None
    """The scale, where the matrix is nothing else: entering the space then needs no product."""

    @classmethod
    def fit(cls, tokens: Tensor, exponent: float, reference: Tensor | None = None) -> Space:
        """Return the space in which the mean squared length of a token is its dimension."""
        centre = tokens.mean(0)
        x = (tokens if reference is None else reference).double()
        x = x - x.mean(0)
        values, vectors = torch.linalg.eigh(x.T @ x / len(x))
        # Directions with next to no variance hold rounding, not information: they are not blown up.
        shrink = values.clamp_min(FLOOR * float(values.mean())).pow(-0.5 * exponent)
        projected = ((tokens - centre).double() @ vectors) * shrink
        length = float(projected.square().sum(1).mean() / len(values)) ** 0.5
        forward = (vectors * (shrink / max(length, 1e-12))) @ vectors.T
        inverse = (vectors * (max(length, 1e-12) / shrink)) @ vectors.T
        return cls(centre, forward.float(), inverse.float())

    @classmethod
    def scaled(cls, tokens: Tensor) -> Space:
        """Return the space that only centres and scales."""
        centre = tokens.double().mean(0)
        length = float((tokens.double() - centre).square().sum(1).mean() / tokens.shape[1]) ** 0.5
        return cls.of_factor(centre.float(), 1.0 / max(length, 1e-12))

    @classmethod
    def of_factor(cls, centre: Tensor, factor: float) -> Space:
        """Return the space with this centre and scale."""
        one = torch.eye(len(centre), device=centre.device)
        return cls(centre, one * factor, one / factor, factor)

    def enter(self, tokens: Tensor) -> Tensor:
        """Return class tokens in this space."""
        centred = tokens - self.centre
        return centred @ self.forward if self.factor is None else centred.mul_(self.factor)


def geometric_median(points: Tensor, iterations: int = 50) -> Tensor:
    """Return the point with the least summed distance to `points` (Weiszfeld's iteration)."""
    median = points.mean(0)
    for _ in range(iterations):
        weight = 1.0 / (points - median).norm(dim=1).clamp_min(1e-6)
        median = (weight[:, None] * points).sum(0) / weight.sum()
    return median
