"""The two ONNX graphs of a pack as typed calls."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
from onnxruntime.capi import onnxruntime_pybind11_state as ort_state

from engine.errors import InferenceError, PackError
from engine.inference.devices import CPU
from engine.inference.gpu import NVIDIA, load_nvidia_libraries
from engine.inference.providers import choose_providers, session_options
from engine.pack.library import InstalledPack
from engine.pack.onnx_parts import GraphParts, only_outputs, take_apart

FloatArray = npt.NDArray[np.float32]
# onnxruntime's exceptions share no base of their own; each of these says that loading or running failed.
_ORT_ERRORS = (
    ort_state.Fail,
    ort_state.InvalidArgument,
    ort_state.InvalidGraph,
    ort_state.InvalidProtobuf,
    ort_state.NoSuchFile,
    ort_state.NotImplemented,
    ort_state.EPFail,
    ort_state.RuntimeException,
    ort_state.NoModel,
    ort_state.EngineError,
    ort_state.ModelLoaded,
    RuntimeError,
)


@dataclass(frozen=True, eq=False)
class EncoderOutput:
    """What the encoder says of N images (pack contract; token 0 is the class token, patches are row-major).

    Attributes
    ----------
    class_token : ndarray of float32, shape (N, D)
        After the final layer norm.
    patch_tokens : ndarray of float32, shape (N, P, D), or (N, 0, D)
        After the final layer norm; none where the pack's gate does not look at them, for they cost time.
    attn_cls : ndarray of float32, shape (N, heads, P + 1)
        The class token's attention in the last block.
    v_last : ndarray of float32, shape (N, P + 1, heads, D / heads)
        Values of the last block, before the output projection.
    x0_last : ndarray of float32, shape (N, D)
        The class token as it enters the last block.
    """

    class_token: FloatArray
    patch_tokens: FloatArray
    attn_cls: FloatArray
    v_last: FloatArray
    x0_last: FloatArray


class ModelSession:
    """Encoder and autoencoder of one pack, loaded from verified bytes.

    Attributes
    ----------
    provider : str
        The provider that the runtime really uses for the encoder.
    warnings : tuple of str
        Why it is not the one asked for.

    Raises
    ------
    PackError
        ``PACK_ONNX`` when a graph cannot be loaded or has not the inputs and outputs of the contract.
    """

    def __init__(self, pack: InstalledPack, device: str = "auto", threads: int | None = None) -> None:
        manifest = pack.manifest
        spec, patches = manifest.encoder, manifest.encoder.patch_rows * manifest.encoder.patch_columns
        d, heads = spec.d_model, spec.n_heads
        outputs: dict[str, tuple[int, ...]] = {
            "class_token": (d,),
            "patch_tokens": (patches, d),
            "attn_cls": (heads, patches + 1),
            "v_last": (patches + 1, heads, d // heads),
            "x0_last": (d,),
        }
        if manifest.gate.descriptor == "class_token":
            del outputs["patch_tokens"]
        self._shapes = outputs
        graph = needed_graph(pack.encoder_bytes, outputs, device)
        self._encoder, warning = load_session(graph, "encoder.onnx", device, threads)
        # The autoencoder is one matrix product: the CPU is never the bottleneck and keeps its sums in one order.
        self._sae, _ = load_session(pack.sae_bytes, "sae.onnx", "cpu", threads)
        self.provider: str = self._encoder.get_providers()[0]
        self.warnings = (warning,) if warning else ()
        self._pixel_shape = (3, spec.input_height, spec.input_width)
        _check_contract(self._encoder, "encoder.onnx", {"pixel_values"}, set(self._shapes))
        _check_contract(self._sae, "sae.onnx", {"class_token"}, {"activations"})
        self._n_features = manifest.sae.n_features

    def encode(self, pixel_values: FloatArray) -> EncoderOutput:
        """Run the encoder on pixels of shape (N, 3, H, W).

        Raises
        ------
        InferenceError
            ``MODEL_FAILED`` when the runtime fails, or the outputs have the wrong shape or are not finite.
        """
        if pixel_values.shape[1:] != self._pixel_shape:
            raise InferenceError("MODEL_FAILED", f"the encoder takes {self._pixel_shape}, not {pixel_values.shape[1:]}")
        names = list(self._shapes)
        values = dict(zip(names, run_session(self._encoder, names, {"pixel_values": pixel_values}), strict=True))
        for name, shape in self._shapes.items():
            _check_output(values[name], (len(pixel_values), *shape), name)
        none = np.zeros((len(pixel_values), 0, self._shapes["class_token"][0]), dtype=np.float32)
        return EncoderOutput(**{"patch_tokens": none, **values})

    def class_tokens(self, pixel_values: FloatArray) -> FloatArray:
        """Run the encoder on pixels of shape (N, 3, H, W) for the class tokens alone: (N, D).

        Raises
        ------
        InferenceError
            As `encode`.
        """
        (values,) = run_session(self._encoder, ["class_token"], {"pixel_values": pixel_values})
        _check_output(values, (len(pixel_values), *self._shapes["class_token"]), "class_token")
        return values

    def activations(self, class_token: FloatArray) -> FloatArray:
        """Run the autoencoder's encoder: (N, D) → (N, F), zero where a feature is not active."""
        (values,) = run_session(self._sae, ["activations"], {"class_token": class_token})
        _check_output(values, (len(class_token), self._n_features), "activations")
        return values


def load_session(content: bytes | GraphParts, name: str, device: str, threads: int | None) -> tuple[Any, str]:
    """Load a graph from its bytes, or from its parts, which is for the CPU.

    Returns
    -------
    onnxruntime.InferenceSession
    str
        Why it runs on the CPU although something else was asked for; empty otherwise.

    Raises
    ------
    PackError
        ``PACK_ONNX``.
    """
    choice = choose_providers(device)
    try:
        session = _open(content, session_options(threads), list(choice.providers))
    except _ORT_ERRORS as error:
        why = _first_line(error)
        if choice.first == CPU:
            raise PackError("PACK_ONNX", f"{name} cannot be loaded ({why})", "get the pack again") from error
        session, _ = load_session(content, name, "cpu", threads)
        return session, f"{choice.first} could not load the model ({why}); the CPU was used instead"
    used = session.get_providers()[0]
    # A driver that does not fit makes the runtime fall back by itself; only this comparison shows it.
    if used != choice.first:
        return session, f"{choice.first} could not be started; {used} was used instead"
    return session, choice.warning


def needed_graph(content: bytes, outputs: Collection[str], device: str) -> bytes | GraphParts:
    """Return what `load_session` needs of a graph for these outputs: on the CPU taken apart, which saves memory."""
    if choose_providers(device).first == CPU:
        return take_apart(content, outputs)
    return only_outputs(content, outputs)


def _open(content: bytes | GraphParts, options: Any, providers: list[Any]) -> Any:
    if providers[0][0] in NVIDIA:
        load_nvidia_libraries()
    # The runtime's own fallback to the CPU, here and in the middle of a run, is told on standard output only.
    if isinstance(content, bytes):
        return ort.InferenceSession(content, options, providers=providers, enable_fallback=0)
    values = [ort.OrtValue.ortvalue_from_numpy(weight) for weight in content.weights.values()]
    # The runtime copies them as it loads (its C interface says so); they can go with this call.
    options.add_external_initializers(list(content.weights), values)
    return ort.InferenceSession(content.graph, options, providers=providers, enable_fallback=0)


def run_session(session: Any, names: list[str], inputs: dict[str, FloatArray]) -> list[FloatArray]:
    """Run a graph and return the outputs of these names; ``MODEL_FAILED`` when the runtime fails."""
    try:
        result: list[FloatArray] = session.run(names, inputs)
    except _ORT_ERRORS as error:
        raise InferenceError(
            "MODEL_FAILED",
            f"the model could not be run ({_first_line(error)})",
            "try --device cpu; 'saerad doctor' checks this machine",
        ) from error
    return result


def _check_contract(session: Any, name: str, inputs: set[str], outputs: set[str]) -> None:
    have_in, have_out = ({item.name for item in items} for items in (session.get_inputs(), session.get_outputs()))
    if have_in != inputs or not outputs <= have_out:
        raise PackError(
            "PACK_ONNX",
            f"{name} has inputs {sorted(have_in)} and outputs {sorted(have_out)}, "
            f"not {sorted(inputs)} and {sorted(outputs)}",
            "get the pack again",
        )


def _check_output(value: FloatArray, shape: tuple[int, ...], name: str) -> None:
    if value.shape != shape or value.dtype != np.float32:
        raise InferenceError(
            "MODEL_FAILED",
            f"the model's {name} is {value.dtype} {value.shape}, not float32 {shape}",
            "get the pack again",
        )
    if not np.isfinite(value).all():
        raise InferenceError("MODEL_FAILED", f"the model's {name} is not finite", "try --device cpu")


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
