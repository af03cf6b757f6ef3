"""Add a model pack to the person's own, and take one away; the bundled ones are never touched."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path

from engine.errors import PackError, UsageError
from engine.pack.library import PackEntry, list_packs, load_pack
from engine.pack.manifest import Manifest
from engine.pack.verify import MANIFEST_NAME, verify_pack
from engine.resources import user_data_path


def install_pack(path: Path) -> PackEntry:
    """Verify a pack folder or ``.saepack`` and copy it into the person's data folder; complete or not at all.

    A damaged pack of this name and version is replaced.

    Raises
    ------
    PackError
        As `load_pack`; ``PACK_INSTALLED`` when another sound content with this name and version is there already.
    """
    pack = load_pack(path)
    manifest = pack.manifest
    target = user_data_path("packs", manifest.name, manifest.version)
    entry = PackEntry(manifest.name, manifest.version, manifest.title, "installed", target)
    present = _sound(target)
    if present == manifest:
        return entry
    if present is not None:
        raise PackError(
            "PACK_INSTALLED",
            f"another pack {manifest.name} {manifest.version} is installed",
            f"remove it first with 'saerad packs remove {manifest.name} {manifest.version}'",
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".installing-", dir=target.parent))
    try:
        for name in (*manifest.files, MANIFEST_NAME):
            shutil.copyfile(pack.folder / name, work / name)
        if verify_pack(work) != manifest:
            raise PackError("PACK_CHANGED", "the pack changed while it was copied", "install it again")
        if target.exists():
            _discard(target)
        work.replace(target)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    return entry


def remove_pack(name: str, version: str | None = None) -> list[PackEntry]:
    """Remove an installed pack, sound or damaged.

    Parameters
    ----------
    version : str, optional
        Needed when several versions are installed.

    Returns
    -------
    list of PackEntry
        What was removed; more than one only when two folders claim the same name and version.

    Raises
    ------
    PackError
        ``PACK_NOT_INSTALLED``, also for a bundled pack; ``PACK_NOT_REMOVED`` when the folder cannot be removed.
    UsageError
        ``PACK_VERSION`` when several versions are installed and none was named.
    """
    entries = list_packs()
    own = [e for e in entries if e.origin == "installed" and e.name == name and version in (None, e.version)]
    if not own:
        wanted = name if version is None else f"{name} {version}"
        bundled = any(e.name == name and e.origin == "bundled" for e in entries)
        stays = "the bundled pack belongs to the program and stays; " if bundled else ""
        raise PackError(
            "PACK_NOT_INSTALLED", f"no pack {wanted} is installed", f"{stays}'saerad packs list' shows the packs"
        )
    versions = list(dict.fromkeys(e.version for e in own))
    if len(versions) > 1:
        raise UsageError(
            "PACK_VERSION", f"several versions of {name} are installed", f"name one of {', '.join(versions)}"
        )
    for entry in own:
        _discard(entry.folder)
        # The folder of the name goes with its last version.
        with contextlib.suppress(OSError):
            entry.folder.parent.rmdir()
    return own


def _sound(folder: Path) -> Manifest | None:
    """Return the manifest of a pack that can be used, None for a damaged one or none at all."""
    try:
        return verify_pack(folder)
    except PackError:
        return None


def _discard(folder: Path) -> None:
    """Take a folder out of sight first, so that an interruption leaves no part of a pack to be found."""
    try:
        if folder.is_symlink():  # a link that a person made: what it points to is theirs
            folder.unlink()
            return
        grave = Path(tempfile.mkdtemp(prefix=".removing-", dir=folder.parent))
        folder.rename(grave / folder.name)
        shutil.rmtree(grave)
    except OSError as error:
        raise PackError(
            "PACK_NOT_REMOVED",
            f"{folder} cannot be removed ({error.strerror or error})",
            "close other programs that use it and check the folder's permissions",
        ) from error
