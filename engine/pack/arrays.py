"""The arrays of a pack (safetensors): the SAE's rows by feature, the tail of the last block, the input gate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open

from engine.errors import PackError
from engine.pack.descriptor import descriptor_width
from engine.pack.manifest import Manifest

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class SaeRows:
    """The part of the SAE that some features need.

    Attributes
    ----------
    ids : tuple of int
        K feature ids.
    w_enc, w_dec : ndarray of float32, shape (K, D)
        Encoder and decoder rows of those features.
    b_enc, threshold : ndarray of float32, shape (K,)
    b_dec : ndarray of float32, shape (D,)
    """

    ids: tuple[int, ...]
    w_enc: FloatArray
    b_enc: FloatArray
    threshold: FloatArray
    w_dec: FloatArray
    b_dec: FloatArray


class SaeArrays:
    """``sae.safetensors``: z = w_enc (x - b_dec) + b_enc, f = z (z > threshold), x_hat = f w_dec + b_dec (design §6).

    Rows are read from the file as they are asked for; 49,152 features of 768 dimensions are 288 MiB.
    """

    def __init__(self, path: Path, manifest: Manifest) -> None:
        d, n = manifest.sae.d_model, manifest.sae.n_features
        self._file = _open(path)
        shapes = {"w_enc": (n, d), "w_dec": (n, d), "b_enc": (n,), "threshold": (n,), "b_dec": (d,)}
        _check_shapes(path, self._file, shapes)
        self._vectors = {name: _tensor(path, self._file, name) for name in ("b_enc", "threshold", "b_dec")}

    @property
    def b_dec(self) -> FloatArray:
        """Decoder bias, float32, shape (D,): the SAE's idea of an average class token."""
        return self._vectors["b_dec"]

    def rows(self, feature_ids: Sequence[int]) -> SaeRows:
        """Return the rows of these features, in this order."""
        ids = tuple(int(i) for i in feature_ids)
        wanted = np.asarray(ids, dtype=np.intp)
        return SaeRows(
            ids,
            self._matrix_rows("w_enc", ids),
            self._vectors["b_enc"][wanted],
            self._vectors["threshold"][wanted],
            self._matrix_rows("w_dec", ids),
            self.b_dec,
        )

    def _matrix_rows(self, name: str, ids: Sequence[int]) -> FloatArray:
        part = self._file.get_slice(name)
        result = np.empty((len(ids), self.b_dec.size), dtype=np.float32)
        for index, ident in enumerate(ids):
            result[index] = part[ident]
        return result


def load_tail(path: Path, manifest: Manifest) -> dict[str, FloatArray]:
    """Read ``tail.safetensors``: the last block after its attention, and the final norm; float32 by name.

    Raises
    ------
    PackError
        ``PACK_ARRAYS`` when a tensor is missing or has the wrong shape.
    """
    d = manifest.encoder.d_model
    with _open(path) as stream:
        if "fc1_weight" not in stream.keys():  # noqa: SIM118 - not a mapping
            raise _wrong(path, "has no fc1_weight")
        hidden = int(stream.get_slice("fc1_weight").get_shape()[0])
        shapes: dict[str, tuple[int, ...]] = {
            "w_o": (d, d),
            "fc1_weight": (hidden, d),
            "fc1_bias": (hidden,),
            "fc2_weight": (d, hidden),
        }
        vectors = ("b_o", "lambda1", "ln2_weight", "ln2_bias", "fc2_bias", "lambda2", "norm_weight", "norm_bias")
        shapes |= dict.fromkeys(vectors, (d,))
        _check_shapes(path, stream, shapes)
        return {name: _tensor(path, stream, name) for name in shapes}


@dataclass(frozen=True, eq=False)
class GateArrays:
    """``gate.safetensors``, fitted on the training images' descriptors of M numbers (:class:`GateSpec`).

    Attributes
    ----------
    mean : ndarray of float32, shape (K,)
        Of the projected descriptors.
    precision : ndarray of float32, shape (K, K)
        Inverse of their (regularised) covariance.
    frontal_weight : ndarray of float32, shape (M,), or None
        Logistic classifier "frontal chest radiograph" on the descriptor.
    frontal_bias : float
    projection : ndarray of float32, shape (K, M), or None
        Directions in which the distance is measured; None takes the descriptor as it is (K = M).
    """

    mean: FloatArray
    precision: FloatArray
    frontal_weight: FloatArray | None
    frontal_bias: float
    projection: FloatArray | None = None


def load_gate(path: Path, manifest: Manifest) -> GateArrays:
    """Read ``gate.safetensors``.

    Raises
    ------
    PackError
        ``PACK_ARRAYS`` when a tensor is missing or has the wrong shape.
    """
    width = descriptor_width(manifest.gate.descriptor, manifest.encoder.d_model)
    with _open(path) as stream:
        directions, projection = width, None
        if "projection" in stream.keys():  # noqa: SIM118 - not a mapping
            directions = int(stream.get_slice("projection").get_shape()[0])
            _check_shapes(path, stream, {"projection": (directions, width)})
            projection = _tensor(path, stream, "projection")
        _check_shapes(path, stream, {"mean": (directions,), "precision": (directions, directions)})
        weight, bias = None, 0.0
        if "frontal_weight" in stream.keys():  # noqa: SIM118 - not a mapping
            _check_shapes(path, stream, {"frontal_weight": (width,)})
            weight = _tensor(path, stream, "frontal_weight")
            bias = float(_tensor(path, stream, "frontal_bias").ravel()[0])
        mean, precision = _tensor(path, stream, "mean"), _tensor(path, stream, "precision")
        return GateArrays(mean, precision, weight, bias, projection)


def _open(path: Path) -> Any:
    try:
        return safe_open(str(path), framework="np")
    except (SafetensorError, OSError) as error:
        raise _wrong(path, f"is not a safetensors file ({error})") from error


def _check_shapes(path: Path, stream: Any, expected: Mapping[str, tuple[int, ...]]) -> None:
    present = set(stream.keys())
    for name, shape in expected.items():
        if name not in present:
            raise _wrong(path, f"has no {name}")
        part = stream.get_slice(name)
        if tuple(part.get_shape()) != shape or part.get_dtype() != "F32":
            raise _wrong(path, f"has {name} of {part.get_dtype()} {part.get_shape()}, not F32 {list(shape)}")


def _tensor(path: Path, stream: Any, name: str) -> FloatArray:
    try:
        value: FloatArray = stream.get_tensor(name)
    except SafetensorError as error:
        raise _wrong(path, f"has no {name}") from error
    if not np.isfinite(value).all():
        raise _wrong(path, f"holds numbers in {name} that are not finite")
    return value


def _wrong(path: Path, why: str) -> PackError:
    return PackError("PACK_ARRAYS", f"{path.name} {why}", "get the pack again from its publisher")
