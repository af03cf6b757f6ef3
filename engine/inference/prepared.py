"""An image ready for the encoder: all that can be done for it before its turn."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.dicom.radiograph import Radiograph
from engine.inference.analysis import GateVerdict
from engine.inference.gate import pixel_verdict
from engine.inference.preprocess import pixel_values
from engine.pack.manifest import EncoderSpec


@dataclass(frozen=True, eq=False)
class Prepared:
    """What the encoder takes of one image.

    Attributes
    ----------
    verdict : GateVerdict
        What the displayed pixels say before any model sees them.
    pixels : ndarray of float32, shape (1, 3, input_height, input_width), or None
        None where the verdict is a refusal.
    seconds : float
        Time that it took.
    """

    verdict: GateVerdict
    pixels: npt.NDArray[np.float32] | None
    seconds: float


def prepare(radiograph: Radiograph, spec: EncoderSpec) -> Prepared:
    """Display the image, judge its pixels and bring them to the encoder's size.

    Raises
    ------
    InferenceError
        ``IMAGE_SHAPE``, see `engine.inference.preprocess.encoder_image`.
    """
    start = time.perf_counter()
    image = radiograph.display()
    verdict = pixel_verdict(image)
    pixels = None if verdict.verdict == "refused" else pixel_values(image, spec)
    return Prepared(verdict, pixels, time.perf_counter() - start)
