"""The last block after its attention and the final norm, for one token: values and gradients of pre-activations.

With y the class token after the last block's attention (design §6)::

    z = y + λ2 * MLP(LN2(y)),    e = γ * (z - mean z) / σ + β,    p_f = w_f · (e - b_dec) + b_f
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.pack.arrays import SaeRows

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Walk:
    """What the tail computes of T points on its way, one row a point.

    Attributes
    ----------
    at_y, at_z : ndarray of float64, shape (T, D)
        Normalised y and z, without the norms' weights.
    deviation_y, deviation_z : ndarray of float64, shape (T, 1)
        What these were divided by.
    hidden, phi : ndarray of float64, shape (T, M)
        Hidden layer before its GELU, and the normal distribution function of it.
    z : ndarray of float64, shape (T, D)
    """

    at_y: Floats
    deviation_y: Floats
    hidden: Floats
    phi: Floats
    z: Floats
    at_z: Floats
    deviation_z: Floats


class Tail:
    """A pack's tail, ready for many images.

    Parameters
    ----------
    tensors : mapping of str to ndarray
        As in ``tail.safetensors``.
    eps : float
        Of the layer norms.
    precision : dtype
        Of the products with the MLP's matrices, which are nearly all of the work: as the encoder computes them, or
        double for comparison. All else is double.
    """

    def __init__(
        self,
        tensors: Mapping[str, npt.NDArray[np.float32]],
        eps: float,
        precision: npt.DTypeLike = np.float32,
    ) -> None:
        t = {name: value.astype(np.float64) for name, value in tensors.items()}
        self._eps = eps
        self._to_hidden: npt.NDArray[Any] = (t["fc1_weight"] * t["ln2_weight"]).astype(precision)  # (M, D)
        self._hidden_bias: Floats = t["fc1_weight"] @ t["ln2_bias"] + t["fc1_bias"]
        self._from_hidden: npt.NDArray[Any] = (t["fc2_weight"] * t["lambda2"][:, None]).astype(precision)  # (D, M)
        self._mlp_bias: Floats = t["lambda2"] * t["fc2_bias"]
        self._norm_weight, self._norm_bias = t["norm_weight"], t["norm_bias"]
        self.w_out: Floats = t["w_o"] * t["lambda1"][:, None]
        """λ1 * W_O: from the heads side by side to what is added to the class token, (D, D)."""
        self.b_out: Floats = t["lambda1"] * t["b_o"]
        """λ1 * b_O, (D,)."""

    def preactivations(self, y: Floats, rows: SaeRows) -> Floats:
        """Return the pre-activations of the features at one point y of shape (D,), shape (K,)."""
        out: Floats = self._directions(rows) @ self._walk(y[None]).at_z[0] + self._constant(rows)
        return out

    def frozen(self, y: Floats, rows: SaeRows) -> tuple[Floats, Floats]:
        """Read the pre-activations as linear in z, with σ as it is at y.

        Returns
        -------
        ndarray of float64, shape (K, D)
            Directions d with p = d · (y + MLP) + rest.
        ndarray of float64, shape (K,)
            The MLP's share and the constants: p - d · y.
        """
        walk = self._walk(y[None])
        directions = _centred(self._directions(rows)) / walk.deviation_z[0, 0]
        return directions, directions @ (walk.z[0] - y) + self._constant(rows)

    def mean_gradient(self, points: Floats, weights: Floats, rows: SaeRows) -> Floats:
        """Return Σ_t weight_t · ∂p/∂y at point t, shape (K, D).

        Parameters
        ----------
        points : ndarray of float64, shape (T, D)
        weights : ndarray of float64, shape (T,)

        Notes
        -----
        A norm's gradient is the centred direction less its part along the normalised point, so a feature's gradients at
        T points lie in a space that K + T products with the MLP's matrices span: K · T are not needed.
        """
        walk, d = self._walk(points), points.shape[1]
        upstream = self._directions(rows)
        centred = _centred(upstream)
        by_z, by_y = weights / walk.deviation_z[:, 0], weights / walk.deviation_y[:, 0]
        along_z = upstream @ walk.at_z.T / d  # (K, T)
        slope = walk.phi + walk.hidden * np.exp(-0.5 * walk.hidden**2) / math.sqrt(2.0 * math.pi)
        back = _product(np.concatenate([centred, walk.at_z]), self._from_hidden)  # (K + T, M)
        features, points_z = back[: len(centred)], back[len(centred) :] * slope
        to_hidden = by_y / walk.deviation_z[:, 0]
        at_hidden = features * (to_hidden @ slope) - (along_z * to_hidden) @ points_z  # summed over the points: (K, M)
        own = walk.hidden - self._hidden_bias
        along_y = (features @ (slope * own).T - along_z * (points_z * own).sum(axis=1)) / walk.deviation_z[:, 0] / d
        skip: Floats = centred * by_z.sum() - (along_z * by_z) @ walk.at_z
        total: Floats = skip + _centred(_product(at_hidden, self._to_hidden)) - (along_y * by_y) @ walk.at_y
        return total

    def _walk(self, points: Floats) -> _Walk:
        at_y, deviation_y = self._norm(points)
        hidden = _product(at_y, self._to_hidden.T) + self._hidden_bias
        phi = _normal_cdf(hidden)
        z = points + _product(hidden * phi, self._from_hidden.T) + self._mlp_bias
        return _Walk(at_y, deviation_y, hidden, phi, z, *self._norm(z))

    def _norm(self, x: Floats) -> tuple[Floats, Floats]:
        deviation: Floats = np.sqrt(x.var(axis=1, keepdims=True) + self._eps)
        return _centred(x) / deviation, deviation

    def _directions(self, rows: SaeRows) -> Floats:
        """w_f * γ, (K, D)."""
        out: Floats = rows.w_enc.astype(np.float64) * self._norm_weight
        return out

    def _constant(self, rows: SaeRows) -> Floats:
        """w_f · (β - b_dec) + b_f, (K,)."""
        out: Floats = rows.w_enc.astype(np.float64) @ (self._norm_bias - rows.b_dec) + rows.b_enc
        return out


def _product(x: Floats, matrix: npt.NDArray[Any]) -> Floats:
    """Multiply in the matrix's precision."""
    out: Floats = (x.astype(matrix.dtype) @ matrix).astype(np.float64)
    return out


def _centred(x: Floats) -> Floats:
    out: Floats = x - x.mean(axis=1, keepdims=True)
    return out


def _normal_cdf(x: Floats) -> Floats:
    """Φ(x) with the exact error function, which NumPy lacks; GELU(x) = x Φ(x)."""
    scaled = (x * -math.sqrt(0.5)).ravel().tolist()
    return 0.5 * np.fromiter(map(math.erfc, scaled), np.float64, count=x.size).reshape(x.shape)
