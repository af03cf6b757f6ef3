"""Images inside ZIP archives, read without unpacking: ``study.zip/CT/1.dcm`` names a member as a path names a file."""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from types import TracebackType

from engine.dicom.limits import check_file_size
from engine.errors import ReadError

MAX_MEMBERS = 100_000
MAX_DIRECTORY_BYTES = 64 << 20
MAX_TOTAL_BYTES = 256 << 30
MAX_RATIO = 200
SMALL_MEMBER_BYTES = 32 << 20
"""Up to this size a member may be compressed to anything: a blank film is, and cannot hurt."""
_CHUNK = 1 << 20
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def split_member(path: Path) -> tuple[Path, str] | None:
    """Return archive and member of a path that leads into a file, None for any other path.

    >>> split_member(Path("study.zip/CT/1.dcm"))  # doctest: +SKIP
    (PosixPath('study.zip'), 'CT/1.dcm')
    """
    for parent in path.parents:
        if parent.is_dir():
            return None
        if parent.is_file():
            return parent, path.relative_to(parent).as_posix()
    return None


def read_member(archive: Path, name: str) -> bytes:
    """Return the content of one member; raises as `Archive`, or ``FILE_MISSING``."""
    with Archive(archive) as opened:
        return opened.read(name)


class Archive:
    """A ZIP archive whose members were all checked when it was opened; nothing is ever written.

    Parameters
    ----------
    path : Path

    Attributes
    ----------
    members : dict of str to ZipInfo
        Files in the archive by their path in it, in order of name; links and folders are left out.

    Raises
    ------
    ReadError
        ``ARCHIVE_DAMAGED`` (no proper ZIP), ``ARCHIVE_UNSAFE`` (paths that lead out of it, names twice, too many
        members, too large or grown too much), ``ARCHIVE_ENCRYPTED``, ``ARCHIVE_UNSUPPORTED`` (another compression than
        deflate), ``FILE_MISSING`` or ``FILE_UNREADABLE``.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file = _BoundedFile(io.FileIO(path))
        except OSError as error:
            code = "FILE_UNREADABLE" if path.exists() else "FILE_MISSING"
            raise ReadError(
                code, f"the archive cannot be read ({error.strerror or error})", "check path and permissions"
            ) from error
        try:
            self._zip = zipfile.ZipFile(self._file)
            self.members = _checked(self._zip.infolist())
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
            self._file.close()
            raise _damaged(str(error)) from error
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()
        self._file.close()

    def head(self, name: str, size: int) -> bytes:
        """Return the first `size` bytes of a member, all of it if it is shorter."""
        return self._read(self._member(name), size)

    def read(self, name: str) -> bytes:
        """Return a member; its size is checked as a file's, its content by the archive's checksum."""
        info = self._member(name)
        check_file_size(info.file_size)
        return self._read(info, info.file_size + 1)

    def _member(self, name: str) -> zipfile.ZipInfo:
        try:
            return self.members[name]
        except KeyError:
            raise ReadError("FILE_MISSING", "the archive holds no such file", "open the archive again") from None

    def _read(self, info: zipfile.ZipInfo, size: int) -> bytes:
        """Return at most `size` bytes; a member that grows beyond what it declared is refused."""
        content = bytearray()
        try:
            with self._zip.open(info) as stream:
                while len(content) < size and (piece := stream.read(min(_CHUNK, size - len(content)))):
                    content += piece
        except (zipfile.BadZipFile, EOFError, NotImplementedError, ValueError, OSError, zlib.error) as error:
            raise _damaged(str(error)) from error
        if len(content) < min(size, info.file_size) or len(content) > info.file_size:
            raise _damaged("a member is of another size than it says")
        return bytes(content)


class _BoundedFile(io.BufferedReader):
    """Lets the ZIP reader take no more memory for the archive's table of contents than the limit."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > MAX_DIRECTORY_BYTES:
            raise _unsafe("has a table of contents that is too large")
        return super().read(size)


def _checked(infos: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """Return path → member in order of name, after checking what every member says of itself."""
    if len(infos) > MAX_MEMBERS:
        raise _unsafe(f"holds {len(infos):,} files, more than the {MAX_MEMBERS:,} that are looked at")
    if sum(info.file_size for info in infos) > MAX_TOTAL_BYTES:
        raise _unsafe(f"unpacks to more than {MAX_TOTAL_BYTES >> 30} GiB")
    found: dict[str, zipfile.ZipInfo] = {}
    for info in infos:
        path = PurePosixPath(info.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or (path.parts and path.parts[0].endswith(":")):
            raise _unsafe("holds a file whose path leads out of it")
        kind = stat.S_IFMT(info.external_attr >> 16)
        if info.is_dir() or not path.parts or kind not in (0, stat.S_IFREG):
            continue
        if str(path) in found:
            raise _unsafe("holds two files of one name")
        if info.flag_bits & 1:
            raise ReadError(
                "ARCHIVE_ENCRYPTED",
                "the ZIP archive is protected by a password",
                "unpack it with its password and open the folder",
            )
        if info.compress_type not in _COMPRESSIONS:
            raise ReadError(
                "ARCHIVE_UNSUPPORTED",
                "the ZIP archive is compressed in another way than deflate",
                "unpack it and open the folder",
            )
        if info.file_size > max(SMALL_MEMBER_BYTES, MAX_RATIO * info.compress_size):
            raise _unsafe(f"holds a file that grows more than {MAX_RATIO} times")
        found[str(path)] = info
    return dict(sorted(found.items()))


def _damaged(why: str) -> ReadError:
    return ReadError("ARCHIVE_DAMAGED", f"the ZIP archive is damaged ({why})", "copy or export it again")


def _unsafe(why: str) -> ReadError:
    return ReadError(
        "ARCHIVE_UNSAFE", f"the ZIP archive {why}", "it is not to be trusted; ask its sender for the images again"
    )
