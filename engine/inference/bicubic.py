"""The reference processor of the DINOv2 family: shorter side to a size, bicubic, centred crop, on 8-bit greys."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

from engine.errors import InferenceError
from engine.pack.manifest import EncoderSpec

FloatImage = npt.NDArray[np.float32]
MOST_LONG = 16
"""How often the shorter side may lie in the longer one."""


def resized_size(rows: int, columns: int, edge: int) -> tuple[int, int]:
    """Return rows and columns when the shorter side becomes `edge`; the longer one is cut to whole pixels."""
    if columns <= rows:
        return int(edge * rows / columns), edge
    return edge, int(edge * columns / rows)


def crop_corner(rows: int, columns: int, spec: EncoderSpec) -> tuple[int, int]:
    """Return top and left of the crop in the resized image; an odd pixel goes to the right and below."""
    return (rows - spec.input_height) // 2, (columns - spec.input_width) // 2


def bicubic_box(rows: int, columns: int, spec: EncoderSpec) -> tuple[float, float, float, float]:
    """Return the part of an image that is seen: (left, top, right, bottom) in pixel edges."""
    assert spec.resize_edge is not None
    height, width = resized_size(rows, columns, spec.resize_edge)
    top, left = crop_corner(height, width, spec)
    down, across = rows / height, columns / width
    return left * across, top * down, (left + spec.input_width) * across, (top + spec.input_height) * down


def bicubic_input(image: FloatImage, spec: EncoderSpec) -> FloatImage:
    """Resize and crop as ``BitImageProcessor`` does.

    The processor is given 8-bit pictures, and encoders were trained on such: the displayed image is rounded to 256
    greys first, and Pillow rounds and clips to them after each direction. What comes out is the reference's, to the
    last bit.

    Parameters
    ----------
    image : ndarray of float32, shape (rows, columns)
        Displayed values, 0 black to 1 white.

    Returns
    -------
    ndarray of float32, shape (input_height, input_width)
        Multiples of 1/255.

    Raises
    ------
    InferenceError
        ``IMAGE_SHAPE`` for a strip that would become huge before it is cropped.
    """
    assert spec.resize_edge is not None
    grey = np.rint(np.clip(image, 0.0, 1.0) * np.float32(255.0)).astype(np.uint8)
    height, width = resized_size(image.shape[0], image.shape[1], spec.resize_edge)
    if max(height, width) > MOST_LONG * spec.resize_edge:
        raise InferenceError(
            "IMAGE_SHAPE",
            f"an image of shape {image.shape} is too long and narrow to be analysed",
            "open the radiograph itself, uncut",
        )
    top, left = crop_corner(height, width, spec)
    picture = Image.fromarray(grey).resize((width, height), Image.Resampling.BICUBIC)
    seen = np.asarray(picture)[top : top + spec.input_height, left : left + spec.input_width]
    return seen.astype(np.float32) / np.float32(255.0)
