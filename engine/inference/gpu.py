"""Ask this machine's driver and loader what a GPU needs, without starting a model."""

from __future__ import annotations

import contextlib
import ctypes
import io
import os
import sys
from functools import cache
from pathlib import Path

import onnxruntime as ort

from engine.inference.devices import DEVICES

NVIDIA = (DEVICES["cuda"][0], DEVICES["tensorrt"][0])
NO_TF32 = {"NVIDIA_TF32_OVERRIDE": "0"}
"""TF32 rounds to 10 bits, TensorRT takes it unasked and has no option against it; NVIDIA's libraries read this."""
_DRIVER = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
_TENSORRT = "nvinfer_10.dll" if sys.platform == "win32" else "libnvinfer.so.10"


@cache
def load_nvidia_libraries() -> None:
    """Load CUDA and cuDNN where pip put them, which the system's loader does not search; once is enough.

    What cannot be loaded is not an error here: the runtime then falls back, and that is said. Sets `NO_TF32` in the
    environment first, whatever it says there: heat maps would no longer close to 1e-4.
    """
    os.environ.update(NO_TF32)
    if not hasattr(ort, "preload_dlls"):  # before onnxruntime 1.21
        return
    # It prints what it misses to standard output, where machines read.
    with contextlib.redirect_stdout(io.StringIO()):
        ort.preload_dlls()


def nvidia_problem() -> str:
    """Why no NVIDIA GPU can be used, asked from the driver itself; empty where there is one."""
    try:
        driver = ctypes.CDLL(_DRIVER)
    except OSError:
        return f"no NVIDIA GPU is seen: its driver is not installed ({_DRIVER} cannot be loaded)"
    count = ctypes.c_int(0)
    status = driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count))
    if status:
        return f"no NVIDIA GPU is seen: its driver answers with error {status}"
    return "" if count.value else "no NVIDIA GPU is seen: its driver finds none"


def tensorrt_version() -> str:
    """Version of the TensorRT that the loader finds, such as ``101000``; empty where it finds none."""
    load_nvidia_libraries()
    try:
        library = ctypes.CDLL(_TENSORRT)
    except OSError:
        return ""
    return str(library.getInferLibVersion())


def library_problem(provider: str) -> str:
    """Why the runtime's own library for a provider cannot be loaded, as the loader says it; empty where it can."""
    folder = Path(ort.__file__).parent / "capi"
    try:
        for name in ("shared", provider.removesuffix("ExecutionProvider").lower()):
            library = folder / (
                f"onnxruntime_providers_{name}.dll"
                if sys.platform == "win32"
                else f"libonnxruntime_providers_{name}.so"
            )
            if library.is_file():  # some builds hold the provider in the runtime itself
                ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)
    except OSError as error:
        return str(error)
    return ""
