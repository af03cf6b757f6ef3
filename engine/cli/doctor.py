"""``saerad doctor``: what this machine can do and whether the packs are sound."""

from __future__ import annotations

import importlib.util
import json
import platform
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from importlib import metadata
from typing import Any

import numpy as np
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import (
    JPEG2000,
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from engine.cli.main import program_version
from engine.cli.parser import Parser
from engine.errors import SaeRadError
from engine.inference.compiled import cache_folder
from engine.inference.device_report import device_states, more_than_one, this_machine
from engine.inference.devices import DEVICE_NAMES, DEVICES, usable_cores
from engine.inference.providers import choose_providers
from engine.inference.session import ModelSession
from engine.pack.library import InstalledPack, PackEntry, list_packs
from engine.pack.verify import verify_pack
from engine.resources import resource_path, user_cache_path, user_data_path

_PACKAGES = (
    "numpy",
    "pydicom",
    "python-gdcm",
    "pyjpegls",
    "pylibjpeg-openjpeg",
    "SimpleITK",
    "onnxruntime",
    "highdicom",
    "pydantic",
    "safetensors",
    "reportlab",
    "pillow",
    "PySide6-Essentials",
)
_SYNTAXES: tuple[UID, ...] = (
    ImplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
    RLELossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    JPEG2000Lossless,
    JPEG2000,
    HTJ2KLossless,
)


def run(argv: Sequence[str]) -> int:
    """Run the command; 0 all well, 3 when a codec is missing or a pack cannot be used."""
    parser = Parser(
        prog="saerad doctor",
        description="Say what this machine can do, why a GPU is not used and what to install for it,\n"
        "and whether the packs are sound.",
        example="saerad doctor --json",
    )
    parser.add_argument("--device", choices=DEVICE_NAMES, default="auto", help="device to try the packs on")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(argv)
    report = examine(options.device)
    print(json.dumps(report, ensure_ascii=False, indent=2) if options.json else _text(report))
    return 0 if not report["problems"] else 3


def examine(device: str = "auto") -> dict[str, Any]:
    """Collect everything `doctor` says; ``problems`` is empty on a sound machine."""
    codecs = {uid.name: _decodable(uid) for uid in _SYNTAXES}
    packs = [_pack_health(entry, device) for entry in list_packs()]
    problems = [f"images of transfer syntax {name} cannot be read" for name, works in codecs.items() if not works]
    problems += [f"pack {p['name']} in {p['folder']}: {p['problem']}" for p in packs if p["problem"]]
    if not packs:
        problems.append("no model pack is installed")
    machine = this_machine()
    used = {pack["provider"] for pack in packs}
    first = choose_providers(device).first
    failed = next(name for name, (provider, _) in DEVICES.items() if provider == first) if used - {first, ""} else ""
    return {
        "program": program_version(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cores": usable_cores(),
        "packages": {name: _version(name) for name in _PACKAGES},
        "onnxruntime": machine.build,
        "providers": list(machine.providers),
        "devices": [asdict(state) for state in device_states(machine, used, failed)],
        "warnings": [text for text in (more_than_one(machine),) if text],
        "codecs": codecs,
        "viewer": importlib.util.find_spec("PySide6") is not None,
        "folders": {
            "resources": str(resource_path()),
            "data": str(user_data_path()),
            "cache": str(user_cache_path()),
            "compiled": str(cache_folder()),
            "python": sys.prefix,
        },
        "packs": packs,
        "problems": problems,
    }


def _pack_health(entry: PackEntry, device: str) -> dict[str, Any]:
    """Verify a pack and run its encoder once on a grey picture."""
    result: dict[str, Any] = {
        "folder": str(entry.folder),
        "name": entry.name,
        "version": entry.version,
        "origin": entry.origin,
        "provider": "",
        "precision": "",
        "encoder_ms": None,
        "warnings": [],
        "problem": "",
    }
    try:
        manifest = verify_pack(entry.folder)
        pack = InstalledPack(manifest, entry.folder)
        pack.open_all()
        session = ModelSession(pack, device)
        pixels = np.zeros((1, 3, manifest.encoder.input_height, manifest.encoder.input_width), dtype=np.float32)
        session.activations(session.encode(pixels).class_token)
        start = time.perf_counter()
        session.encode(pixels)
        result |= {
            "provider": session.provider,
            "precision": session.precision,
            "encoder_ms": round((time.perf_counter() - start) * 1000.0, 1),
            "warnings": list(session.warnings),
        }
    except SaeRadError as error:
        result["problem"] = str(error)
    return result


def _decodable(uid: UID) -> bool:
    if not uid.is_compressed or uid == DeflatedExplicitVRLittleEndian:
        return True
    return bool(get_decoder(uid).is_available)


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _text(report: dict[str, Any]) -> str:
    lines = [f"saerad {report['program']}, Python {report['python']}, {report['platform']}, {report['cores']} cores"]
    versions = [f"{name} {version or 'MISSING'}" for name, version in report["packages"].items()]
    lines.append("packages   " + ", ".join(versions))
    lines.append(f"providers  {', '.join(report['providers'])} ({report['onnxruntime']})")
    for state in report["devices"]:
        why = f": {state['why']}" if state["why"] else ""
        install = f"; install: {state['install']}" if state["install"] else ""
        lines.append(f"device     {state['device']} {state['state']}{why}{install}")
    missing = [name for name, works in report["codecs"].items() if not works]
    lines.append(f"codecs     {len(report['codecs']) - len(missing)} of {len(report['codecs'])} transfer syntaxes")
    viewer = "available" if report["viewer"] else "not installed (pip install 'saerad-workstation[viewer]')"
    lines.append(f"viewer     {viewer}")
    lines.append(f"caches     {report['folders']['cache']}")
    for pack in report["packs"]:
        state = pack["problem"] or f"sound; encoder {pack['encoder_ms']} ms on {pack['provider']}, {pack['precision']}"
        lines.append(f"pack       {pack['name']} {pack['version']} ({pack['origin']}): {state}")
        lines += [f"           warning: {text}" for text in pack["warnings"]]
    lines += [f"warning    {text}" for text in report["warnings"]]
    lines += [f"problem    {text}" for text in report["problems"]]
    return "\n".join(lines)
