"""The index of studies for the viewer: looked at in a process of its own, asked from background tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from engine.catalog.look import Look
from engine.catalog.reading import Catalog
from engine.errors import CatalogError
from engine.worker.worker import Worker
from viewer.reading import Found, find_images
from viewer.state.images import Problem
from viewer.tasks import TaskControl
from viewer.waiting import wait

LOOK_LIMIT_S = 24 * 3600.0


class StudyIndex:
    """Where the index and the thumbnails lie, and who writes them.

    Parameters
    ----------
    path : Path
        The index, see `engine.catalog.look.look`.
    thumbnails : Path
        Folder of the thumbnails on disk.
    """

    def __init__(self, path: Path, thumbnails: Path) -> None:
        self.catalog, self.thumbnails = Catalog(path), thumbnails
        self._worker = Worker(time_limit_s=LOOK_LIMIT_S, preload=("engine.catalog.look",), name="saerad-index")

    def look(self, paths: Sequence[Path], control: TaskControl) -> Look:
        """Bring the index up to date with files, folders, archives and DICOMDIRs; raises as `look`."""
        job = self._worker.submit("engine.catalog.look:look", self.catalog.path, list(paths), progress=control.progress)
        found: Look = wait(job, control)
        return found

    def close(self) -> None:
        """End its process."""
        self._worker.close()


def find_indexed(index: StudyIndex, paths: Sequence[Path], control: TaskControl) -> Found:
    """Return the images below `paths` and index them; an index that cannot be used is told and keeps none closed.

    Files that promise an image and are none stand behind the images, so that their refusal can be told.
    """
    try:
        found = index.look(paths, control)
    except CatalogError as error:
        return replace(find_images(paths, control), problem=Problem.of(error))
    broken = [path for path, code in found.unreadable if code != "NOT_AN_IMAGE"]
    return Found([*found.images, *broken], others=[path for path, code in found.unreadable if code == "NOT_AN_IMAGE"])
