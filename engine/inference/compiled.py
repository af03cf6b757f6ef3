"""What a device compiles of a graph, kept on disk: TensorRT builds for minutes, OpenVINO and CoreML for seconds.

Each graph, device, runtime and set of options has a folder of its own, so that nothing compiled of one is ever loaded
for another. `seal` writes down the hash of every file in it; a folder that is not exactly as it was sealed is emptied
before the runtime sees it, and everything is compiled again. That finds damage, not malice: who may write in this
folder may write in that of the packs.

The CPU has no entry: optimising a graph takes less time than reading and hashing the optimised one (docs/running.md).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import onnxruntime as ort
from pydantic import TypeAdapter, ValidationError

from engine.inference.devices import DEVICES
from engine.inference.gpu import NO_TF32, NVIDIA
from engine.resources import user_cache_path

SEAL = "seal.json"
_TENSORRT, _OPENVINO, _COREML = (DEVICES[name][0] for name in ("tensorrt", "openvino", "coreml"))
_COREML_SINCE = (1, 21)
_Hashes = TypeAdapter(dict[str, str])


def cache_folder() -> Path:
    """Folder of everything that devices compiled."""
    return user_cache_path("compiled")


def cache_options(provider: str, folder: Path, version: str = ort.__version__) -> dict[str, str]:
    """Return a provider's options by which it keeps what it compiles in `folder`; none where it cannot."""
    if provider == _TENSORRT:
        return {
            "trt_engine_cache_enable": "1",
            "trt_engine_cache_path": str(folder),
            "trt_timing_cache_enable": "1",
            "trt_timing_cache_path": str(folder),
        }
    if provider == _OPENVINO:
        return {"cache_dir": str(folder)}
    # An option that a version does not know makes it refuse the device.
    if provider == _COREML and tuple(int(part) for part in version.split(".")[:2]) >= _COREML_SINCE:
        return {"ModelCacheDirectory": str(folder)}
    return {}


@dataclass
class Compiled:
    """The folder of one graph on one device.

    Attributes
    ----------
    options : dict of str to str
        See `cache_options`; empty where the folder cannot be used.
    warning : str
        Why it cannot; empty otherwise.
    """

    folder: Path
    options: dict[str, str]
    warning: str = ""
    _sealed: dict[str, tuple[int, int]] = field(default_factory=dict)

    def seal(self) -> None:
        """Write down the hash of every file, where one has changed since; call it when the runtime has run."""
        if not self.options:
            return
        try:
            states = {name: (s.st_size, s.st_mtime_ns) for name, s in _files(self.folder)}
            if states != self._sealed:
                _write_seal(self.folder)
                self._sealed = states
        except OSError as error:
            self._give_up(error)

    def discard(self) -> bool:
        """Throw away what is kept, which may be what fails; whether anything was."""
        if not self.options or not self._sealed:
            return False
        try:
            _empty(self.folder)
        except OSError as error:
            self._give_up(error)
        self._sealed = {}
        return True

    def _give_up(self, error: OSError) -> None:
        self.options = {}
        self.warning = (
            f"what the device compiles cannot be kept in {self.folder} ({error.strerror or error}), so that it is "
            "compiled again at every start"
        )


def open_compiled(provider: str, graph: Mapping[str, str], root: Path | None = None) -> Compiled | None:
    """Open the folder of a graph on a device, emptied where it is not as it was sealed; None where nothing is kept.

    Parameters
    ----------
    provider : str
        Execution provider that compiles.
    graph : mapping of str to str
        All that the compiled code depends on: hash of the graph, outputs that are asked for, precision, version of the
        device's compiler. Provider, its options and the runtime's version are added.
    root : Path, optional
        `cache_folder` when None.
    """
    if not cache_options(provider, Path()):
        return None
    own = {**_own_options(provider), **(NO_TF32 if provider in NVIDIA else {})}
    of = {**graph, "provider": provider, "onnxruntime": ort.__version__, "options": json.dumps(own)}
    name = hashlib.sha256(json.dumps(of, sort_keys=True).encode()).hexdigest()[:32]
    folder = (cache_folder() if root is None else root) / name
    compiled = Compiled(folder, cache_options(provider, folder))
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not _as_sealed(folder):
            _empty(folder)
        compiled._sealed = {name: (s.st_size, s.st_mtime_ns) for name, s in _files(folder)}
    except OSError as error:
        compiled._give_up(error)
    return compiled


def _own_options(provider: str) -> dict[str, str]:
    return next(options for name, options in DEVICES.values() if name == provider)


def _empty(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir(mode=0o700)


def _files(folder: Path) -> list[tuple[str, os.stat_result]]:
    """Every file below a folder but the seal, by its path there."""
    found = [path for path in sorted(folder.rglob("*")) if not path.is_dir() or path.is_symlink()]
    return [(path.relative_to(folder).as_posix(), path.lstat()) for path in found if path != folder / SEAL]


def _hash(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _write_seal(folder: Path) -> None:
    hashes = {name: _hash(folder / name) for name, _ in _files(folder)}
    partial = folder.with_name(f"{folder.name}.{os.getpid()}.seal")
    partial.write_text(json.dumps(hashes, indent=1), encoding="utf-8")
    partial.replace(folder / SEAL)


def _as_sealed(folder: Path) -> bool:
    """Whether a folder holds exactly the files of its seal, links none; an empty one is as good."""
    files = _files(folder)
    if not (folder / SEAL).is_file():
        return not files
    try:
        hashes = _Hashes.validate_json((folder / SEAL).read_bytes())
    except ValidationError:
        return False
    if {name for name, _ in files} != hashes.keys() or any(stat.S_ISLNK(state.st_mode) for _, state in files):
        return False
    return all(_hash(folder / name) == expected for name, expected in hashes.items())
