"""Images through the exported encoder: class tokens and the gate's descriptors, kept so that a killed run goes on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.pack.descriptor import GRID, Descriptor, descriptor_width
from engine.pack.manifest import EncoderSpec
from training.encoder.embed import describe_images, open_encoder
from training.graph import plain_graph

FloatArray = npt.NDArray[np.float32]
Progress = Callable[[str, float], None]
SHARD = 512
DESCRIPTOR: Descriptor = "regions"
"""What the gates of packs built here judge by."""


@dataclass(frozen=True, eq=False)
class Embedded:
    """Images as the encoder sees them.

    Attributes
    ----------
    class_token : ndarray of float32, shape (N, D)
        For the autoencoder.
    descriptor : ndarray of float32, shape (N, M)
        For the input gate; 14 KB an image of an encoder of 192 dimensions.
    """

    class_token: FloatArray
    descriptor: FloatArray

    def __getitem__(self, wanted: slice | npt.NDArray[np.bool_]) -> Embedded:
        """Return some of the images."""
        return Embedded(self.class_token[wanted], self.descriptor[wanted])


def embed(
    encoder: Path,
    spec: EncoderSpec,
    readers: Sequence[Callable[[], FloatArray]],
    keys: Sequence[str],
    *,
    cache: Path,
    progress: Progress,
    threads: int = 1,
) -> Embedded:
    """Embed all images in one pass, by the engine's preprocessing and onnxruntime.

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
    digest.update(f"{DESCRIPTOR} {GRID}".encode())
    session = open_encoder(encoder, threads=threads)
    cache.mkdir(parents=True, exist_ok=True)
    descriptors = np.empty((len(readers), descriptor_width(DESCRIPTOR, spec.d_model)), dtype=np.float32)
    for start in range(0, len(readers), SHARD):
        stop = min(start + SHARD, len(readers))
        name = digest.copy()
        name.update("\n".join(keys[start:stop]).encode())
        path = cache / f"{name.hexdigest()[:24]}.npy"
        if not path.is_file():
            part = describe_images(session, (read() for read in readers[start:stop]), spec, DESCRIPTOR)
            temporary = path.with_suffix(".partial")
            with temporary.open("wb") as file:
                np.save(file, part)
            temporary.replace(path)
        descriptors[start:stop] = np.load(path)
        progress("class tokens", stop / len(readers))
    return Embedded(descriptors[:, : spec.d_model].copy(), descriptors)
