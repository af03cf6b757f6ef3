"""Choose where the model runs, and say so when it is not where the person asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import onnxruntime as ort

from engine.errors import UsageError
from engine.inference.devices import AUTOMATIC, DEVICE_NAMES, DEVICES, usable_cores

# The environment variable that `engine` sets stops the runtime's own telemetry; this stops what Windows collects.
ort.disable_telemetry_events()


@dataclass(frozen=True)
class ProviderChoice:
    """Providers to ask the runtime for, first choice first.

    Attributes
    ----------
    providers : tuple of (str, dict)
        Names and options for ``InferenceSession``; the CPU is always the last.
    warning : str
        Why the first choice is not what the person asked for; empty otherwise.
    """

    providers: tuple[tuple[str, dict[str, str]], ...]
    warning: str = ""

    @property
    def first(self) -> str:
        """The provider that should do the work."""
        return self.providers[0][0]


def choose_providers(device: str = "auto", available: list[str] | None = None) -> ProviderChoice:
    """Translate a device name into execution providers.

    Parameters
    ----------
    device : str
        One of `DEVICE_NAMES`.
    available : list of str, optional
        What the runtime was built with; asked from it when None.

    Raises
    ------
    UsageError
        ``DEVICE_UNKNOWN``.
    """
    if device not in DEVICE_NAMES:
        raise UsageError("DEVICE_UNKNOWN", f"there is no device {device!r}", f"use one of {', '.join(DEVICE_NAMES)}")
    present = ort.get_available_providers() if available is None else available
    if device == "auto":
        names = [name for name in AUTOMATIC if DEVICES[name][0] in present]
        return ProviderChoice(tuple(DEVICES[name] for name in names) or (DEVICES["cpu"],))
    wanted = DEVICES[device]
    if wanted[0] not in present:
        return ProviderChoice(
            (DEVICES["cpu"],),
            f"the device {device} is not available here ({wanted[0]} is not in this onnxruntime); "
            "the CPU is used instead",
        )
    # What TensorRT has no kernel for runs on the same GPU, not on the CPU.
    between = (DEVICES["cuda"],) if device == "tensorrt" and DEVICES["cuda"][0] in present else ()
    return ProviderChoice((wanted,) if device == "cpu" else (wanted, *between, DEVICES["cpu"]))


def session_options(threads: int | None = None) -> Any:
    """Return runtime options: all optimisations, `threads` threads (None: the cores this process may use)."""
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.intra_op_num_threads = threads or usable_cores()
    options.inter_op_num_threads = 1
    # A plan of all memory for one shape of input costs as much memory again and saves no time that can be measured.
    options.enable_mem_pattern = False
    # Idle threads that spin drain a laptop and slow down the viewer beside them.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return options
