"""The heat maps of a DICOM SEG as arrays in the geometry of their image."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom

from SaeRadLib.results import AnalysisError

THRESHOLD = 10.0
"""Per cent of the fixed scale from which the program draws a map, unless a person chooses another."""


@dataclass(frozen=True)
class Segment:
    """One heat map.

    Attributes
    ----------
    percent : ndarray of float32, shape (1, rows, columns)
        Per cent of the fixed colour scale, in the order of Slicer's arrays (slice, row, column).
    colour : tuple of float
        Red, green, blue, 0..1.
    """

    number: int
    label: str
    description: str
    colour: tuple[float, float, float]
    percent: np.ndarray


def read_segments(path: Path, uid: str, shape: tuple[int, int]) -> list[Segment]:
    """Read the maps of an image.

    Parameters
    ----------
    uid : str
        SOP Instance UID of the image that is shown.
    shape : tuple of int
        Its rows and columns.

    Raises
    ------
    AnalysisError
        When the file refers to another image or has another size.
    """
    dataset = pydicom.dcmread(path)
    referenced = {
        str(instance.ReferencedSOPInstanceUID)
        for series in dataset.ReferencedSeriesSequence
        for instance in series.ReferencedInstanceSequence
    }
    if referenced != {uid} or (dataset.Rows, dataset.Columns) != shape:
        raise AnalysisError("the heat maps belong to another image than the one shown")
    frames = dataset.pixel_array.reshape(-1, dataset.Rows, dataset.Columns)
    percent = frames.astype(np.float32) * (100.0 / float(dataset.MaximumFractionalValue))
    by_number = {
        int(frame.SegmentIdentificationSequence[0].ReferencedSegmentNumber): percent[place]
        for place, frame in enumerate(dataset.PerFrameFunctionalGroupsSequence)
    }
    return [
        Segment(
            number=int(item.SegmentNumber),
            label=str(item.SegmentLabel),
            description=str(item.get("SegmentDescription", "")),
            colour=_rgb(item.get("RecommendedDisplayCIELabValue")),
            percent=by_number[int(item.SegmentNumber)][None],
        )
        for item in dataset.SegmentSequence
    ]


def _rgb(lab: list[int] | None) -> tuple[float, float, float]:
    """Return DICOM's CIELab (PS3.3 C.10.7.1.1) as sRGB; orange where there is none.

    By the white point D65, for which highdicom writes it; the standard's D50 would be a shade off the program's.
    """
    if lab is None:
        return 1.0, 0.62, 0.11
    light, a, b = lab[0] * 100.0 / 65535.0, lab[1] * 255.0 / 65535.0 - 128.0, lab[2] * 255.0 / 65535.0 - 128.0
    y = (light + 16.0) / 116.0
    ratio = np.array([y + a / 500.0, y, y - b / 200.0])
    ratio = np.where(ratio > 6.0 / 29.0, ratio**3, 3.0 * (6.0 / 29.0) ** 2 * (ratio - 4.0 / 29.0))
    to_linear = np.array([[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]])
    linear = np.clip(to_linear @ (ratio * np.array([0.95047, 1.0, 1.08883])), 0.0, 1.0)
    red, green, blue = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return float(red), float(green), float(blue)
