"""Names of the places where a model can run, and how precisely; importing this loads no runtime."""

from __future__ import annotations

import os

CPU = "CPUExecutionProvider"
DEVICES: dict[str, tuple[str, dict[str, str]]] = {
    # TF32 rounds to 10 bits: heat maps would no longer close to 1e-4.
    "cuda": ("CUDAExecutionProvider", {"use_tf32": "0"}),
    "tensorrt": ("TensorrtExecutionProvider", {}),
    "directml": ("DmlExecutionProvider", {}),
    "coreml": ("CoreMLExecutionProvider", {}),
    "openvino": ("OpenVINOExecutionProvider", {}),
    "cpu": (CPU, {}),
}
"""Name for ``--device`` → provider and its options."""
AUTOMATIC = ("cuda", "directml", "coreml", "cpu")
"""Order of ``--device auto``: fast without a build step of minutes (TensorRT) or rounding to fp16 (OpenVINO)."""
DEVICE_NAMES = ("auto", *DEVICES)
PRECISION_NAMES = ("auto", "fp32", "fp16", "int8")


def usable_cores() -> int:
    """Cores this process may use; ``OMP_NUM_THREADS`` lowers it, as everywhere else."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    limit = os.environ.get("OMP_NUM_THREADS", "")
    return max(1, min(cores, int(limit))) if limit.isdigit() and int(limit) > 0 else cores
