"""Find, open and list model packs."""

from __future__ import annotations

import hashlib
import os
import re
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
from engine.pack.precision import PROFILE_FILES, ProfileName
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

    def profile_bytes(self, precision: ProfileName) -> bytes:
        """Return the encoder's graph of a profile that the pack has, hashed again as it is read."""
        return self._bytes(PROFILE_FILES[precision])

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
    """One line of ``saerad packs list``; `problem` and its `code` are empty unless the pack cannot be used."""

    name: str
    version: str
    title: str
    origin: Origin
    folder: Path
    problem: str = ""
    code: str = ""


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
        See `engine.pack.verify.verify_pack`, with the pack's folder named; ``PACK_MISSING`` when nothing has that name.
    """
    folder, entry = _locate(DEFAULT_PACK if path_or_name is None else path_or_name)
    try:
        return InstalledPack(verify_pack(folder), folder)
    except PackError as error:
        place = "" if str(folder) in error.message else f" (the pack in {folder})"
        raise PackError(error.code, error.message + place, _way_out(entry) or error.hint) from error


def list_packs(*, check: bool = False) -> list[PackEntry]:
    """Return installed and bundled packs, by name, the one `load_pack` would choose first.

    A pack that cannot be used is listed with its problem, so that it is not missed in silence.

    Parameters
    ----------
    check : bool
        Look at every file of every pack; otherwise at the manifests alone.
    """
    own = [_entry("installed", folder, check) for folder in _pack_folders(user_data_path("packs"), "*/*")]
    bundled = [_entry("bundled", folder, check) for folder in _pack_folders(resource_path("packs"), "*")]
    entries = sorted(own + bundled, key=lambda entry: version_key(entry.version), reverse=True)
    return sorted(entries, key=lambda entry: (entry.name, entry.origin == "bundled"))


def _pack_folders(root: Path, pattern: str) -> list[Path]:
    return [folder for folder in sorted(root.glob(pattern)) if not folder.name.startswith(".") and folder.is_dir()]


def _entry(origin: Origin, folder: Path, check: bool) -> PackEntry:
    """Describe a pack by its manifest or, where that cannot be read, by its folder."""
    name, version, title = (folder.parent.name, folder.name, "") if origin == "installed" else (folder.name, "", "")
    try:
        manifest = read_manifest(folder)
        name, version, title = manifest.name, manifest.version, manifest.title
        if check:
            verify_pack(folder)
    except PackError as error:
        return PackEntry(name, version, title, origin, folder, str(error), error.code)
    return PackEntry(name, version, title, origin, folder)


def _way_out(entry: PackEntry | None) -> str:
    """Say what to do about a damaged pack that was found by its name, and hides the older and the bundled ones."""
    if entry is None:
        return ""
    if entry.origin == "bundled":
        return "install the program again"
    return (
        f"remove it with 'saerad packs remove {entry.name} {entry.version}' "
        "or install it again with 'saerad packs install PATH'"
    )


def version_key(version: str) -> tuple[tuple[int, ...], bool, str]:
    """Order versions: 1.10.0 after 1.9.0, and 1.0.0 after 1.0.0-rc1."""
    match = re.match(r"(\d+)\.(\d+)\.(\d+)(.*)", version)
    if match is None:
        return (), False, version
    return tuple(int(part) for part in match.groups()[:3]), not match[4], match[4]


def _locate(path_or_name: Path | str) -> tuple[Path, PackEntry | None]:
    """Return the folder of a pack, and its entry where it was found by its name."""
    path = Path(path_or_name)
    text = str(path_or_name)
    # A bare name means an installed pack even if a folder of that name lies in the working directory.
    bare = isinstance(path_or_name, str) and os.sep not in text and not text.endswith(ARCHIVE_SUFFIX)
    if bare and _NAME.fullmatch(text):
        for entry in list_packs():
            if entry.name == text:
                return entry.folder, entry
    if path.is_dir():
        return path, None
    if path.is_file():
        return unpack(path, user_cache_path("packs")), None
    raise PackError(
        "PACK_MISSING",
        f"no pack named {text!r} is installed and no such path exists",
        "'saerad packs list' shows the packs there are; 'saerad packs install PATH' adds one",
    )
