"""What enters the products of an encoder on calibration radiographs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, helper

from engine.inference.runtime import load_session, run_session
from training.precision.graph import FloatArray

ROWS = 64
"""Tokens of each radiograph that are kept whole, evenly spread; the class token is the first."""


@dataclass(frozen=True, eq=False)
class Seen:
    """The values of one tensor of tokens.

    Attributes
    ----------
    low, high : ndarray of float32, shape (images, K)
        Least and greatest value of each channel over all tokens of an image.
    rows : ndarray of float32, shape (images, R, K)
        Some of the tokens.
    """

    low: FloatArray
    high: FloatArray
    rows: FloatArray

    @property
    def largest(self) -> FloatArray:
        """Largest absolute value of each channel, shape (K,)."""
        return np.asarray(np.maximum(np.abs(self.low), np.abs(self.high)).max(axis=0))


def observe(
    model: onnx.ModelProto, tensors: Collection[str], inputs: Sequence[FloatArray], threads: int
) -> tuple[dict[str, Seen], FloatArray]:
    """Run a graph in fp32 on each input (1, 3, H, W).

    Returns
    -------
    dict of str to Seen
        For each tensor (1, ..., K).
    ndarray of float32, shape (images, D)
        Class tokens.
    """
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    names = sorted(set(tensors))
    del copy.graph.output[:]
    copy.graph.output.extend(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("class_token", *names)
    )
    session, _ = load_session(copy.SerializeToString(), "encoder.onnx", "cpu", threads)
    tokens: list[FloatArray] = []
    parts: dict[str, list[tuple[FloatArray, FloatArray, FloatArray]]] = {name: [] for name in names}
    for pixels in inputs:
        token, *values = run_session(session, ["class_token", *names], {"pixel_values": pixels})
        tokens.append(token[0])
        for name, value in zip(names, values, strict=True):
            flat = value.reshape(-1, value.shape[-1])
            chosen = np.linspace(0, len(flat) - 1, min(ROWS, len(flat))).astype(int)
            parts[name].append((flat.min(axis=0), flat.max(axis=0), flat[chosen]))
    seen = {name: Seen(*(np.stack(kind) for kind in zip(*found, strict=True))) for name, found in parts.items()}
    return seen, np.stack(tokens)
