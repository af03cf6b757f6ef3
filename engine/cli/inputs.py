"""The files that a batch is asked to analyse."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.dicom.files import find_images
from engine.errors import ReadError, SaeRadError


@dataclass(frozen=True)
class Input:
    """One file to analyse, or a path at which there is none."""

    path: Path
    error: SaeRadError | None = None


def find_inputs(paths: Sequence[Path], out: Path) -> Iterator[Input]:
    """Yield every file under the paths once; a path without any is an input that fails.

    Results of an earlier run that lie in a searched folder are not inputs.
    """
    seen = set()
    for path in paths:
        try:
            found = find_images([path])
            if path.is_dir():
                found = [file for file in found if not file.resolve().is_relative_to(out.resolve())]
            if not found:
                what = "the folder" if path.is_dir() else "the archive or DICOMDIR"
                raise ReadError("NO_IMAGES", f"{what} holds no DICOM, PNG or JPEG file", "name another")
        except ReadError as error:
            yield Input(path, error)
            continue
        for file in found:
            if (key := file.resolve()) not in seen:
                seen.add(key)
                yield Input(file)
