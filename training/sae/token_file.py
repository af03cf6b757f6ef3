"""Activations in one file: `.npy`, or `.safetensors` with one matrix in it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from engine.errors import SaeRadError
from training.activations.stream import ArrayStream, FloatArray


@dataclass(frozen=True, eq=False)
class TokenFile:
    """Activations split into what is trained on and what is held out.

    Attributes
    ----------
    train, held_out : ndarray of float32, shapes (N, d_model) and (M, d_model)
    identity : dict
        JSON values that name the file's content and the split.
    """

    train: FloatArray
    held_out: FloatArray
    identity: dict[str, Any]

    @property
    def rows(self) -> int:
        """Tokens to train on."""
        return len(self.train)

    @property
    def d_model(self) -> int:
        """Width of a token."""
        return int(self.train.shape[1])

    def stream(self, batch: int, seed: int) -> ArrayStream:
        """Return the training tokens as a stream."""
        return ArrayStream(self.train, batch, seed)


def read_token_file(path: Path, held_out: int, seed: int) -> TokenFile:
    """Read a file and set rows aside.

    Parameters
    ----------
    held_out : int
        Rows to set aside, drawn at random; 0 takes a tenth, at most 8,192.
    seed : int
        Of the draw.

    Raises
    ------
    SaeRadError
        ``FIT_TOKENS`` when the file holds no finite matrix of floating-point numbers, or too few rows.
    """
    tokens = _matrix(path)
    if not np.isfinite(tokens).all():
        raise _unusable(path, "it holds values that are no finite numbers")
    aside = held_out or max(1, min(8192, len(tokens) // 10))
    if len(tokens) <= aside:
        raise _unusable(path, f"it has {len(tokens)} rows, and {aside} are to be held out")
    chosen = np.zeros(len(tokens), dtype=bool)
    chosen[np.random.default_rng(seed).permutation(len(tokens))[:aside]] = True
    with path.open("rb") as handle:
        digest = hashlib.file_digest(handle, "sha256").hexdigest()
    identity = {
        "file": path.name,
        "sha256": digest,
        "rows": len(tokens),
        "d_model": int(tokens.shape[1]),
        "held_out": aside,
        "seed": seed,
    }
    return TokenFile(tokens[~chosen], tokens[chosen], identity)


def _matrix(path: Path) -> FloatArray:
    try:
        if path.suffix == ".safetensors":
            with safe_open(path, framework="np") as handle:
                names = [name for name in handle.keys() if len(handle.get_slice(name).get_shape()) == 2]  # noqa: SIM118
                if len(names) != 1:
                    raise _unusable(path, f"it holds {len(names)} matrices where one is wanted")
                values = handle.get_tensor(names[0])
        else:
            values = _array(path)
    except (OSError, ValueError, EOFError, TypeError, SafetensorError) as error:
        raise _unusable(path, f"it cannot be read ({error})") from error
    if not isinstance(values, np.ndarray) or values.ndim != 2 or values.dtype.kind != "f" or not values.size:
        raise _unusable(path, "it holds no matrix of floating-point numbers")
    return np.ascontiguousarray(values, dtype=np.float32)


def _array(path: Path) -> object:
    with path.open("rb") as handle:
        prefix = np.lib.format.MAGIC_PREFIX
        if handle.read(len(prefix)) != prefix:
            raise _unusable(path, "it is no .npy file by its first bytes")
        handle.seek(0)
        try:
            return np.load(handle, allow_pickle=False)
        except (ValueError, EOFError) as error:
            # NumPy's own words advise to load whatever code the file may hold.
            raise _unusable(path, "it is damaged, or holds Python objects and no numbers") from error


def _unusable(path: Path, why: str) -> SaeRadError:
    return SaeRadError(
        "FIT_TOKENS", f"{path} cannot be trained on: {why}", "give a .npy or .safetensors file of shape (rows, d_model)"
    )
