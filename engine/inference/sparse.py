"""The sparse code of one class token from the rows of its active features alone (design §6)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.errors import InferenceError
from engine.pack.arrays import SaeRows


def preactivations(
    token: npt.NDArray[np.float32], rows: SaeRows, activations: npt.NDArray[np.float32]
) -> npt.NDArray[np.float64]:
    """z = w_enc (x - b_dec) + b_enc, which must be what the SAE's graph gave for an active feature."""
    z: npt.NDArray[np.float64] = rows.w_enc.astype(np.float64) @ (token.astype(np.float64) - rows.b_dec) + rows.b_enc
    if z.size and float(np.abs(z - activations).max()) > 1e-3 * (1.0 + float(np.abs(z).max())):
        raise InferenceError(
            "SAE_MISMATCH", "sae.onnx and sae.safetensors of the pack disagree", "get the pack again from its publisher"
        )
    return z


def unexplained_share(token: npt.NDArray[np.float32], rows: SaeRows, activations: npt.NDArray[np.float32]) -> float:
    """|x - x_hat|² / |x - b_dec|² with x_hat from the active features alone."""
    offset = token.astype(np.float64) - rows.b_dec
    rest = offset - activations.astype(np.float64) @ rows.w_dec
    return float(rest @ rest) / max(float(offset @ offset), 1e-12)
