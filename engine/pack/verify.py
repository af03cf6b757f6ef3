"""Prove that a pack folder is what its manifest says before anything of it is used (design §2)."""

from __future__ import annotations

import hashlib
import math
import os
import stat
from pathlib import Path

from pydantic import ValidationError

from engine.errors import PackError
from engine.pack.manifest import OBSERVATIONS, SCHEMA_VERSION, Manifest
from engine.pack.onnx_guard import check_onnx
from engine.pack.precision import PROFILE_FILES, profile_problems
from engine.pack.reliability import RELIABILITY_PLOT

MANIFEST_NAME = "pack.json"
REQUIRED_FILES = frozenset(
    {"encoder.onnx", "sae.onnx", "sae.safetensors", "tail.safetensors", "features.sqlite", "MODEL_CARD.md", "LICENSE"}
)
OPTIONAL_FILES = frozenset({"gate.safetensors", "NOTICE", RELIABILITY_PLOT, *PROFILE_FILES.values()})
ALLOWED_FILES = REQUIRED_FILES | OPTIONAL_FILES | {MANIFEST_NAME}
MAX_MANIFEST_BYTES = 16 * 2**20
_GET_AGAIN = "get the pack again from its publisher"


def verify_pack(folder: Path) -> Manifest:
    """Check every rule of a pack and return its manifest.

    Parameters
    ----------
    folder : Path
        An unpacked pack.

    Raises
    ------
    PackError
        ``PACK_MISSING`` (no such folder, no pack.json), ``PACK_SCHEMA`` (unknown version, invalid or contradictory
        manifest), ``PACK_FILE_MISSING``, ``PACK_CHANGED`` (size or hash differs), ``PACK_UNSAFE`` (unlisted file, link,
        external data, custom operators), ``PACK_ONNX``.
    """
    manifest = read_manifest(folder)
    _check_names(folder, manifest)
    for name in sorted(manifest.files):
        content = read_verified(folder, manifest, name, keep=name.endswith(".onnx"))
        if content is not None:
            check_onnx(content, name)
    return manifest


def read_manifest(folder: Path) -> Manifest:
    """Read and validate ``pack.json`` alone; the other files are not looked at."""
    path = folder / MANIFEST_NAME
    if not path.is_file() or path.is_symlink():
        raise PackError(
            "PACK_MISSING",
            f"{folder} is not a model pack (no {MANIFEST_NAME})",
            "name a pack folder, a .saepack file or an installed pack; 'saerad packs list' shows them",
        )
    if path.stat().st_size > MAX_MANIFEST_BYTES:
        raise PackError("PACK_SCHEMA", f"{MANIFEST_NAME} is too large", _GET_AGAIN)
    try:
        manifest = Manifest.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        if place == "schema_version":
            raise PackError(
                "PACK_SCHEMA",
                f"the pack's schema_version is not {SCHEMA_VERSION}",
                "update the program or get a pack made for this version",
            ) from error
        raise PackError(
            "PACK_SCHEMA", f"{MANIFEST_NAME} is invalid: {place or 'file'}: {first['msg']}", _GET_AGAIN
        ) from error
    _check_consistency(manifest)
    return manifest


def read_verified(folder: Path, manifest: Manifest, name: str, *, keep: bool = True) -> bytes | None:
    """Read one listed file once, compare size and SHA-256 with the manifest, and return exactly the bytes compared.

    Parameters
    ----------
    keep : bool
        False hashes the file in pieces and returns None, for files that are opened by path.

    Raises
    ------
    PackError
        ``PACK_FILE_MISSING``, ``PACK_CHANGED``.
    """
    entry = manifest.files[name]
    digest, size, content = hashlib.sha256(), 0, b""
    try:
        with (folder / name).open("rb") as stream:
            if keep:
                # In one piece: an encoder takes much memory, which joining pieces would take twice. The file's own size
                # bounds what a manifest can ask for.
                content = stream.read(min(entry.size, os.fstat(stream.fileno()).st_size) + 1)
                size = len(content)
                digest.update(content)
            while not keep and (piece := stream.read(2**20)):
                size += len(piece)
                if size > entry.size:
                    break
                digest.update(piece)
    except FileNotFoundError as error:
        raise PackError("PACK_FILE_MISSING", f"the pack {manifest.name} lacks {name}", _GET_AGAIN) from error
    except OSError as error:
        raise PackError(
            "PACK_FILE_MISSING",
            f"{name} of the pack {manifest.name} cannot be read ({error.strerror})",
            "check the folder's permissions",
        ) from error
    if size != entry.size or digest.hexdigest() != entry.sha256:
        raise PackError(
            "PACK_CHANGED", f"{name} of the pack {manifest.name} is not the file its manifest describes", _GET_AGAIN
        )
    return content if keep else None


def _check_names(folder: Path, manifest: Manifest) -> None:
    listed = set(manifest.files)
    if unknown := listed - ALLOWED_FILES or listed & {MANIFEST_NAME}:
        raise PackError("PACK_UNSAFE", f"the manifest lists files a pack may not have: {_some(unknown)}", _GET_AGAIN)
    if missing := REQUIRED_FILES - listed:
        raise PackError("PACK_FILE_MISSING", f"the manifest does not list {_some(missing)}", _GET_AGAIN)
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name not in listed and entry.name != MANIFEST_NAME:
                raise PackError(
                    "PACK_UNSAFE",
                    f"the pack holds a file its manifest does not list: {entry.name!r}",
                    "remove it or get the pack again",
                )
            if not stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode):
                raise PackError("PACK_UNSAFE", f"{entry.name!r} in the pack is not a plain file", _GET_AGAIN)


def _check_consistency(manifest: Manifest) -> None:
    """What types alone cannot say: sizes that must agree and readouts that must exist."""
    problems = []
    encoder, sae = manifest.encoder, manifest.sae
    if encoder.d_model != sae.d_model:
        problems.append(f"encoder has {encoder.d_model} dimensions, the autoencoder {sae.d_model}")
    if encoder.d_model % encoder.n_heads:
        problems.append("the encoder's dimensions cannot be split among its heads")
    if min(encoder.std) <= 0 or encoder.layer_norm_eps <= 0:
        problems.append("std and layer_norm_eps must be positive")
    low, high = encoder.intensity_percentiles
    if not 0 <= low < high <= 100:
        problems.append("intensity_percentiles must rise within 0..100")
    readouts = manifest.calibration.readouts
    whole = [r.observation for r in readouts if r.laterality == "none" and not r.location]
    if missing := [name for name in OBSERVATIONS if name not in whole]:
        problems.append(f"no readout for {missing[0]}")
    if len(set(whole)) != len(whole):
        problems.append("two readouts for one observation")
    for readout in readouts:
        distinct = len(set(readout.feature_ids))
        if not distinct == len(readout.feature_ids) == len(readout.weights):
            problems.append(f"the readout of {readout.observation} does not have one weight for each feature")
        if not all(math.isfinite(value) for value in (*readout.weights, readout.bias)):
            problems.append(f"the readout of {readout.observation} is not finite")
        if any(not 0 <= i < sae.n_features for i in readout.feature_ids):
            problems.append(f"the readout of {readout.observation} names a feature that does not exist")
    problems += profile_problems(manifest.profiles, manifest.files)
    if problems:
        raise PackError("PACK_SCHEMA", f"{MANIFEST_NAME} contradicts itself: {problems[0]}", _GET_AGAIN)


def _some(names: set[str] | frozenset[str]) -> str:
    return ", ".join(repr(name) for name in sorted(names)[:3])
