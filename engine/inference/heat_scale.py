"""The one fixed scale of heat maps, in the viewer, the PDF and every picture: from a contribution to an opacity.

A map's density is 1 where the feature's typical activation, spread evenly over the patches, would put it. The colour
says which feature, the opacity how strongly a place speaks for it; the scale never changes, so images can be compared.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

PALETTE: tuple[str, ...] = (
    "#ff9f1c",
    "#2ec4ff",
    "#ff5d8f",
    "#7bed5c",
    "#c792ff",
    "#ffe45e",
    "#3ddcc0",
    "#ff7f50",
)
"""Colours told apart on a grey image, also with the common colour-vision deficiencies."""

FULL_SCALE = 150.0
"""Density at which the colour is full: about what half of the findings' maps reach at their strongest place."""

THRESHOLD = 0.1
"""Share of the full scale below which nothing is drawn, unless a person chooses another."""

OPACITY = 0.6
"""Opacity of a full colour, unless a person chooses another: the image stays visible beneath."""

SOFT_EDGE = 0.06
"""Share of the full scale over which the colour fades in, so that the threshold draws no line of its own."""


def density_unit(typical: float, activation: float, patches: int) -> float:
    """Contribution of one patch that counts as density 1.

    Parameters
    ----------
    typical : float
        The feature's median activation over the training images; 0 when not known, then ``activation`` stands in.
    activation : float
        The activation in this image.
    patches : int
        Patches of the map.
    """
    return max(typical or activation, 1e-6) / patches


def strength(density: npt.NDArray[np.float32], threshold: float = THRESHOLD) -> npt.NDArray[np.float32]:
    """Opacity of the colour, 0..1: zero up to the threshold, full at the fixed end of the scale.

    The square root makes a quarter of the full scale well visible on a grey image.
    """
    share = np.clip(density / np.float32(FULL_SCALE), 0.0, 1.0)
    fade = np.clip((share - np.float32(threshold)) / np.float32(SOFT_EDGE), 0.0, 1.0)
    opaque: npt.NDArray[np.float32] = np.sqrt(share * fade).astype(np.float32)
    return opaque
