"""How a data set is encoded: stated by the file, or found out where it does not say."""

from __future__ import annotations

import struct
import zlib

from pydicom import uid
from pydicom.uid import UID

from engine.dicom.codestream import read_codestream
from engine.dicom.elements import Elements
from engine.dicom.limits import MAX_INFLATED_BYTES
from engine.dicom.pixels import NATIVE, first_frame
from engine.errors import ReadError

_LONG_VRS = (b"OB", b"OW", b"UN", b"SQ", b"UT", b"OF", b"OD", b"OL", b"UC", b"UR")


def transfer_syntax(header: Elements) -> str:
    """Return the transfer syntax UID; where the file names none it is guessed from its bytes, with a warning."""
    meta = getattr(header.dataset, "file_meta", {})
    stated = str(meta.get("TransferSyntaxUID", "") or "")
    native = not stated or (stated in NATIVE)
    # Compressed pixels have no length of their own, uncompressed ones always have.
    wrong = native and stated != "" and header.dataset["PixelData"].is_undefined_length
    if stated and not wrong:
        return stated
    guessed = _guess(header)
    problem = "names a transfer syntax that is not that of its pixels" if wrong else "does not name its transfer syntax"
    header.warn(f"The file {problem}; it was read as {UID(guessed).name}.")
    return guessed


def _guess(header: Elements) -> str:
    element = header.dataset["PixelData"]
    implicit, little = header.dataset.original_encoding
    if element.is_undefined_length:
        frame = first_frame(element.value, 1)
        stream = read_codestream(frame)
        return stream.transfer_syntax if stream else uid.RLELossless
    if little is False:
        return uid.ExplicitVRBigEndian
    return uid.ImplicitVRLittleEndian if implicit else uid.ExplicitVRLittleEndian


def check_inflated_size(content: bytes) -> None:
    """Refuse a deflated data set that grows over the limit (``FILE_TOO_LARGE``) or is broken (``DICOM_DAMAGED``)."""
    syntax, start = _stated_syntax(content)
    if syntax != uid.DeflatedExplicitVRLittleEndian:
        return
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    total, rest = 0, content[start:]
    try:
        while rest and not inflater.eof:
            total += len(inflater.decompress(rest, 1 << 24))
            rest = inflater.unconsumed_tail
            if total > MAX_INFLATED_BYTES:
                raise ReadError(
                    "FILE_TOO_LARGE",
                    f"the deflated file grows to more than {MAX_INFLATED_BYTES >> 20} MiB",
                    "it is not to be trusted; ask for it uncompressed",
                )
    except zlib.error as error:
        raise ReadError(
            "DICOM_DAMAGED", f"the deflated data set cannot be inflated ({error})", "copy or export the file again"
        ) from error


def _stated_syntax(content: bytes) -> tuple[str, int]:
    """Return the transfer syntax and the end of the file meta information (PS3.10 7.1), ("", 0) without one."""
    if content[128:132] != b"DICM":
        return "", 0
    syntax, position = "", 132
    while position + 8 <= len(content) and content[position : position + 2] == b"\x02\x00":
        if content[position + 4 : position + 6] in _LONG_VRS:
            value, length = position + 12, int.from_bytes(content[position + 8 : position + 12], "little")
        else:
            value, length = position + 8, int(struct.unpack_from("<H", content, position + 6)[0])
        if content[position + 2 : position + 4] == b"\x10\x00":
            syntax = content[value : value + length].rstrip(b"\x00 ").decode("ascii", "replace")
        position = value + length
    return syntax, position
