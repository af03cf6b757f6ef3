"""Boxes on an image, and how much of some lies within others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, model_validator

MASK_SIDE = 224
"""Side of the mask on which boxes are drawn, as in RadFact."""

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class Box(BaseModel):
    """A box as shares of the image's width and height."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    x_min: Share
    y_min: Share
    x_max: Share
    y_max: Share

    @model_validator(mode="after")
    def _ordered(self) -> Box:
        if self.x_min > self.x_max or self.y_min > self.y_max:
            raise ValueError("the minimum of a box exceeds its maximum")
        return self


def share_within(boxes: Iterable[Box], others: Iterable[Box]) -> float:
    """Return the share of the area of some boxes that lies within others, 0..1; NaN where they have no area."""
    own, other = _mask(list(boxes)), _mask(list(others))
    area = own.sum()
    return float((own & other).sum() / area) if area else float("nan")


def _mask(boxes: Sequence[Box]) -> npt.NDArray[np.bool_]:
    mask = np.zeros((MASK_SIDE, MASK_SIDE), dtype=np.bool_)
    for box in boxes:
        x0, y0, x1, y1 = (int(value * MASK_SIDE) for value in (box.x_min, box.y_min, box.x_max, box.y_max))
        mask[y0:y1, x0:x1] = True
    return mask
