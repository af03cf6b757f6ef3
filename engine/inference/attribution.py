"""Heat maps: which patches the class token read a feature from, as an exact sum (design §6).

Last block (pre-norm, LayerScale), rows x_j with row 0 the class token, and the final norm::

    c_j = λ1 * W_O concat_h(A_0j^h (v_j^h - v̄^h))    message of token j to the class token, beyond an average patch's
    y   = x_0 + λ1 * (b_O + W_O concat_h(v̄^h)) + Σ_j c_j
    z   = y + λ2 * MLP(LN2(y)),    e = γ * (z - mean z) / σ + β
    p_f = w_f · (e - b_dec) + b_f

v̄ is the mean value over the image's patches. A row of attention sums to 1, so any v̄ leaves y as it is; without it
every patch is credited with what all patches say alike, and a map is mostly a picture of the attention.

`messages` reads p_f as a sum of messages with σ as measured; the MLP's share stays in the remainder.
`integrated` shares out the MLP and the norms too, by integrating the gradient of the one-token tail along the path from
the average patch's message to all of them (integrated gradients, Sundararajan et al. 2017; complete by construction).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from engine.errors import InferenceError
from engine.inference.analysis import FeatureMap
from engine.pack.arrays import SaeRows

Floats = npt.NDArray[np.float64]
Method = Literal["messages", "integrated"]
METHOD_TITLES: dict[Method, str] = {
    "messages": "class-token messages, last block",
    "integrated": "class-token messages, last block, with MLP (integrated gradients)",
}
GAUSS_LEGENDRE_NODES = 16
CLOSURE_TOLERANCE = 1e-3


@dataclass(frozen=True, eq=False)
class Contributions:
    """Exact shares of K features' pre-activations.

    Attributes
    ----------
    patches : ndarray of float64, shape (K, P)
        Share of each patch.
    remainder : ndarray of float64, shape (K,)
        All other shares (class token, biases, an average patch, and with `messages` the MLP), computed on its own and
        not as a difference: patches.sum(1) + remainder is the pre-activation.
    """

    patches: Floats
    remainder: Floats


class LastBlock:
    """What the last block did to one image, from the encoder's outputs and ``tail.safetensors``.

    Parameters
    ----------
    tail : mapping of str to ndarray
        As in ``tail.safetensors``.
    attn_cls : ndarray, shape (heads, P + 1)
    v_last : ndarray, shape (P + 1, heads, D / heads)
    x0_last : ndarray, shape (D,)
    eps : float
        Of the layer norms.
    centred : bool
        False takes v̄ = 0: messages as such, for comparison.
    """

    def __init__(
        self,
        tail: Mapping[str, npt.NDArray[np.float32]],
        attn_cls: npt.NDArray[np.floating],
        v_last: npt.NDArray[np.floating],
        x0_last: npt.NDArray[np.floating],
        eps: float,
        *,
        centred: bool = True,
    ) -> None:
        self._t = {name: value.astype(np.float64) for name, value in tail.items()}
        self._eps = eps
        attention, values = attn_cls.astype(np.float64).T[:, :, None], v_last.astype(np.float64)
        average = values[1:].mean(axis=0) if centred else np.zeros_like(values[0])
        self._heads: Floats = (attention * (values - average)).reshape(len(values), -1)
        """A_0j^h (v_j^h - v̄^h) of every token, heads side by side: (P + 1, D)."""
        constant = self._t["b_o"] + self._t["w_o"] @ (attention.sum(axis=0) * average).ravel()
        self._start: Floats = x0_last.astype(np.float64) + self._t["lambda1"] * constant
        self._message: Floats = self._t["lambda1"] * (self._t["w_o"] @ self._heads.sum(axis=0))
        self._y: Floats = self._start + self._message

    def preactivation(self, rows: SaeRows) -> Floats:
        """Pre-activations of the features, (K,), from this block's own arithmetic."""
        return self._tail(self._y, rows)

    def messages(self, rows: SaeRows) -> Contributions:
        """Split by messages with the norm's σ as measured (variant A)."""
        t = self._t
        z = self._y + self._mlp(self._y)
        sigma = math.sqrt(float(z.var()) + self._eps)
        direction = rows.w_enc.astype(np.float64) * t["norm_weight"] / sigma
        direction -= direction.mean(axis=1, keepdims=True)
        shares = self._shares(direction)
        constant = rows.w_enc.astype(np.float64) @ (t["norm_bias"] - rows.b_dec) + rows.b_enc
        rest = direction @ (self._start + self._mlp(self._y)) + constant
        return Contributions(shares[:, 1:], rest + shares[:, 0])

    def integrated(self, rows: SaeRows) -> Contributions:
        """Split by integrated gradients of the tail along t ↦ start + t · message (variant C)."""
        nodes, weights = np.polynomial.legendre.leggauss(GAUSS_LEGENDRE_NODES)
        gradient = np.zeros_like(rows.w_enc, dtype=np.float64)
        for node, weight in zip((nodes + 1.0) / 2.0, weights / 2.0, strict=True):
            gradient += weight * self._tail_gradient(self._start + node * self._message, rows)
        shares = self._shares(gradient)
        return Contributions(shares[:, 1:], self._tail(self._start, rows) + shares[:, 0])

    def _shares(self, direction: Floats) -> Floats:
        """direction_k · c_j for every feature and token: (K, P + 1); no message is ever formed."""
        return ((direction * self._t["lambda1"]) @ self._t["w_o"]) @ self._heads.T

    def _tail(self, y: Floats, rows: SaeRows) -> Floats:
        z = y + self._mlp(y)
        e = self._norm(z) * self._t["norm_weight"] + self._t["norm_bias"]
        return rows.w_enc.astype(np.float64) @ (e - rows.b_dec) + rows.b_enc

    def _tail_gradient(self, y: Floats, rows: SaeRows) -> Floats:
        """Gradient of every pre-activation with respect to y, (K, D)."""
        t, hidden = self._t, self._hidden(y)
        slope = _normal_cdf(hidden) + hidden * np.exp(-0.5 * hidden**2) / math.sqrt(2.0 * math.pi)
        z = y + self._mlp(y)
        at_z = self._norm_gradient(z, rows.w_enc.astype(np.float64) * t["norm_weight"])
        at_hidden = ((at_z * t["lambda2"]) @ t["fc2_weight"]) * slope
        return at_z + self._norm_gradient(y, (at_hidden @ t["fc1_weight"]) * t["ln2_weight"])

    def _mlp(self, y: Floats) -> Floats:
        t, hidden = self._t, self._hidden(y)
        out: Floats = t["lambda2"] * (t["fc2_weight"] @ (hidden * _normal_cdf(hidden)) + t["fc2_bias"])
        return out

    def _hidden(self, y: Floats) -> Floats:
        """Hidden layer of the MLP before its GELU, (M,)."""
        t = self._t
        out: Floats = t["fc1_weight"] @ (self._norm(y) * t["ln2_weight"] + t["ln2_bias"]) + t["fc1_bias"]
        return out

    def _norm(self, x: Floats) -> Floats:
        out: Floats = (x - x.mean()) / math.sqrt(float(x.var()) + self._eps)
        return out

    def _norm_gradient(self, x: Floats, upstream: Floats) -> Floats:
        """Pull gradients (K, D) back through (x - mean) / sqrt(var + eps)."""
        normed = self._norm(x)
        centred = upstream - upstream.mean(axis=1, keepdims=True)
        out: Floats = centred - np.outer(upstream @ normed / x.size, normed)
        return out / math.sqrt(float(x.var()) + self._eps)


def feature_maps(
    block: LastBlock,
    rows: SaeRows,
    preactivation: npt.NDArray[np.float64],
    *,
    grid: tuple[int, int],
    box: tuple[float, float, float, float],
    method: Method = "messages",
) -> dict[int, FeatureMap]:
    """Build the maps of many features of one image at once.

    Parameters
    ----------
    preactivation : ndarray, shape (K,)
        w_enc (x - b_dec) + b_enc of the class token the encoder gave.
    grid : tuple of int
        (patch_rows, patch_columns).
    box : tuple of float
        Where the grid lies on the image (`engine.inference.preprocess.source_box`).

    Raises
    ------
    InferenceError
        ``MAP_NOT_EXACT`` when shares and pre-activation differ: the tail does not belong to this encoder.
    """
    shares = block.messages(rows) if method == "messages" else block.integrated(rows)
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
        for ident, values, z, rest in zip(rows.ids, shares.patches, preactivation, shares.remainder, strict=True)
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


def _normal_cdf(x: Floats) -> Floats:
    """Φ(x) with the exact error function, which NumPy lacks; GELU(x) = x Φ(x)."""
    return np.array([0.5 * math.erfc(-value / math.sqrt(2.0)) for value in x.tolist()])
