"""Images through the exported encoder with the engine's own preprocessing, for harvest and labelling."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from engine.inference.preprocess import pixel_values
from engine.pack.descriptor import Descriptor, describe, descriptor_width
from engine.pack.manifest import EncoderSpec

FloatImage = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Embeddings:
    """The encoder's outputs for N images (see the contract of ``encoder.onnx``, design §2).

    Attributes
    ----------
    class_token : ndarray of float32, shape (N, D)
    attn_cls : ndarray of float32, shape (N, heads, P + 1)
    v_last : ndarray of float32, shape (N, P + 1, heads, D / heads)
    x0_last : ndarray of float32, shape (N, D)
    patch_tokens : ndarray of float32, shape (N, P, D)
    """

    class_token: npt.NDArray[np.float32]
    attn_cls: npt.NDArray[np.float32]
    v_last: npt.NDArray[np.float32]
    x0_last: npt.NDArray[np.float32]
    patch_tokens: npt.NDArray[np.float32]


def open_encoder(path: Path, *, threads: int = 1) -> ort.InferenceSession:
    """Open ``encoder.onnx`` (or the one in a folder) on the CPU."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    file = path / "encoder.onnx" if path.is_dir() else path
    return ort.InferenceSession(file.read_bytes(), options, providers=["CPUExecutionProvider"])


def embed_batches(
    encoder: Path | ort.InferenceSession, images: Iterable[FloatImage], spec: EncoderSpec, *, batch_size: int = 16
) -> Iterator[Embeddings]:
    """Give all outputs, a batch at a time, in the order of the images.

    Parameters
    ----------
    images : iterable of ndarray of float32, shape (rows, columns)
        Displayed values, 0 black to 1 white; sizes may differ.
    """
    session = open_encoder(encoder) if isinstance(encoder, Path) else encoder
    waiting: list[npt.NDArray[np.float32]] = []
    for image in images:
        waiting.append(pixel_values(image, spec))
        if len(waiting) == batch_size:
            yield _run(session, waiting)
            waiting = []
    if waiting:
        yield _run(session, waiting)


def describe_images(
    encoder: Path | ort.InferenceSession,
    images: Iterable[FloatImage],
    spec: EncoderSpec,
    descriptor: Descriptor,
    *,
    batch_size: int = 16,
) -> npt.NDArray[np.float32]:
    """Return the images' descriptors, float32 (N, M); the first D numbers of one are its class token."""
    grid = spec.patch_rows, spec.patch_columns
    parts = [
        describe(descriptor, part.class_token, part.patch_tokens, *grid)
        for part in embed_batches(encoder, images, spec, batch_size=batch_size)
    ]
    return np.concatenate(parts) if parts else np.zeros((0, descriptor_width(descriptor, spec.d_model)), np.float32)


def _run(session: ort.InferenceSession, inputs: list[npt.NDArray[np.float32]]) -> Embeddings:
    names = ["class_token", "attn_cls", "v_last", "x0_last", "patch_tokens"]
    found = session.run(names, {"pixel_values": np.concatenate(inputs)})
    return Embeddings(*(np.asarray(value, dtype=np.float32) for value in found))
