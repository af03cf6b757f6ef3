"""Look for text in the pixels, which no header tells of: a heuristic that can miss and can be wrong."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

CORNER = 0.3
"""Share of each side that counts as a corner: where devices and screen captures write."""
NEAR = 0.02
"""Share of the image's range: lossy compression spreads what was one value."""
MIN_LETTERS = 5
"""Lead markers have fewer letters in a row."""
_HEIGHTS = (6, 64)

Box = tuple[int, int, int, int]


def text_like_corners(stored: npt.NDArray[np.integer]) -> tuple[str, ...]:
    """Name the corners that look as if they held a line of text.

    Text that a device burns in is as dark or bright as the image gets, and stands as a row of small separate shapes of
    about one height. Text of another grey, with touching letters, upright, or away from the corners is missed.

    Parameters
    ----------
    stored : array of int, shape (rows, columns)
        Stored values of a grey image.
    """
    if stored.min() == stored.max():
        return ()
    rows, columns = stored.shape
    tall, wide = max(1, int(rows * CORNER)), max(1, int(columns * CORNER))
    corners = {
        "top left": stored[:tall, :wide],
        "top right": stored[:tall, -wide:],
        "bottom left": stored[-tall:, :wide],
        "bottom right": stored[-tall:, -wide:],
    }
    low, high = int(stored.min()), int(stored.max())
    near = (high - low) * NEAR
    return tuple(
        name for name, part in corners.items() if _has_line(part <= low + near) or _has_line(part >= high - near)
    )


def _has_line(mask: npt.NDArray[np.bool_]) -> bool:
    return any(_in_line(box, boxes) >= MIN_LETTERS for boxes in [_letters(mask)] for box in boxes)


def _letters(mask: npt.NDArray[np.bool_]) -> list[Box]:
    """Return the shapes of a letter's size and density as (left, top, width, height)."""
    shapes = sitk.LabelShapeStatisticsImageFilter()
    shapes.Execute(sitk.ConnectedComponent(sitk.GetImageFromArray(mask.astype(np.uint8)), True))
    found = []
    for label in shapes.GetLabels():
        left, top, width, height = shapes.GetBoundingBox(label)
        area = shapes.GetNumberOfPixels(label)
        sized = _HEIGHTS[0] <= height <= _HEIGHTS[1] and 1 <= width <= 1.5 * height
        # Strokes fill a part of their box; a full box is a bar, as also "I" and "l" are.
        if sized and 0.15 * width * height <= area and (area <= 0.85 * width * height or 4 * width <= height):
            found.append((left, top, width, height))
    return found


def _in_line(first: Box, boxes: Sequence[Box]) -> int:
    """Count the shapes that stand on one line with the first, as high as it and each near the one before."""
    left, top, width, height = first
    count, end = 1, left + width
    for x, y, wide, high in sorted(boxes):
        level = abs(y + high - top - height) <= max(2, height // 5) and 0.6 * height <= high <= 1.5 * height
        if x >= end and level and x - end <= 1.5 * height:
            count, end = count + 1, x + wide
    return count
