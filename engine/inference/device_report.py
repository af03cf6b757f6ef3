"""Say of every device whether it is used, could be used, or why it cannot be, and what to install."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from typing import Literal

import onnxruntime as ort

from engine.inference.devices import AUTOMATIC, CPU, DEVICES
from engine.inference.gpu import NVIDIA, library_problem, load_nvidia_libraries, nvidia_problem

BUILDS = ("onnxruntime", "onnxruntime-gpu", "onnxruntime-directml", "onnxruntime-openvino")
"""Packages that all install the module ``onnxruntime``: only one of them may be there."""
_PACKAGE = {
    "cuda": "'onnxruntime-gpu[cuda,cudnn]'",
    "tensorrt": "'onnxruntime-gpu[cuda,cudnn]'",
    "directml": "onnxruntime-directml",
    "coreml": "onnxruntime",
    "openvino": "onnxruntime-openvino",
}
_SYSTEMS = {
    "cuda": ("linux", "win32"),
    "tensorrt": ("linux", "win32"),
    "directml": ("win32",),
    "coreml": ("darwin",),
    "openvino": ("linux", "win32"),
}
_NAMES = {"linux": "Linux", "win32": "Windows", "darwin": "macOS"}


@dataclass(frozen=True)
class Machine:
    """What decides which devices there are.

    Attributes
    ----------
    system : str
        ``sys.platform``.
    build : str
        Package and version of the onnxruntime that is loaded.
    installed : tuple of str
        Those of `BUILDS` that are installed.
    providers : tuple of str
        What the runtime was built with.
    nvidia : str
        Why there is no NVIDIA GPU; empty where there is one.
    libraries : mapping of str to str
        Provider → why its library cannot be loaded.
    """

    system: str
    build: str
    installed: tuple[str, ...]
    providers: tuple[str, ...]
    nvidia: str = ""
    libraries: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class DeviceState:
    """One line of ``saerad doctor``; ``why`` and ``install`` are empty where there is nothing to say."""

    device: str
    state: Literal["used", "available", "not available"]
    why: str
    install: str


def this_machine() -> Machine:
    """Look at this machine; loads the libraries of the providers that the runtime was built with."""
    providers = tuple(ort.get_available_providers())
    if set(NVIDIA) & set(providers):
        load_nvidia_libraries()
    libraries = {name: library_problem(name) for name, _ in DEVICES.values() if name in providers and name != CPU}
    return Machine(
        sys.platform,
        f"{ort.package_name} {ort.__version__}",
        tuple(name for name in BUILDS if _is_installed(name)),
        providers,
        nvidia_problem(),
        libraries,
    )


def device_states(machine: Machine, used: Collection[str], failed: str = "") -> list[DeviceState]:
    """Return the state of every device but the CPU.

    Parameters
    ----------
    machine : Machine
    used : collection of str
        Providers that really ran a pack's encoder.
    failed : str
        The device that was to run them and did not, although nothing is missing.
    """
    return [_state(machine, device, used, failed) for device in DEVICES if device != "cpu"]


def more_than_one(machine: Machine) -> str:
    """Say that several builds are installed, of which each overwrites files of the other; empty where it is one."""
    if len(machine.installed) < 2:
        return ""
    names = " ".join(machine.installed)
    return (
        f"{' and '.join(machine.installed)} are installed together and overwrite each other's files ({machine.build} "
        f"is in use): pip uninstall -y {names}, then install one of them"
    )


def _state(machine: Machine, device: str, used: Collection[str], failed: str) -> DeviceState:
    provider = DEVICES[device][0]
    if provider in used:
        return DeviceState(device, "used", "", "")
    why, install = _obstacle(machine, device, provider)
    if why:
        return DeviceState(device, "not available", why, install)
    if device == failed:
        return DeviceState(device, "not available", "the runtime could not start it; see the warnings of the packs", "")
    chosen = "" if device in AUTOMATIC else f"never chosen by itself: --device {device}"
    return DeviceState(device, "available", chosen, "")


def _obstacle(machine: Machine, device: str, provider: str) -> tuple[str, str]:
    """What stands in the way, and what removes it: in order, and empty where nothing can."""
    systems = _SYSTEMS[device]
    if machine.system not in systems:
        return f"{' and '.join(_NAMES[name] for name in systems)} only", ""
    reasons, steps = [], []
    if provider not in machine.providers:
        reasons.append(f"not in this onnxruntime ({machine.build})")
        remove = f"pip uninstall -y {' '.join(machine.installed)} && " if machine.installed else ""
        steps.append(f"{remove}pip install {_PACKAGE[device]}")
    elif missing := machine.libraries.get(provider, ""):
        reasons.append(f"a library is missing: {missing}")
        steps.append(f"pip install {_PACKAGE[device]}")
    if reasons and device == "tensorrt":
        steps.append("TensorRT 10 from NVIDIA, its libraries where the loader finds them")
    if provider in NVIDIA and machine.nvidia:
        reasons.append(machine.nvidia)
        steps.insert(0, "the NVIDIA driver")
    return "; ".join(reasons), "; ".join(steps)


def _is_installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True
