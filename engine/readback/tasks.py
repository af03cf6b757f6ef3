"""Reading of result objects for a worker process: only plain data leaves it, no pixels and no data sets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from engine.dicom.folders import find_images
from engine.errors import ReadError
from engine.readback.drawing import Drawing, drawing_on
from engine.readback.find import Found, class_and_uid, find_results
from engine.readback.objects import ResultObject
from engine.readback.read import kind_of, read_result
from engine.readback.segments import Segmentation
from engine.readback.target import Target


def look_for_results(paths: Iterable[Path]) -> Found:
    """Return what `engine.readback.find.find_results` does, segmentations without their pixels."""
    found = find_results(paths)
    return replace(found, results=tuple(_without_pixels(result) for result in found.results))


def find_images_and_results(paths: Iterable[Path]) -> tuple[list[Path], list[Path]]:
    """Return the files to open, as `engine.dicom.folders.find_images`, and apart from them the result objects."""
    images: list[Path] = []
    results: list[Path] = []
    for path in find_images(paths):
        (results if _is_result(path) else images).append(path)
    return images, results


def draw_result(path: Path, image: Target) -> Drawing:
    """Read an object and return what it draws on an image; raises as `read_result` and `drawing_on`."""
    return drawing_on(read_result(path), image)


def _is_result(path: Path) -> bool:
    try:
        return bool(kind_of(class_and_uid(path)[0]))
    except ReadError:
        # Whatever it is, its refusal is told when it is opened as an image.
        return False


def _without_pixels(result: ResultObject) -> ResultObject:
    if isinstance(result.content, Segmentation):
        return replace(result, content=replace(result.content, stored=None))
    return result
