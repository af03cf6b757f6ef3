"""What a file is, from its first bytes: nothing is parsed as DICOM that does not look like it."""

from __future__ import annotations

import enum
import re
from pathlib import Path

HEAD_BYTES = 1024
_IMAGE_EXTENSIONS = frozenset({".dcm", ".dicom", ".ima", ".dc3", ".acr", ".png", ".jpg", ".jpeg"})


class Kind(enum.Enum):
    """What can be done with a file."""

    DICOM = "DICOM"
    HEADLESS = "DICOM without preamble"
    PICTURE = "PNG or JPEG picture"
    ZIP = "ZIP archive"
    OTHER = "other"


_SIGNATURES: tuple[tuple[bytes, Kind, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", Kind.PICTURE, "PNG picture"),
    (b"\xff\xd8\xff", Kind.PICTURE, "JPEG picture"),
    (b"PK\x03\x04", Kind.ZIP, "ZIP archive"),
    (b"PK\x05\x06", Kind.ZIP, "ZIP archive"),
    (b"%PDF", Kind.OTHER, "PDF document"),
    (b"GIF8", Kind.OTHER, "GIF picture"),
    (b"BM", Kind.OTHER, "BMP picture"),
    (b"II*\x00", Kind.OTHER, "TIFF picture"),
    (b"MM\x00*", Kind.OTHER, "TIFF picture"),
    (b"\x00\x00\x00\x0cjP  ", Kind.OTHER, "JPEG 2000 picture"),
    (b"\xffO\xffQ", Kind.OTHER, "JPEG 2000 picture"),
    (b"\x1f\x8b", Kind.OTHER, "gzip archive"),
    (b"(\xb5/\xfd", Kind.OTHER, "Zstandard archive"),
    (b"7z\xbc\xaf", Kind.OTHER, "7-Zip archive"),
    (b"Rar!", Kind.OTHER, "RAR archive"),
    (b"\x7fELF", Kind.OTHER, "program"),
    (b"MZ", Kind.OTHER, "program"),
    (b"SQLite format 3", Kind.OTHER, "SQLite database"),
    (b"\x89HDF", Kind.OTHER, "HDF5 file"),
)
# A preamble may hold anything, also what an operating system would run (CVE-2019-11687): Windows, Linux, macOS.
PROGRAM_SIGNATURES = (b"MZ", b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xca\xfe\xba\xbe")
_MARKUP = re.compile(rb"^(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|head|body|\?xml|!--|svg)", re.IGNORECASE)


def recognise(head: bytes) -> tuple[Kind, str]:
    """Return the kind of a file and its name in words.

    Parameters
    ----------
    head : bytes
        Its first `HEAD_BYTES` bytes, or all of a shorter file.
    """
    if head[128:132] == b"DICM":
        return Kind.DICOM, "DICOM file"
    for signature, kind, name in _SIGNATURES:
        if head.startswith(signature):
            return kind, name
    if _MARKUP.match(head):
        return Kind.OTHER, "web page or XML text"
    if _is_headless(head):
        return Kind.HEADLESS, "DICOM file without preamble"
    return Kind.OTHER, "text file" if _is_text(head) else "file of an unknown kind"


def looks_like_image(path: Path, head: bytes) -> bool:
    """Whether a file met in a folder is worth opening: by its content, or by a name that promises an image."""
    kind, _ = recognise(head)
    return kind in (Kind.DICOM, Kind.HEADLESS, Kind.PICTURE) or promises_image(path)


def promises_image(path: Path) -> bool:
    """Whether a file's name says DICOM, PNG or JPEG: one that is none is damaged, not some other file."""
    return path.suffix.lower() in _IMAGE_EXTENSIONS


def _is_headless(head: bytes) -> bool:
    """Whether the bytes begin with a data element of group 2 or 8, as a data set without preamble does."""
    if len(head) < 8:
        return False
    known_vr = head[4:6].isalpha() and head[4:6].isupper()
    for order in ("little", "big"):
        group = int.from_bytes(head[0:2], order)
        element = int.from_bytes(head[2:4], order)
        if group not in (0x0002, 0x0008) or element > 0x2000:
            continue
        if known_vr:
            return True
        # Implicit VR: a first element of these groups is short.
        if order == "little" and int.from_bytes(head[4:8], "little") <= 0x400:
            return True
    return False


def _is_text(head: bytes) -> bool:
    return b"\x00" not in head and all(byte >= 0x20 or byte in b"\t\r\n\f\x1b" for byte in head)
