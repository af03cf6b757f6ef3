"""Unpack a ``.saepack`` (a zipped pack folder) without trusting it."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import tempfile
import zipfile
from pathlib import Path, PurePosixPath

from engine.errors import PackError
from engine.pack.verify import ALLOWED_FILES, MANIFEST_NAME

MAX_TOTAL_BYTES = 8 * 2**30
MAX_RATIO = 200
_CHUNK = 2**20


def unpack(archive: Path, parent: Path) -> Path:
    """Unpack into ``parent/<hash of the archive>`` and return that folder; a second call finds it there.

    Only the names a pack may have are accepted, at the archive's root or in its one folder; nothing else is written.

    Raises
    ------
    PackError
        ``PACK_MISSING`` (not a ZIP), ``PACK_UNSAFE`` (foreign, doubled, encrypted or linked members, too many or too
        large, suspicious compression).
    """
    target = parent / _digest(archive)
    if (target / MANIFEST_NAME).is_file():
        return target
    parent.mkdir(parents=True, exist_ok=True)
    with _opened(archive) as stream:
        members = _members(stream)
        work = Path(tempfile.mkdtemp(prefix=".unpacking-", dir=parent))
        try:
            budget = MAX_TOTAL_BYTES
            for name, info in members.items():
                budget -= _extract(stream, info, work / name, budget)
            work.replace(target)
        except FileExistsError:  # another process was faster: the same archive gives the same folder
            shutil.rmtree(work)
        except OSError as error:
            shutil.rmtree(work, ignore_errors=True)
            if target.is_dir():
                return target
            raise PackError(
                "PACK_UNPACK",
                f"{archive.name} cannot be unpacked ({error.strerror or error})",
                f"check that there is room in {parent}",
            ) from error
        except BaseException:
            shutil.rmtree(work, ignore_errors=True)
            raise
    return target


def _digest(archive: Path) -> str:
    try:
        with archive.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()[:32]
    except OSError as error:
        raise PackError("PACK_MISSING", f"{archive} cannot be read ({error.strerror})", "check the path") from error


def _opened(archive: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(archive)
    except (zipfile.BadZipFile, OSError, NotImplementedError) as error:
        raise PackError(
            "PACK_MISSING", f"{archive.name} is not a .saepack file ({error})", "name a pack folder or a .saepack file"
        ) from error


def _members(stream: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Return name → member after checking every name, kind and declared size."""
    infos = stream.infolist()
    if len(infos) > 4 * len(ALLOWED_FILES):
        raise _unsafe(f"holds {len(infos)} members")
    result: dict[str, zipfile.ZipInfo] = {}
    folders = set()
    for info in infos:
        path = PurePosixPath(info.filename)
        if info.is_dir() and len(path.parts) <= 1:
            continue
        mode = info.external_attr >> 16
        if (mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG)) or info.flag_bits & 1:
            raise _unsafe(f"holds a link or an encrypted member: {info.filename!r}")
        if len(path.parts) > 2 or ".." in path.parts or "\\" in info.filename or path.name not in ALLOWED_FILES:
            raise _unsafe(f"holds a member a pack may not have: {info.filename!r}")
        if path.name in result:
            raise _unsafe(f"holds {path.name!r} twice")
        if info.file_size > MAX_RATIO * max(info.compress_size, 1024):
            raise _unsafe(f"holds a member that grows too much: {info.filename!r}")
        folders.add(path.parent)
        result[path.name] = info
    if len(folders) > 1:
        raise _unsafe("spreads its files over several folders")
    if sum(info.file_size for info in result.values()) > MAX_TOTAL_BYTES:
        raise _unsafe("is too large")
    return result


def _extract(stream: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path, budget: int) -> int:
    """Write one member, never more than it declared; return its size."""
    written = 0
    try:
        with stream.open(info) as source, target.open("xb") as sink:
            while piece := source.read(_CHUNK):
                written += len(piece)
                if written > min(info.file_size, budget):
                    raise _unsafe(f"holds a member larger than it says: {info.filename!r}")
                sink.write(piece)
            sink.flush()
            os.fsync(sink.fileno())
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise PackError(
            "PACK_CHANGED",
            f"{info.filename!r} in the archive is damaged ({error})",
            "get the pack again from its publisher",
        ) from error
    return written


def _unsafe(why: str) -> PackError:
    return PackError("PACK_UNSAFE", f"the .saepack file {why}", "get the pack again from its publisher")
