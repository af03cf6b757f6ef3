"""From a feature's patch map to a coloured, transparent picture that lies exactly on the image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QColor, QImage

from engine.inference.analysis import FeatureMap
from engine.inference.attribution import upsample
from engine.inference.heat_scale import FULL_SCALE, THRESHOLD, strength

LONGEST = 512
"""Longest side of a map's raster; patches are much larger than its pixels, and the painter smooths the rest."""

STEPS = 4095
"""Steps of the scale: so fine that none shows, even where the colour fades in behind a high threshold."""

_SHARE_OF_STEP = (np.arange(STEPS + 1, dtype=np.float32) / np.float32(STEPS)) ** 2


@dataclass(frozen=True, eq=False)
class DensityMap:
    """Where a feature, or several together, were read from, on a grid that covers the whole image.

    Attributes
    ----------
    density : ndarray of float32, shape (height, width)
        Contribution a unit of image area; 1 is a typical activation of the feature spread evenly over the patch grid.
    steps : ndarray of uint16, shape (height, width)
        The root of its share of the full scale in `STEPS` steps, which is what the opacity goes by: painting looks each
        step up in a table, so that a person who drags the threshold waits for no arithmetic on whole maps.
    unit : float
        Contribution of one patch that counts as density 1.
    """

    density: npt.NDArray[np.float32]
    steps: npt.NDArray[np.uint16]
    method: str
    unit: float


def density_map(feature_map: FeatureMap, rows: int, columns: int, unit: float) -> DensityMap:
    """Upsample a patch map over an image of `rows` by `columns` pixels.

    Parameters
    ----------
    unit : float
        Contribution that counts as density 1 (`engine.inference.heat_scale.density_unit`).

    Notes
    -----
    The raster has the image's aspect ratio and at most `LONGEST` pixels a side; the box of the patch grid is scaled
    with it, so nothing moves.
    """
    shrink = min(1.0, LONGEST / max(rows, columns))
    height, width = max(1, round(rows * shrink)), max(1, round(columns * shrink))
    left, top, right, bottom = feature_map.box
    x, y = width / columns, height / rows
    small = replace(feature_map, box=(left * x, top * y, right * x, bottom * y))
    density = upsample(small, height, width) / np.float32(unit)
    return DensityMap(density, _steps(density), feature_map.method, unit)


def sum_maps(maps: Sequence[DensityMap]) -> DensityMap:
    """Add the contributions of features that say the same thing.

    The sum's unit is the sum of theirs: density 1 is all of their typical activations spread evenly, so that eight maps
    together reach the end of the fixed scale no sooner than one.

    Raises
    ------
    ValueError
        Without a map, or with maps of different images.
    """
    if len({made.density.shape for made in maps}) != 1:
        raise ValueError("maps of one image are needed")
    if len(maps) == 1:
        return maps[0]
    unit = sum(made.unit for made in maps)
    density = np.zeros_like(maps[0].density)
    for made in maps:
        density += made.density * np.float32(made.unit / unit)
    return DensityMap(density, _steps(density), maps[0].method, unit)


def _steps(density: npt.NDArray[np.float32]) -> npt.NDArray[np.uint16]:
    share = np.clip(density / np.float32(FULL_SCALE), 0.0, 1.0)
    steps: npt.NDArray[np.uint16] = np.rint(np.float32(STEPS) * np.sqrt(share)).astype(np.uint16)
    return steps


@dataclass(frozen=True, eq=False)
class Painted:
    """A map with its look.

    Attributes
    ----------
    colour : str
        ``#rrggbb``.
    threshold : float
        Share of the full scale below which nothing is drawn.
    opacity : float
        0..1, where the colour is full.
    """

    density: DensityMap
    colour: str
    threshold: float = THRESHOLD
    opacity: float = 1.0


def paint_density(one: Painted) -> QImage:
    """Return the map as a picture: one colour, background fully transparent.

    Raises
    ------
    ValueError
        If its colour is not a colour.
    """
    table = np.zeros(STEPS + 1, dtype=np.uint32)
    opaque = _opacity_of_step(one)
    for shift, value in zip(_SHIFTS, (255, *_rgb(one.colour)), strict=True):
        table |= np.rint(opaque * np.float32(value)).astype(np.uint32) << np.uint32(shift)
    return _picture(np.take(table, one.density.steps))


def blend_densities(maps: Sequence[Painted]) -> QImage:
    """Return several maps, each with its colour, as one picture in which none covers another.

    A place has the mean of the colours, weighted by the squared opacities there, and the largest opacity: what a single
    map would have, so that the scale stays fixed. A map below its threshold has no weight; weights fade in where the
    opacity does, so that no line is drawn that is not in the maps.

    Raises
    ------
    ValueError
        Without a map, or if a colour is none.
    """
    if not maps:
        raise ValueError("a map is needed")
    if len(maps) == 1:
        return paint_density(maps[0])
    shape = maps[0].density.steps.shape
    alpha = np.zeros(shape, dtype=np.float32)
    total = np.full(shape, np.float32(1e-12))
    channels = np.zeros((3, *shape), dtype=np.float32)
    for one in maps:
        opaque = np.take(_opacity_of_step(one), one.density.steps)
        np.maximum(alpha, opaque, out=alpha)
        weight = np.square(opaque)
        total += weight
        for number, value in enumerate(_rgb(one.colour)):
            channels[number] += weight * np.float32(value)
    share = alpha / total
    pixels = np.rint(alpha * np.float32(255)).astype(np.uint32) << np.uint32(_SHIFTS[0])
    for channel, shift in zip(channels, _SHIFTS[1:], strict=True):
        pixels |= np.rint(channel * share).astype(np.uint32) << np.uint32(shift)
    return _picture(pixels)


_SHIFTS = (24, 16, 8, 0)


def _opacity_of_step(one: Painted) -> npt.NDArray[np.float32]:
    return np.float32(one.opacity) * strength(np.float32(FULL_SCALE) * _SHARE_OF_STEP, one.threshold)


def _rgb(colour: str) -> tuple[int, int, int]:
    rgb = QColor(colour)
    if not rgb.isValid():
        raise ValueError(f"{colour!r} is not a colour")
    return rgb.red(), rgb.green(), rgb.blue()


def _picture(pixels: npt.NDArray[np.uint32]) -> QImage:
    height, width = pixels.shape
    return QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied).copy()
