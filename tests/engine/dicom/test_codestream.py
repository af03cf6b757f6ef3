"""Headers of compressed frames, byte by byte."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate

from engine.dicom.codestream import is_complete, read_codestream
from engine.dicom.files import read_radiograph
from engine.errors import ReadError


def jpeg(marker: int, precision: int, rows: int, columns: int) -> bytes:
    """A JPEG with an APP0 segment, a fill byte, its frame header and nothing but the end."""
    frame_header = struct.pack(">BHHB", precision, rows, columns, 1) + b"\x01\x11\x00"
    app0 = b"\xff\xe0\x00\x06JFIF"
    return b"\xff\xd8" + app0 + b"\xff\xff" + bytes([marker]) + b"\x00\x0b" + frame_header + b"\xff\xd9"


@pytest.mark.parametrize(
    ("marker", "syntax"),
    [
        (0xC0, uid.JPEGBaseline8Bit),
        (0xC1, uid.JPEGExtended12Bit),
        (0xC3, uid.JPEGLosslessSV1),
        (0xF7, uid.JPEGLSNearLossless),
    ],
)
def test_jpeg_frame_header(marker: int, syntax: str) -> None:
    found = read_codestream(jpeg(marker, 12, 300, 200))
    assert found is not None
    assert (found.rows, found.columns, found.components, found.precision) == (300, 200, 1, 12)
    assert found.transfer_syntax == syntax


@pytest.mark.parametrize(("capabilities", "syntax"), [(0, uid.JPEG2000), (0x4000, uid.HTJ2K)])
def test_jpeg_2000_size_segment(capabilities: int, syntax: str) -> None:
    sizes = struct.pack(">HIIIIIIIIH", capabilities, 210, 320, 10, 20, 200, 300, 0, 0, 1)
    found = read_codestream(b"\xff\x4f\xff\x51\x00\x29" + sizes + b"\x8b\x01\x01")
    assert found is not None
    assert (found.rows, found.columns, found.components, found.precision) == (300, 200, 1, 12)
    assert found.transfer_syntax == syntax


@pytest.mark.parametrize(
    "frame", [b"", b"RLE", b"\xff\xd8", b"\xff\xd8\xff\xc0\x00", b"\xff\xd8junk!", b"\xff\x4f\xff\x51\x00\x29\x00"]
)
def test_what_is_no_codestream_or_ends_too_early_is_none(frame: bytes) -> None:
    assert read_codestream(frame) is None


def test_end_marker_may_be_padded() -> None:
    assert is_complete(b"\xff\xd8...\xff\xd9\x00")
    assert not is_complete(b"\xff\xd8..." + bytes(8))


def test_twelve_bit_jpeg_extended_is_named_as_unsupported(
    header: Callable[..., Dataset], write_dicom: Callable[..., Path]
) -> None:
    dataset = header(np.zeros((30, 20), dtype=np.uint16), PixelData=encapsulate([jpeg(0xC1, 12, 30, 20)]))
    dataset["PixelData"].VR, dataset["PixelData"].is_undefined_length = "OB", True
    with pytest.raises(ReadError, match=r"SYNTAX_UNSUPPORTED.*12 bits"):
        read_radiograph(write_dicom(dataset, syntax=uid.JPEGExtended12Bit))
