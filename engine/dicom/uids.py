"""A name for images that have none."""

from __future__ import annotations

import hashlib
import uuid

import numpy as np
import numpy.typing as npt


def uid_of_pixels(stored: npt.NDArray[np.integer]) -> str:
    """Return a UID that follows from the pixels alone: the same picture always gets the same one.

    ``2.25.`` and a UUID as an integer (PS3.5 B.2), the UUID of version 8 made from the SHA-256 of shape and values.
    """
    values = np.ascontiguousarray(stored)
    little = values.astype(values.dtype.newbyteorder("<"), copy=False)
    digest = hashlib.sha256(f"{values.shape}{little.dtype.str}".encode() + little.tobytes()).digest()
    number = int.from_bytes(digest[:16], "big")
    number = (number & ~(0xF << 76)) | (8 << 76)
    number = (number & ~(0x3 << 62)) | (2 << 62)
    return f"2.25.{uuid.UUID(int=number).int}"
