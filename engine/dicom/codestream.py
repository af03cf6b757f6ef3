"""The size that a compressed frame says it has, read from its own header before a decoder takes memory for it."""

from __future__ import annotations

import struct

from pydicom import uid

# Start-of-frame markers (ITU-T T.81 table B.1) and JPEG-LS's (T.87 C.1.1) → the transfer syntax they belong to.
_START_OF_FRAME: dict[int, str] = {
    0xC0: uid.JPEGBaseline8Bit,
    0xC1: uid.JPEGExtended12Bit,
    0xC2: uid.JPEGExtended12Bit,
    0xC3: uid.JPEGLosslessSV1,
    0xF7: uid.JPEGLSNearLossless,
}


class Codestream:
    """What the first bytes of a JPEG, JPEG-LS or JPEG 2000 frame say.

    Attributes
    ----------
    rows, columns, components, precision : int
    transfer_syntax : str
        A transfer syntax that decodes it.
    """

    def __init__(self, rows: int, columns: int, components: int, precision: int, transfer_syntax: str) -> None:
        self.rows = rows
        self.columns = columns
        self.components = components
        self.precision = precision
        self.transfer_syntax = transfer_syntax


def read_codestream(frame: bytes) -> Codestream | None:
    """Return what the frame's header says, None when it is none of the known codestreams or ends too early."""
    try:
        if frame.startswith(b"\xff\xd8"):
            return _jpeg(frame)
        if frame.startswith(b"\xff\x4f\xff\x51"):
            return _jpeg2000(frame)
    except (struct.error, IndexError):
        return None
    return None


def _jpeg(frame: bytes) -> Codestream | None:
    position = 2
    while position + 4 <= len(frame):
        if frame[position] != 0xFF:
            return None
        marker = frame[position + 1]
        if marker == 0xFF:
            position += 1
            continue
        if marker in _START_OF_FRAME:
            precision, rows, columns, components = struct.unpack_from(">BHHB", frame, position + 4)
            return Codestream(rows, columns, components, precision, _START_OF_FRAME[marker])
        position += 2 + int(struct.unpack_from(">H", frame, position + 2)[0])
    return None


def _jpeg2000(frame: bytes) -> Codestream:
    """Read the SIZ segment (ITU-T T.800 A.5.1), which always comes first."""
    capabilities, x, y, x0, y0 = struct.unpack_from(">HIIII", frame, 6)
    components, depth = struct.unpack_from(">HB", frame, 40)
    high_throughput = bool(capabilities & 0x4000)
    syntax = uid.HTJ2K if high_throughput else uid.JPEG2000
    return Codestream(y - y0, x - x0, components, (depth & 0x7F) + 1, syntax)


def is_complete(frame: bytes) -> bool:
    """Whether the frame has its end marker (EOI of JPEG and JPEG-LS, EOC of JPEG 2000), padding behind it aside.

    Decoders fill what is missing with grey and say nothing, which must not pass for a radiograph.
    """
    return b"\xff\xd9" in frame.rstrip(b"\x00")[-64:]
