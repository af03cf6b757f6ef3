"""Losses that make any direction of the class token point at what it speaks of, not only the heads' own.

A sparse autoencoder chooses its directions itself. Their heat maps can only be trusted when the class token differs
between images by findings and not by style, when a finding's message comes from its own patches, and when patches
without a finding send nothing along any of these directions.
"""

from __future__ import annotations

import torch
from torch import Tensor

COVERED = 0.25
"""Share of a patch that a finding must cover somewhere to be pointed at."""


def half_hits(shares: Tensor) -> Tensor:
    """Return covered shares of patches, 0..1, with a patch that the finding only grazes as half a hit."""
    return (shares * 2.0).clamp(max=1.0)


def pointing_loss(contributions: Tensor, places: Tensor, sharpness: Tensor) -> Tensor:
    """Return the cross-entropy that the largest contributions of maps lie on their findings.

    Parameters
    ----------
    contributions, places : Tensor, shape (M, P)
        Maps of findings that are there, and the share of each patch that they cover.
    sharpness : Tensor, scalar
        Maps of any size count alike: the scale is that of the map itself.
    """
    if not len(contributions):
        return contributions.sum() * 0.0
    s = contributions / (contributions.detach().std(dim=1, keepdim=True) + 1e-4) * sharpness
    share = (torch.softmax(s, dim=1) * half_hits(places)).sum(dim=1)
    return -torch.log(share + 1e-4).mean()


def quiet_loss(contributions: Tensor, places: Tensor, known: Tensor) -> Tensor:
    """Return the energy that maps have off their findings, as a share of what a finding's map has on it.

    Parameters
    ----------
    contributions, places : Tensor, shape (N, K, P)
        Maps of all outputs, and where each finding lies: nowhere, where it is absent.
    known : Tensor of bool, shape (N, K)
        Maps of which this is known.
    """
    energy = contributions.square() * known[:, :, None]
    on = half_hits(places)
    there = (places.amax(dim=2) > COVERED) & known
    if not there.any():
        return contributions.sum() * 0.0
    # A ratio with both of its terms alive: otherwise maps that vanish altogether would be the quietest.
    signal = (energy * on).sum(dim=2)[there].mean()
    return (energy * (1.0 - on)).sum() / known.sum() / (signal + 1e-6)


def own_direction_loss(token: Tensor, message_tokens: Tensor, places: Tensor, known: Tensor) -> Tensor:
    """Return the pointing loss of the directions in which a batch's class tokens differ from each other.

    Parameters
    ----------
    token : Tensor, shape (N, D)
        Class tokens; the directions themselves get no gradient.
    message_tokens : Tensor, shape (N, P, D)
        Share of each patch's message in its image's class token.
    places : Tensor, shape (N, P)
        Share of each patch covered by any finding.
    known : Tensor of bool, shape (N,)
    """
    chosen = (places.amax(dim=1) > COVERED) & known
    if not chosen.any():
        return message_tokens.sum() * 0.0
    fixed = token.detach()
    terms = []
    # From the mean of the batch, and from its neighbours in the batch.
    for other in (fixed.mean(dim=0, keepdim=True), fixed.roll(1, dims=0), fixed.roll(2, dims=0)):
        maps = torch.einsum("npd,nd->np", message_tokens[chosen], (fixed - other)[chosen])
        terms.append(pointing_loss(maps, places[chosen], maps.new_tensor(3.0)))
    return torch.stack(terms).mean()


def composition_loss(token: Tensor, composed: Tensor) -> Tensor:
    """Return the share of the class tokens' variance that is not the sum of their findings' own vectors.

    Parameters
    ----------
    token, composed : Tensor, shape (N, D)
        Class tokens and the sums; only their deviations from the batch's mean count.
    """
    offset = token - token.mean(dim=0, keepdim=True)
    rest = offset - (composed - composed.mean(dim=0, keepdim=True))
    return rest.square().mean() / (offset.square().mean() + 1e-6)


def spread_loss(vectors: Tensor) -> Tensor:
    """Return how far findings' own vectors (K, D) are from being orthogonal and of one length.

    A dictionary leaves out what adds little to the squared length of a token, and cannot tell apart what points the
    same way.
    """
    length = vectors.norm(dim=1)
    directions = vectors / (length[:, None] + 1e-6)
    cosines = (directions @ directions.T).square()
    off = (cosines.sum() - cosines.diagonal().sum()) / max(len(vectors) * (len(vectors) - 1), 1)
    uneven = (length / (length.mean() + 1e-6) - 1.0).square().mean()
    total: Tensor = off + uneven
    return total
