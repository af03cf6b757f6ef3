"""``preprocessor_config.json``: how the reference makes an encoder's input, as a rule of the engine."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.errors import EncoderError

Three = tuple[float, float, float]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Edge(_Strict):
    shortest_edge: Annotated[int, Field(ge=14, le=2048)]


class _Crop(_Strict):
    height: Annotated[int, Field(ge=14, le=2048)]
    width: Annotated[int, Field(ge=14, le=2048)]


class Preprocessor(BaseModel):
    """What the engine reproduces: shortest edge to a size, bicubic; centre crop; 1/255; mean and standard deviation.

    Attributes
    ----------
    resample : int
        3 is bicubic, by Pillow's numbers.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    image_processor_type: Literal["BitImageProcessor", "BitImageProcessorFast", "BitImageProcessorPil"]
    do_resize: Literal[True]
    size: _Edge
    resample: Literal[3]
    do_center_crop: Literal[True]
    crop_size: _Crop
    do_rescale: Literal[True]
    rescale_factor: float
    do_normalize: Literal[True]
    image_mean: Three
    image_std: Three


def parse_preprocessor(fields: dict[str, Any], patch_size: int) -> Preprocessor:
    """Check the fields of ``preprocessor_config.json``.

    Raises
    ------
    EncoderError
        ``IMPORT_PREPROCESSOR`` for a rule that the engine does not reproduce.
    """
    try:
        found = Preprocessor.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        raise _not_read(f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from error
    crop = found.crop_size
    if crop.height != crop.width:
        raise _not_read(f"the input is {crop.height} x {crop.width} and not square")
    if crop.height % patch_size:
        raise _not_read(f"an input of {crop.height} pixels is no multiple of the patch size {patch_size}")
    if crop.height > found.size.shortest_edge:
        raise _not_read("the crop is larger than the resized image, which would be framed in black")
    if not math.isclose(found.rescale_factor, 1.0 / 255.0, rel_tol=1e-6):
        raise _not_read(f"rescale_factor is {found.rescale_factor}, not 1/255")
    if not all(math.isfinite(value) for value in (*found.image_mean, *found.image_std)) or min(found.image_std) <= 0:
        raise _not_read("mean and standard deviation are not numbers to divide by")
    return found


def _not_read(why: str) -> EncoderError:
    return EncoderError(
        "IMPORT_PREPROCESSOR",
        f"preprocessor_config.json asks for what the program does not reproduce ({why})",
        "it knows BitImageProcessor: shortest edge, bicubic, centre crop to a square, 1/255, mean and deviation",
    )
