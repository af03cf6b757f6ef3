"""Find, open, install and list model packs."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from engine.errors import PackError
from engine.pack.archive import unpack
from engine.pack.arrays import FloatArray, GateArrays, SaeArrays, load_gate, load_tail
from engine.pack.features import FeatureStore
from engine.pack.manifest import Manifest
from engine.pack.verify import MANIFEST_NAME, read_manifest, read_verified, verify_pack
from engine.resources import resource_path, user_cache_path, user_data_path

DEFAULT_PACK = "demo"
ARCHIVE_SUFFIX = ".saepack"
Origin = Literal["installed", "bundled"]
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


@dataclass(frozen=True, eq=False)
class InstalledPack:
    """A verified pack, ready for use; arrays are read when first asked for."""

    manifest: Manifest
    folder: Path

    @property
    def encoder_bytes(self) -> bytes:
        """``encoder.onnx``, hashed again as it is read: what runs is what was checked."""
        return self._bytes("encoder.onnx")

    @property
    def sae_bytes(self) -> bytes:
        """``sae.onnx``, hashed again as it is read."""
        return self._bytes("sae.onnx")

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of ``pack.json``, which lists the hash of every other file: one name for exactly this content.

        Raises
        ------
        PackError
            ``PACK_CHANGED`` when the file is no longer the manifest that was verified.
        """
        try:
            content = (self.folder / MANIFEST_NAME).read_bytes()
            same = Manifest.model_validate_json(content) == self.manifest
        except (OSError, ValidationError):
            same = False
        if not same:
            raise PackError("PACK_CHANGED", "the pack changed while it was opened", "open it again")
        return hashlib.sha256(content).hexdigest()

    @cached_property
    def features(self) -> FeatureStore:
        """Descriptions of the features."""
        return FeatureStore(self.folder / "features.sqlite")

    @cached_property
    def sae(self) -> SaeArrays:
        """The autoencoder's rows."""
        return SaeArrays(self.folder / "sae.safetensors", self.manifest)

    @cached_property
    def tail(self) -> dict[str, FloatArray]:
        """The last block's weights after its attention, for heat maps."""
        return load_tail(self.folder / "tail.safetensors", self.manifest)

    @cached_property
    def gate(self) -> GateArrays | None:
        """The input gate's arrays, or None when the pack has none."""
        if "gate.safetensors" not in self.manifest.files:
            return None
        return load_gate(self.folder / "gate.safetensors", self.manifest)

    def open_all(self) -> None:
        """Open every array and the features now, so that a wrong one is found before it is needed.

        Raises
        ------
        PackError
            ``PACK_ARRAYS``, ``PACK_FEATURES``.
        """
        for name in ("sae", "tail", "gate", "features"):
            getattr(self, name)

    def _bytes(self, name: str) -> bytes:
        content = read_verified(self.folder, self.manifest, name)
        assert content is not None
        return content


@dataclass(frozen=True)
class PackEntry:
    """One line of ``saerad packs list``; `problem` is empty unless the manifest cannot be used."""

    name: str
    version: str
    title: str
    origin: Origin
    folder: Path
    problem: str = ""


def load_pack(path_or_name: Path | str | None = None) -> InstalledPack:
    """Open and verify a pack.

    Parameters
    ----------
    path_or_name : Path or str, optional
        A pack folder, a ``.saepack`` file, or the name of an installed or bundled pack (the newest installed version
        wins over the bundled one). None is the demo pack.

    Raises
    ------
    PackError
        See `engine.pack.verify.verify_pack`; ``PACK_MISSING`` when nothing has that name.
    """
    folder = _locate(DEFAULT_PACK if path_or_name is None else path_or_name)
    return InstalledPack(verify_pack(folder), folder)


def list_packs() -> list[PackEntry]:
    """Return installed and bundled packs, by name, the one `load_pack` would choose first.

    A pack whose manifest cannot be used is listed with its problem, so that it is not missed in silence.
    """
    own = [_entry("installed", folder, folder.parent.name) for folder in _pack_folders(user_data_path("packs"), "*/*")]
    bundled = [_entry("bundled", folder, folder.name) for folder in _pack_folders(resource_path("packs"), "*")]
    entries = sorted(own + bundled, key=lambda entry: version_key(entry.version), reverse=True)
    return sorted(entries, key=lambda entry: (entry.name, entry.origin == "bundled"))


def _pack_folders(root: Path, pattern: str) -> list[Path]:
    return [
        folder
        for folder in sorted(root.glob(pattern))
        if not folder.name.startswith(".") and (folder / MANIFEST_NAME).is_file()
    ]


def _entry(origin: Origin, folder: Path, folder_name: str) -> PackEntry:
    try:
        manifest = read_manifest(folder)
    except PackError as error:
        return PackEntry(folder_name, "", "", origin, folder, str(error))
    return PackEntry(manifest.name, manifest.version, manifest.title, origin, folder)


def install_pack(path: Path) -> PackEntry:
    """Verify a pack folder or ``.saepack`` and copy it into the person's data folder; complete or not at all.

    Raises
    ------
    PackError
        As `load_pack`; ``PACK_INSTALLED`` when another content with this name and version is there already.
    """
    pack = load_pack(path)
    manifest = pack.manifest
    target = user_data_path("packs", manifest.name, manifest.version)
    if (target / MANIFEST_NAME).is_file() and read_manifest(target) == manifest:
        verify_pack(target)
        return PackEntry(manifest.name, manifest.version, manifest.title, "installed", target)
    if target.exists():
        raise PackError(
            "PACK_INSTALLED", f"another pack {manifest.name} {manifest.version} is installed", f"remove {target} first"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".installing-", dir=target.parent))
    try:
        for name in (*manifest.files, MANIFEST_NAME):
            shutil.copyfile(pack.folder / name, work / name)
        if verify_pack(work) != manifest:
            raise PackError("PACK_CHANGED", "the pack changed while it was copied", "install it again")
        work.replace(target)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    return PackEntry(manifest.name, manifest.version, manifest.title, "installed", target)


def version_key(version: str) -> tuple[tuple[int, ...], bool, str]:
    """Order versions: 1.10.0 after 1.9.0, and 1.0.0 after 1.0.0-rc1."""
    match = re.match(r"(\d+)\.(\d+)\.(\d+)(.*)", version)
    if match is None:
        return (), False, version
    return tuple(int(part) for part in match.groups()[:3]), not match[4], match[4]


def _locate(path_or_name: Path | str) -> Path:
    path = Path(path_or_name)
    text = str(path_or_name)
    # A bare name means an installed pack even if a folder of that name lies in the working directory.
    bare = isinstance(path_or_name, str) and os.sep not in text and not text.endswith(ARCHIVE_SUFFIX)
    if bare and _NAME.fullmatch(text):
        for entry in list_packs():
            if entry.name == text:
                return entry.folder
    if path.is_dir():
        return path
    if path.is_file():
        return unpack(path, user_cache_path("packs"))
    raise PackError(
        "PACK_MISSING",
        f"no pack named {text!r} is installed and no such path exists",
        "'saerad packs list' shows the packs there are; 'saerad packs install PATH' adds one",
    )
