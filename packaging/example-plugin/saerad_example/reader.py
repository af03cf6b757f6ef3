"""A reader: binary PGM files (Netpbm ``P5``), as research scanners write them."""

from __future__ import annotations

import re

import numpy as np

from engine.plugins.readers import PlainImage

HEADER = re.compile(rb"P5(?:\s+#[^\n]*)*\s+(\d+)\s+(\d+)\s+(\d+)\s")


def read_pgm(content: bytes, name: str) -> PlainImage:
    """Return the grey levels of a PGM file; more than 255 of them take two bytes, the higher first."""
    header = HEADER.match(content)
    if header is None:
        raise ValueError("this is no binary PGM file")
    columns, rows, top = map(int, header.groups())
    if top < 256:
        return PlainImage(np.frombuffer(content, np.uint8, rows * columns, header.end()).reshape(rows, columns))
    levels = np.frombuffer(content, np.dtype(">u2"), rows * columns, header.end()).astype(np.uint16)
    return PlainImage(levels.reshape(rows, columns))
