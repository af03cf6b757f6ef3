"""From a file to the encoder's input by the engine's own path; runs in the worker processes of a harvest."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from engine.dicom.files import read_radiograph
from engine.errors import InferenceError
from engine.inference.analysis import GateVerdict
from engine.inference.gate import pixel_verdict
from engine.inference.header_gate import header_verdict
from engine.inference.preprocess import pixel_values
from engine.pack.manifest import EncoderSpec


def prepare(path: Path, spec: EncoderSpec) -> npt.NDArray[np.float32]:
    """Read a file, ask the input gate's checks of header and pixels, and preprocess it.

    The gate's model checks are not asked: they were fitted on what some pack was trained on, and this is where the
    next one is made.

    Returns
    -------
    ndarray of float32, shape (1, 3, input_height, input_width)
        What `engine.inference.analyzer.Analyzer` would give the encoder.

    Raises
    ------
    ReadError
        When the file cannot be opened.
    InferenceError
        With the gate's code when it refuses the image; ``IMAGE_SHAPE``.
    """
    radiograph = read_radiograph(path)
    _refuse(header_verdict(radiograph))
    image = radiograph.display()
    _refuse(pixel_verdict(image))
    return pixel_values(image, spec)


def _refuse(verdict: GateVerdict) -> None:
    if verdict.verdict == "refused":
        raise InferenceError(verdict.code, verdict.message)


def prepare_alone(path: Path, spec: EncoderSpec) -> npt.NDArray[np.float32]:
    """Do the same in a process of several: each uses one thread, or they would stand in each other's way."""
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    return prepare(path, spec)
