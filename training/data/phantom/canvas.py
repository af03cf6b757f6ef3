"""The sheet findings are drawn on: attenuation in units of the chest itself (aerated lung 0, mediastinum 1)."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from training.data.phantom.anatomy import Anatomy
from training.data.phantom.raster import grid, grow, smooth
from training.data.phantom.types import Bools, Floats

VISIBLE = 0.07
"""Least change of attenuation that counts as seen; several times the grain that is added afterwards."""


@dataclass
class Canvas:
    """A chest while findings are added to it.

    Attributes
    ----------
    attenuation : float32 [S, S]
        Logarithmic attenuation: what lies in the beam adds up, so findings are added, not pasted.
    anatomy : Anatomy
        Replaced when a finding changes the anatomy (an enlarged heart).
    taken : bool [S, S]
        Where earlier findings are; later ones that may be hidden there look for another place.
    """

    attenuation: Floats
    anatomy: Anatomy
    taken: Bools = field(init=False)

    def __post_init__(self) -> None:
        self.taken = np.zeros(self.attenuation.shape, np.bool_)
        self.x, self.y = grid(self.size)
        self._detail: Floats | None = None

    @property
    def detail(self) -> Floats:
        """Fine structure inside the lung fields, without the edges of heart and diaphragm; measured once."""
        if self._detail is None:
            inside = grow(self.anatomy.lungs, -0.01).astype(np.float32)
            mean = smooth(self.attenuation * inside, 0.012) / np.maximum(smooth(inside, 0.012), 0.05)
            deep = smooth(grow(self.anatomy.lungs, -0.035).astype(np.float32), 0.012)
            self._detail = np.asarray(deep * np.clip(self.attenuation - mean, -0.15, 0.15), np.float32)
        return self._detail

    @property
    def size(self) -> int:
        """Side in pixels."""
        return int(self.attenuation.shape[0])

    def add(self, change: Floats) -> Bools:
        """Add attenuation; returns where it is visible."""
        self.attenuation = self.attenuation + change
        return self.seen(np.abs(change))

    def fill(self, weight: Floats, level: float, share: float = 0.9) -> Floats:
        """Change that replaces air by matter as dense as `level` where weight is 1; bone shows through a little."""
        lacking = np.maximum(0, np.float32(level) - self.attenuation)
        return np.asarray(weight * (np.float32(share) * lacking + np.float32(0.45 * share) * self.detail), np.float32)

    def seen(self, strength: Floats) -> Bools:
        """Where a change of this strength is visible: above the grain and above a quarter of its own peak."""
        mask: Bools = strength > max(VISIBLE, 0.25 * float(np.quantile(strength[::2, ::2], 0.999)))
        return mask & self.anatomy.body

    def soft_tissue(self) -> float:
        """Attenuation of the heart, the measure for everything as dense as water."""
        return float(np.median(self.attenuation[self.anatomy.heart]))

    def lung_weight(self, mask: Bools, extra: float = 0.0, soft: float = 0.006) -> Floats:
        """A lung field as a weight with soft edges, optionally grown a little or shrunk."""
        return smooth(grow(mask, extra).astype(np.float32), soft)
