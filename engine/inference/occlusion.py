"""Heat maps by occlusion: what a window of the image adds to a feature's pre-activation.

A window of patches moves over the image. What it adds is the mean of what is lost when it alone is blurred (Zeiler and
Fergus 2014), and of what is gained when it alone is sharp in a blurred copy of the image. The first misses evidence
that is there twice, the second what means something only beside the rest; they are the last and the first step of every
order in which the image can be put together, of which Shapley values are the mean.

The window's share is spread evenly over its patches, and a patch's share is the mean over all windows that cover it,
which are equally many for each patch. If patches acted apart from each other, their shares would add up to the
difference of the image and its blurred copy.

The whole encoder is asked, so nothing is assumed of it and what its earlier blocks mixed counts where it came from. The
price is two runs of the encoder for every window, and a map no finer than the windows.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from engine.inference.attribution import Contributions
from engine.pack.arrays import SaeRows

FloatArray = npt.NDArray[np.float32]
Encode = Callable[[FloatArray], FloatArray]
"""From pixel values (N, 3, H, W) to class tokens (N, D)."""
Tell = Callable[[float], None]
"""Told the share of the windows that is done; may raise to end the work."""

STEPS_A_SIDE = 8
"""A window moves by about this part of the grid's side, by a patch at least; it is two such steps wide."""
MOST_AT_ONCE = 8
PIXELS_AT_ONCE = 1 << 19
"""Windows are encoded together up to these numbers; a single large image is work enough for all cores."""

Window = tuple[slice, slice]


def occlusion(
    encode: Encode,
    pixels: FloatArray,
    rows: SaeRows,
    preactivation: npt.NDArray[np.float64],
    *,
    grid: tuple[int, int],
    tell: Tell = lambda share: None,
) -> Contributions:
    """Share out the pre-activations of K features by occlusion.

    Parameters
    ----------
    encode : callable
        The encoder that gave the class token.
    pixels : ndarray of float32, shape (1, 3, H, W)
        Its input.
    preactivation : ndarray of float64, shape (K,)
        Of the image as it is.
    grid : tuple of int
        (patch_rows, patch_columns); H and W are multiples of them.
    tell : callable, optional
        Called after each batch of windows.

    Returns
    -------
    Contributions
        Its remainder is the pre-activation less the sum of the shares.
    """
    places = windows(grid)
    veiled = blurred(pixels, blur_sigma(pixels, grid))

    def scores(inputs: FloatArray) -> npt.NDArray[np.float64]:
        offsets = encode(inputs).astype(np.float64) - rows.b_dec
        found: npt.NDArray[np.float64] = offsets @ rows.w_enc.T.astype(np.float64) + rows.b_enc
        return found

    nothing = scores(veiled)[0]
    total, cover = np.zeros((len(preactivation), *grid)), np.zeros(grid)
    at_once = max(1, min(MOST_AT_ONCE, PIXELS_AT_ONCE // pixels[0, 0].size))
    for first in range(0, len(places), at_once):
        batch = places[first : first + at_once]
        hidden, shown = (np.repeat(image, len(batch), axis=0) for image in (pixels, veiled))
        for one, other, window in zip(hidden, shown, batch, strict=True):
            area = _pixels(window, pixels, grid)
            one[area], other[area] = veiled[0][area], pixels[0][area]
        with_and_without = scores(np.concatenate([hidden, shown]))
        lost, gained = preactivation - with_and_without[: len(batch)], with_and_without[len(batch) :] - nothing
        for adds, window in zip((lost + gained) / 2.0, batch, strict=True):
            total[:, *window] += (adds / cover[window].size)[:, None, None]
            cover[window] += 1.0
        tell((first + len(batch)) / len(places))
    patches = (total / cover).reshape(len(preactivation), -1)
    return Contributions(patches, preactivation - patches.sum(axis=1))


def windows(grid: tuple[int, int]) -> list[Window]:
    """Return windows as (rows, columns) of the grid, cut off at its border; every patch lies in four of them."""
    return list(product(_spans(grid[0]), _spans(grid[1])))


def blur_sigma(pixels: FloatArray, grid: tuple[int, int]) -> float:
    """Return a window's width in pixels: a Gaussian of that deviation leaves nothing of what a window can hide."""
    width: int = pixels.shape[3]
    return 2.0 * _step(grid[1]) * width / grid[1]


def blurred(pixels: FloatArray, sigma: float) -> FloatArray:
    """Smooth each channel of (1, 3, H, W) by a Gaussian of `sigma` pixels; the edge is repeated outwards."""
    planes = [
        sitk.GetArrayFromImage(sitk.SmoothingRecursiveGaussian(sitk.GetImageFromArray(p), sigma)) for p in pixels[0]
    ]
    return np.stack(planes)[None].astype(np.float32)


def _pixels(window: Window, pixels: FloatArray, grid: tuple[int, int]) -> tuple[slice, slice, slice]:
    """Return where a window lies in one image of all channels."""
    down, across = (
        slice(span.start * (size // side), span.stop * (size // side))
        for span, size, side in zip(window, pixels.shape[2:], grid, strict=True)
    )
    return slice(None), down, across


def _step(side: int) -> int:
    return max(1, round(side / STEPS_A_SIDE))


def _spans(side: int) -> list[slice]:
    """Spans of two steps that begin a step apart, the first and the last cut off: each place lies in two of them."""
    step = _step(side)
    return [slice(max(0, start), min(side, start + 2 * step)) for start in range(-step, side, step)]
