"""What features cost beside the encoder: the autoencoder, and the heat maps of all active features."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import numpy.typing as npt

from engine.inference.attribution import LastBlock, Method, feature_maps
from engine.inference.runtime import load_session, run_session
from engine.inference.tail import Tail
from engine.pack.arrays import SaeRows
from training.sae.folded import FoldedSae

FloatArray = npt.NDArray[np.float32]
ACTIVE = 15
"""Features of an image: what SAE-Rad reports."""
LAST_BLOCK_METHODS: tuple[Method, ...] = ("messages", "integrated")


def random_sae(token: FloatArray, n_features: int, seed: int) -> FoldedSae:
    """Return an autoencoder with random weights of which `ACTIVE` features fire for this class token, shape (D,)."""
    rng = np.random.default_rng(seed)
    weights = rng.standard_normal((n_features, token.size), dtype=np.float32) / np.float32(np.sqrt(token.size))
    z = weights @ token
    threshold = np.full(n_features, np.partition(z, -ACTIVE - 1)[-ACTIVE - 1], dtype=np.float32)
    zeros = np.zeros(n_features, dtype=np.float32)
    return FoldedSae(weights, zeros, threshold, np.zeros(token.size, dtype=np.float32), weights)


def feature_calls(
    sae: FoldedSae, tail: Tail, output: Mapping[str, FloatArray], grid: tuple[int, int], threads: int
) -> dict[str, Callable[[], int]]:
    """Return, by method, what goes from an encoder's outputs to the maps of all active features; it counts the maps.

    Parameters
    ----------
    output : mapping of str to ndarray
        Of one image: ``class_token``, ``attn_cls``, ``v_last``, ``x0_last``.
    """
    session, _ = load_session(sae.to_onnx().SerializeToString(), "sae.onnx", "cpu", threads)
    token = output["class_token"]
    side = float(max(grid))

    def call(method: Method) -> int:
        (activations,) = run_session(session, ["activations"], {"class_token": token})
        rows = _rows(sae, np.flatnonzero(activations[0] > 0.0))
        z = rows.w_enc.astype(np.float64) @ (token[0].astype(np.float64) - rows.b_dec) + rows.b_enc
        block = LastBlock(tail, output["attn_cls"][0], output["v_last"][0], output["x0_last"][0])
        shares = block.messages(rows) if method == "messages" else block.integrated(rows)
        return len(feature_maps(shares, rows.ids, z, grid=grid, box=(0.0, 0.0, side, side), method=method))

    return {method: partial(call, method) for method in LAST_BLOCK_METHODS}


def _rows(sae: FoldedSae, ids: npt.NDArray[np.intp]) -> SaeRows:
    part = sae.pick(ids)
    return SaeRows(tuple(ids.tolist()), part.w_enc, part.b_enc, part.threshold, part.w_dec, part.b_dec)
