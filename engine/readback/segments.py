"""A segmentation: its segments, and the frames of each on each image (PS3.3 A.51)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.dicom.elements import Elements
from engine.dicom.pixel_description import PixelDescription
from engine.dicom.pixels import decode_frame
from engine.inference.outline import outline
from engine.readback.coded import Code
from engine.readback.graphics import Points

Mask = npt.NDArray[np.uint8]
_GRID = 1024
"""Longer side, in samples, of the grid on which a segment is outlined: finer than a screen's pixel of a whole image."""


@dataclass(frozen=True)
class Segment:
    """One segment.

    Attributes
    ----------
    kind, category : Code or None
        Segmented Property Type and Category.
    colour : str
        Recommended colour as ``#rrggbb``, empty without one.
    made_by : str
        Segment Algorithm Type (``AUTOMATIC``, ``SEMIAUTOMATIC``, ``MANUAL``) and the algorithm's name.
    """

    number: int
    label: str = ""
    description: str = ""
    kind: Code | None = None
    category: Code | None = None
    colour: str = ""
    made_by: str = ""
    tracking: str = ""


class StoredFrames:
    """The pixels of a segmentation as its file has them."""

    def __init__(self, header: Elements, pixels: PixelDescription, syntax: str) -> None:
        self._header, self._pixels, self._syntax = header, pixels, syntax

    def decode(self, number: int) -> Mask:
        """Return a frame (from 0); raises as `engine.dicom.pixels.decode_frame`."""
        return decode_frame(self._header, self._pixels, self._syntax, number).astype(np.uint8)


@dataclass(frozen=True, eq=False)
class Segmentation:
    """What a segmentation holds; its frames are decoded when they are asked for.

    Attributes
    ----------
    fractional : str
        ``OCCUPANCY`` or ``PROBABILITY`` of a fractional segmentation, empty for a binary one.
    top : int
        Stored value that means 1.
    frames : mapping of (int, str) to int
        Number of the frame, from 0, of a segment on an image, by segment number and SOP Instance UID.
    stored : StoredFrames or None
        None where the object came from another process, which kept the pixels.
    """

    segments: tuple[Segment, ...]
    rows: int
    columns: int
    fractional: str
    top: int
    frames: Mapping[tuple[int, str], int]
    stored: StoredFrames | None = None

    def on(self, uid: str) -> tuple[Segment, ...]:
        """Return the segments that have a frame on an image."""
        return tuple(segment for segment in self.segments if (segment.number, uid) in self.frames)

    def mask(self, number: int, uid: str) -> Mask:
        """Return a segment on an image.

        Returns
        -------
        ndarray of uint8, shape (rows, columns)
            Stored values, 0 to `top`.

        Raises
        ------
        KeyError
            When the segment has no frame on the image, or the pixels are not held.
        ReadError
            As `engine.dicom.pixels.decode_frame`.
        """
        if self.stored is None:
            raise KeyError(number)
        return self.stored.decode(self.frames[number, uid])

    def contours(self, number: int, uid: str, level: float = 0.5) -> list[Points]:
        """Outline where a segment is at least `level` (0..1 of what can be stored).

        Returns
        -------
        list of ndarray of float64, shape (points, 2)
            Closed lines of (column, row) in pixels of the image, 0, 0 at the corner of its first one.
        """
        mask = self.mask(number, uid)
        step = max(1, max(mask.shape) // _GRID)
        # Means, not samples: a line one pixel wide is not lost between two of them.
        rows, columns = (-(-n // step) for n in mask.shape)
        share = np.zeros((rows * step, columns * step), dtype=np.float32)
        share[: mask.shape[0], : mask.shape[1]] = mask
        share = share.reshape(rows, step, columns, step).mean(axis=(1, 3)) / self.top
        # The outline looks at every second value; doubled, at each.
        lines = outline(np.repeat(np.repeat(share, 2, axis=0), 2, axis=1), level)
        size = np.array([columns * step, rows * step], dtype=np.float64)
        half = step / 4.0
        return [np.clip(line * size + half, 0.0, (self.columns, self.rows)) for line in lines]
