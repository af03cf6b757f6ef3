"""Absorption: a general label's latent that fails where a latent of a narrower label fires instead.

A sparse code saves a latent by letting "pneumonia" carry "opacity" along, and then the opacity latent is silent on
pneumonias (Chanin et al. 2024, arXiv 2409.14507). The check here is made with labels, not with ablations.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.report.vocabulary import PARENTS
from training.evaluation.sparse_probe import LatentScores, columns
from training.evaluation.store_labels import LabelledImages
from training.sae.metrics import Autoencoder


@dataclass(frozen=True)
class Absorption:
    """One pair of labels on held-out images with the parent label.

    Attributes
    ----------
    parent, child : str
    parent_latent, child_latent : int
        The latents that most speak for either, on training images.
    where_child_fires, elsewhere : float
        Share of the images on which the parent's latent is silent, among those where the child's latent fires and the
        child is present, and among the others; NaN where there are none.
    images, others : int
        How many these are.
    """

    parent: str
    child: str
    parent_latent: int
    child_latent: int
    where_child_fires: float
    elsewhere: float
    images: int
    others: int


def absorption(sae: Autoencoder, scores: LatentScores, images: LabelledImages) -> list[Absorption]:
    """Check every pair of labels of which one implies the other and both are common enough."""
    found = []
    for child, parent in PARENTS.items():
        if child not in images.names or parent not in images.names:
            continue
        c, p = images.names.index(child), images.names.index(parent)
        latents = np.array([scores.speaking(p), scores.speaking(c)])
        fires = columns(sae, images.held_out.tokens, latents) > 0
        general, narrow = images.held_out.truth[:, p], images.held_out.truth[:, c]
        instead = general & narrow & fires[:, 1]
        others = general & ~instead
        found.append(
            Absorption(
                parent=parent,
                child=child,
                parent_latent=int(latents[0]),
                child_latent=int(latents[1]),
                where_child_fires=_share(~fires[:, 0], instead),
                elsewhere=_share(~fires[:, 0], others),
                images=int(instead.sum()),
                others=int(others.sum()),
            )
        )
    return found


def _share(what: npt.NDArray[np.bool_], among: npt.NDArray[np.bool_]) -> float:
    return float(what[among].mean()) if among.any() else float("nan")
