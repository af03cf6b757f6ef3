"""Heat maps of class-token features: exact sums over the patches in the last block, or by occlusion (design §6).

Last block (pre-norm, LayerScale), rows x_j with row 0 the class token, and the tail (`engine.inference.tail`)::

    c_j = λ1 * W_O concat_h(A_0j^h (v_j^h - v̄^h))    message of token j to the class token, beyond an average patch's
    y   = x_0 + λ1 * (b_O + W_O concat_h(v̄^h)) + Σ_j c_j

v̄ is the mean value over the image's patches. A row of attention sums to 1, so any v̄ leaves y as it is; without it
every patch is credited with what all patches say alike, and a map is mostly a picture of the attention.

`messages` reads a pre-activation as a sum of messages with σ of the final norm as measured; the MLP's share stays in
the remainder.
`integrated` shares out the MLP and the norms too, by integrating the gradient of the one-token tail along the path from
the average patch's message to all of them (integrated gradients, Sundararajan et al. 2017; complete by construction).
`occlusion` asks the whole encoder instead, so that what earlier blocks mixed counts where it came from; it takes a run
of the encoder for every window (`engine.inference.occlusion`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from engine.errors import InferenceError
from engine.inference.analysis import FeatureMap
from engine.inference.tail import Tail
from engine.pack.arrays import SaeRows

Floats = npt.NDArray[np.float64]
Method = Literal["messages", "integrated", "occlusion"]
METHOD_TITLES: dict[Method, str] = {
    "messages": "class-token messages, last block",
    "integrated": "integrated gradients, last block and MLP",
    "occlusion": "occlusion, whole encoder",
}
DEFAULT_METHOD: Method = "messages"
GAUSS_LEGENDRE_NODES = 16
CLOSURE_TOLERANCE = 1e-3


@dataclass(frozen=True, eq=False)
class Contributions:
    """Shares of K features' pre-activations.

    Attributes
    ----------
    patches : ndarray of float64, shape (K, P)
        Share of each patch.
    remainder : ndarray of float64, shape (K,)
        All other shares (class token, biases, an average patch, and with `messages` the MLP). The exact methods compute
        it on its own: that patches.sum(1) + remainder is the pre-activation proves them. With occlusion it is what is
        left over, and proves nothing.
    """

    patches: Floats
    remainder: Floats


class LastBlock:
    """What the last block did to one image, from the encoder's outputs.

    Parameters
    ----------
    tail : Tail
        Of the same encoder.
    attn_cls : ndarray, shape (heads, P + 1)
    v_last : ndarray, shape (P + 1, heads, D / heads)
    x0_last : ndarray, shape (D,)
    centred : bool
        False takes v̄ = 0: messages as such, for comparison.
    """

    def __init__(
        self,
        tail: Tail,
        attn_cls: npt.NDArray[np.floating],
        v_last: npt.NDArray[np.floating],
        x0_last: npt.NDArray[np.floating],
        *,
        centred: bool = True,
    ) -> None:
        self._tail = tail
        self._attention: Floats = attn_cls.astype(np.float64)[:, :, None]  # (heads, P + 1, 1)
        self._values: Floats = v_last.astype(np.float64).swapaxes(0, 1)  # (heads, P + 1, D / heads)
        average = self._values[:, 1:].mean(axis=1, keepdims=True)
        self._average: Floats = average if centred else np.zeros_like(average)
        alike = (self._attention.sum(axis=1, keepdims=True) * self._average).ravel()
        heads = (self._attention.swapaxes(1, 2) @ self._values).ravel() - alike
        self._start: Floats = x0_last.astype(np.float64) + tail.b_out + tail.w_out @ alike
        self._message: Floats = tail.w_out @ heads

    def messages(self, rows: SaeRows) -> Contributions:
        """Split by messages with the norm's σ as measured (variant A)."""
        direction, rest = self._tail.frozen(self._start + self._message, rows)
        shares = self._shares(direction)
        return Contributions(shares[:, 1:], direction @ self._start + rest + shares[:, 0])

    def integrated(self, rows: SaeRows) -> Contributions:
        """Split by integrated gradients of the tail along t ↦ start + t · message (variant C)."""
        nodes, weights = np.polynomial.legendre.leggauss(GAUSS_LEGENDRE_NODES)
        points = self._start + (nodes[:, None] + 1.0) / 2.0 * self._message
        shares = self._shares(self._tail.mean_gradient(points, weights / 2.0, rows))
        return Contributions(shares[:, 1:], self._tail.preactivations(self._start, rows) + shares[:, 0])

    def _shares(self, direction: Floats) -> Floats:
        """direction_k · c_j for every feature and token: (K, P + 1); no message is ever formed."""
        heads, _, width = self._values.shape
        asked = (direction @ self._tail.w_out).reshape(-1, heads, width).transpose(1, 2, 0)  # (heads, width, K)
        said = self._attention * (self._values @ asked - self._average @ asked)
        shares: Floats = said.sum(axis=0).T
        return shares


def feature_maps(
    shares: Contributions,
    ids: Sequence[int],
    preactivation: npt.NDArray[np.float64],
    *,
    grid: tuple[int, int],
    box: tuple[float, float, float, float],
    method: Method,
) -> dict[int, FeatureMap]:
    """Build the maps of many features of one image at once.

    Parameters
    ----------
    ids : sequence of int
        K features, in the order of the shares.
    preactivation : ndarray, shape (K,)
        w_enc (x - b_dec) + b_enc of the class token the encoder gave.
    grid : tuple of int
        (patch_rows, patch_columns).
    box : tuple of float
        Where the grid lies on the image (`engine.inference.preprocess.source_box`).
    method : str
        How the shares were computed.

    Raises
    ------
    InferenceError
        ``MAP_NOT_EXACT`` when shares and pre-activation differ: the tail does not belong to this encoder.
    """
    total = shares.patches.sum(axis=1) + shares.remainder
    scale = 1.0 + np.abs(shares.patches).sum(axis=1) + np.abs(shares.remainder)
    if total.size and float((np.abs(total - preactivation) / scale).max()) > CLOSURE_TOLERANCE:
        raise InferenceError(
            "MAP_NOT_EXACT",
            "the heat maps do not add up to the features' activations",
            "the pack's tail.safetensors does not fit its encoder; get the pack again",
        )
    title = METHOD_TITLES[method]
    return {
        ident: FeatureMap(ident, values.reshape(grid).astype(np.float32), float(z), float(rest), title, box)
        for ident, values, z, rest in zip(ids, shares.patches, preactivation, shares.remainder, strict=True)
    }


def upsample(feature_map: FeatureMap, rows: int, columns: int) -> npt.NDArray[np.float32]:
    """Lay a map over its image: cubic B-spline over the patches, edge patches repeated outwards, 0 outside the box.

    A finding that lies between patches warms all of them; the spline's peak then lies between them too, where linear
    interpolation always has it at one patch's centre. The weights are positive and sum to 1: nothing overshoots.

    Parameters
    ----------
    rows, columns : int
        Size of the image in pixels.

    Returns
    -------
    ndarray of float32, shape (rows, columns)
    """
    left, top, right, bottom = feature_map.box
    down = _interpolation(rows, feature_map.values.shape[0], top, bottom)
    across = _interpolation(columns, feature_map.values.shape[1], left, right)
    return down @ feature_map.values.astype(np.float32) @ across.T


def _interpolation(pixels: int, patches: int, start: float, stop: float) -> npt.NDArray[np.float32]:
    """Matrix (pixels, patches) of B-spline weights; patch i is centred at start + (i + ½)(stop - start) / patches."""
    centres = np.arange(pixels) + 0.5
    inside = np.flatnonzero((centres > start) & (centres < stop))
    position = (centres[inside] - start) / (stop - start) * patches - 0.5
    lower = np.floor(position).astype(np.intp)
    t = position - lower
    pieces = ((1.0 - t) ** 3, 3.0 * t**3 - 6.0 * t**2 + 4.0, 1.0 + 3.0 * t * (1.0 + t - t**2), t**3)
    weights = np.zeros((pixels, patches), dtype=np.float32)
    for offset, piece in zip((-1, 0, 1, 2), pieces, strict=True):
        np.add.at(weights, (inside, np.clip(lower + offset, 0, patches - 1)), (piece / 6.0).astype(np.float32))
    return weights
