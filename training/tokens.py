"""Class tokens of many images through the exported encoder, kept on disk so that a killed run goes on where it was."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.pack.manifest import EncoderSpec
from training.encoder.embed import embed_images, open_encoder
from training.graph import plain_graph

FloatArray = npt.NDArray[np.float32]
Progress = Callable[[str, float], None]
SHARD = 512


def embed(
    encoder: Path,
    spec: EncoderSpec,
    readers: Sequence[Callable[[], FloatArray]],
    keys: Sequence[str],
    *,
    cache: Path,
    progress: Progress,
    threads: int = 1,
) -> FloatArray:
    """Return class tokens of all images, float32 (N, d_model), by the engine's preprocessing and onnxruntime.

    Parameters
    ----------
    encoder : Path
        ``encoder.onnx``.
    readers, keys : sequence
        One reader of displayed values and one unique name an image.
    cache : Path
        Folder of finished shards; they are used again only for the same encoder, specification and keys.
    """
    # The graph of a finished pack has lost its exporter's notes; it is the same encoder all the same.
    digest = hashlib.sha256(plain_graph(encoder))
    digest.update(spec.model_dump_json().encode())
    session = open_encoder(encoder, threads=threads)
    cache.mkdir(parents=True, exist_ok=True)
    parts: list[FloatArray] = []
    for start in range(0, len(readers), SHARD):
        stop = min(start + SHARD, len(readers))
        name = digest.copy()
        name.update("\n".join(keys[start:stop]).encode())
        path = cache / f"{name.hexdigest()[:24]}.npy"
        if not path.is_file():
            tokens = embed_images(session, (read() for read in readers[start:stop]), spec)
            temporary = path.with_suffix(".partial")
            with temporary.open("wb") as file:
                np.save(file, tokens)
            temporary.replace(path)
        parts.append(np.load(path))
        progress("class tokens", stop / len(readers))
    return np.concatenate(parts) if parts else np.zeros((0, spec.d_model), dtype=np.float32)
