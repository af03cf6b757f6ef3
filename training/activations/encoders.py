"""Encoders as a harvest needs them: pixels in, the tokens of one layer out, with one name for exactly this encoder."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from engine.errors import InferenceError
from engine.inference.runtime import load_session, needed_graph, run_session
from engine.pack.manifest import EncoderSpec
from training.activations.layers import LAST, layer_tensors, unknown_layer, with_output

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class LayerTokens:
    """What one layer says of N images.

    Attributes
    ----------
    class_token : ndarray of float32, shape (N, D)
    patch_tokens : ndarray of float32, shape (N, P, D), or None
        Row-major over the patch grid; None when only the class token was asked for.
    """

    class_token: FloatArray
    patch_tokens: FloatArray | None


class EncoderIdentity(Protocol):
    """Which encoder it is, opened at one layer, by this process or another.

    Attributes
    ----------
    spec : EncoderSpec
    sha256 : str
        Of its file.
    layer : str
    runtime : str
        What runs it, with version and place.
    warnings : tuple of str
        What a person should know of how it runs.
    """

    spec: EncoderSpec
    sha256: str
    layer: str
    runtime: str
    warnings: tuple[str, ...]


class TokenEncoder(EncoderIdentity, Protocol):
    """An encoder that can be run."""

    def tokens(self, pixels: FloatArray, *, patches: bool) -> LayerTokens:
        """Run it on pixels (N, 3, H, W); ``MODEL_FAILED`` when it cannot be run or answers in another shape."""


class OnnxEncoder:
    """``encoder.onnx`` by onnxruntime, as the engine runs it.

    Parameters
    ----------
    content : bytes
        The graph.
    spec : EncoderSpec
    layer : str
        `LAST` or one of `layer_tensors`.
    device : str
        One of `engine.inference.providers.DEVICE_NAMES`.
    threads : int, optional
    patches : bool
        Whether patch tokens of `LAST` will be asked for; without them a graph may have less to do.

    Raises
    ------
    PackError
        ``PACK_ONNX``.
    UsageError
        ``LAYER_UNKNOWN``, ``DEVICE_UNKNOWN``.
    """

    def __init__(
        self,
        content: bytes,
        spec: EncoderSpec,
        layer: str = LAST,
        device: str = "auto",
        threads: int | None = None,
        *,
        patches: bool = True,
    ) -> None:
        self.spec, self.layer = spec, layer
        self.sha256 = hashlib.sha256(content).hexdigest()
        self._tensor = ""
        if layer != LAST:
            tensors = layer_tensors(content, spec)
            if layer not in tensors:
                raise unknown_layer(layer, [LAST, *tensors])
            self._tensor = tensors[layer]
            content = with_output(content, self._tensor, spec)
        outputs = [self._tensor] if self._tensor else ["class_token", *(["patch_tokens"] if patches else [])]
        graph = needed_graph(content, outputs, device)
        self._session, warning = load_session(graph, "encoder.onnx", device, threads)
        self.runtime: str = f"onnxruntime {ort.__version__} {self._session.get_providers()[0]}"
        self.warnings: tuple[str, ...] = (warning,) if warning else ()

    def tokens(self, pixels: FloatArray, *, patches: bool) -> LayerTokens:
        """Run the graph on pixels (N, 3, H, W)."""
        if self._tensor:
            (rows,) = run_session(self._session, [self._tensor], {"pixel_values": pixels})
            return split_rows(rows, len(pixels), self.spec, patches=patches)
        names = ["class_token", "patch_tokens"] if patches else ["class_token"]
        values = run_session(self._session, names, {"pixel_values": pixels})
        return checked(values[0], values[1] if patches else None, len(pixels), self.spec)


def split_rows(rows: FloatArray, count: int, spec: EncoderSpec, *, patches: bool) -> LayerTokens:
    """Return rows (N, T, D) as class token (row 0) and patches (the last P: registers stand between)."""
    number = spec.patch_rows * spec.patch_columns
    return checked(rows[:, 0], rows[:, -number:] if patches else None, count, spec)


def checked(class_token: FloatArray, patch_tokens: FloatArray | None, count: int, spec: EncoderSpec) -> LayerTokens:
    """Return the tokens if they have the shapes that the specification says.

    Raises
    ------
    InferenceError
        ``MODEL_FAILED``.
    """
    wanted: dict[str, tuple[int, ...]] = {"class_token": (count, spec.d_model)}
    found: dict[str, tuple[int, ...]] = {"class_token": class_token.shape}
    if patch_tokens is not None:
        wanted["patch_tokens"] = (count, spec.patch_rows * spec.patch_columns, spec.d_model)
        found["patch_tokens"] = patch_tokens.shape
    if found != wanted:
        raise InferenceError(
            "MODEL_FAILED", f"the encoder gives {found}, not {wanted}", "its specification belongs to another encoder"
        )
    return LayerTokens(class_token, patch_tokens)
