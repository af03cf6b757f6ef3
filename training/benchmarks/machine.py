"""What a measurement was made on, as far as a reader can compare by it."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any

import torch

from training.benchmarks.timing import load_average, peak


def machine() -> dict[str, Any]:
    """Return processor, threads, versions, load, and the speed of a large product now. No name of the machine."""
    return {
        "processor": processor(Path("/proc/cpuinfo")),
        "cores": os.cpu_count(),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "system": platform.system(),
        "load_average": load_average(),
        "peak_gflops": round(peak() / 1e9, 1),
    }


def processor(cpuinfo: Path) -> str:
    """Return the processor's model, or its architecture where the system does not tell more."""
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
