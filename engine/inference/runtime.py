"""Load and run ONNX graphs: which provider runs them, what the runtime says when it fails, in this program's words."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
from onnxruntime.capi import onnxruntime_pybind11_state as ort_state

from engine.errors import InferenceError, PackError
from engine.inference.compiled import Compiled
from engine.inference.devices import CPU
from engine.inference.gpu import NVIDIA, load_nvidia_libraries
from engine.inference.providers import ProviderChoice, choose_providers, session_options
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


def load_session(
    content: bytes | GraphParts, name: str, device: str, threads: int | None, compiled: Compiled | None = None
) -> tuple[Any, str]:
    """Load a graph from its bytes, or from its parts, which is for the CPU.

    Parameters
    ----------
    compiled : Compiled, optional
        Where the device that is asked for keeps what it compiles of this graph.

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
        session = _open(content, session_options(threads), _with_cache(choice, compiled))
    except _ORT_ERRORS as error:
        if compiled is not None and compiled.discard():  # it may be what was kept that fails
            return load_session(content, name, device, threads, compiled)
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


def _with_cache(choice: ProviderChoice, compiled: Compiled | None) -> list[tuple[str, dict[str, str]]]:
    (first, options), *others = choice.providers
    return [(first, {**options, **(compiled.options if compiled is not None else {})}), *others]


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


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
