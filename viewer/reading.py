"""Finds and decodes images for the window, in the engine's worker process: a hostile file cannot bring it down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.dicom.radiograph import Radiograph
from engine.worker.decode import shared_decoder, submit_decode
from engine.worker.job import Job
from viewer.image.pyramid import Pyramid, build_pyramid
from viewer.marking import mark
from viewer.state.images import Problem
from viewer.studies.thumbnail_job import small_picture
from viewer.tasks import TaskControl
from viewer.waiting import wait


@dataclass(frozen=True, eq=False)
class LoadedImage:
    """A decoded image with what the screen needs.

    Attributes
    ----------
    thumbnail : ndarray of uint8, shape (height, width)
        Displayed gray levels, see `viewer.studies.thumbnail_job.small_picture`.
    """

    radiograph: Radiograph
    pyramid: Pyramid
    thumbnail: npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Found:
    """Files that may be images, what went wrong beside that, and DICOM objects that are no images."""

    images: list[Path]
    problem: Problem | None = None
    others: list[Path] = field(default_factory=list)


def find_images(paths: Sequence[Path], control: TaskControl) -> Found:
    """Return the files below `paths` that may be images."""
    control.progress(mark("Looking for images"), 0.0)
    job: Job[tuple[list[Path], list[Path]]] = shared_decoder().submit(
        "engine.readback.tasks:find_images_and_results", list(paths)
    )
    images, results = wait(job, control)
    return Found(images, others=results)


def load_image(path: Path, control: TaskControl) -> LoadedImage:
    """Decode a file in the worker process, hash its pixels and build its pyramid."""
    radiograph = wait(submit_decode(path, progress=control.progress), control)
    pyramid = build_pyramid(radiograph.stored)
    thumbnail = small_picture(pyramid, radiograph.grayscale)
    # Computed here because it reads every pixel; the property keeps it.
    _ = radiograph.pixel_sha256
    return LoadedImage(radiograph, pyramid, thumbnail)
