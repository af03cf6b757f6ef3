"""Colour that is really grey, and refusal of colour that is not."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.errors import ReadError

# Conversion from YCbCr rounds each channel by itself, so a grey pixel may come out uneven by this much.
_ROUNDING = 2


def gray_of_rgb(rgb: npt.NDArray[np.integer], what: str) -> npt.NDArray[np.integer]:
    """Return the grey values of an RGB picture whose channels agree.

    Parameters
    ----------
    rgb : ndarray of int, shape (rows, columns, 3)
    what : str
        The picture in words, for the message.

    Raises
    ------
    ReadError
        ``NOT_GRAYSCALE`` if any pixel has a colour.
    """
    red, green, blue = (rgb[..., channel] for channel in range(3))
    highest = np.maximum(np.maximum(red, green), blue)
    lowest = np.minimum(np.minimum(red, green), blue)
    if int((highest - lowest).max()) > _ROUNDING:
        raise ReadError(
            "NOT_GRAYSCALE",
            f"the file is {what} with colour in it",
            "radiographs are grey; open the original image instead of a coloured copy",
        )
    return np.ascontiguousarray(green)
