"""Looks for result objects among the files of a study, and has them drawn, all in the decoding process."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from engine.readback.drawing import Drawing
from engine.readback.find import Found
from engine.readback.target import Target
from engine.worker.decode import shared_decoder
from engine.worker.job import Job
from viewer.state.images import OpenImage, Problem
from viewer.state.session import Session
from viewer.state.shown_results import ShownResults
from viewer.studies.index import StudyIndex
from viewer.tasks import TaskControl, run_task
from viewer.waiting import wait

BATCH = 20
"""Files read at once: an image that is wanted meanwhile waits for no more than these."""


class ResultLooking(QObject):
    """Fills `ShownResults`; whatever is no result object is handed on to be opened as an image."""

    others_found = Signal(list)
    """Paths of files that are no result objects."""
    failed = Signal(object)

    def __init__(self, session: Session, index: StudyIndex | None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.shown = ShownResults()
        self._session, self._index = session, index
        self._wanted: set[tuple[str, str]] = set()
        session.current_changed.connect(lambda _key: self.draw())
        session.image_changed.connect(lambda key: self._draw_on(session.images[key]))

    def look(self, paths: Sequence[Path]) -> None:
        """Read result objects among files."""
        if paths:
            run_task(partial(_look, list(paths)), self._found, self.failed.emit)

    def look_beside(self, images: Sequence[Path]) -> None:
        """Read the result objects that the index knows in the folders of images."""
        if self._index is not None:
            catalog = self._index.catalog
            run_task(lambda _control: catalog.other_objects(images), self._look_known, self.failed.emit)

    def draw(self) -> None:
        """Have everything drawn that refers to an image whose pixels are held."""
        for image in self._session.images.values():
            self._draw_on(image)

    def _draw_on(self, image: OpenImage) -> None:
        if image.radiograph is None:
            return
        target = Target.of(image.radiograph)
        for result in self.shown.of_image(target.uid):
            pair = result.provenance.sop_instance_uid, target.uid
            if pair not in self._wanted:
                self._wanted.add(pair)
                run_task(
                    partial(_draw, result.source, target),
                    partial(self._drawn, pair),
                    partial(self._not_drawn, pair),
                )

    def _look_known(self, paths: list[Path]) -> None:
        known = {result.source for result in self.shown.objects.values()} | set(self.shown.unread)
        self.look([path for path in paths if path not in known])

    def _found(self, found: Found) -> None:
        unread = [failure for failure in found.failures if failure.code != "NOT_A_RESULT"]
        self.shown.add(found.results, unread)
        others = list(found.images.values())
        if others:
            self.others_found.emit(others)
        self.draw()

    def _drawn(self, pair: tuple[str, str], drawing: Drawing) -> None:
        self.shown.set_drawing(*pair, drawing)

    def _not_drawn(self, pair: tuple[str, str], error: BaseException) -> None:
        self.shown.set_drawing(*pair, Problem.of(error))


def _look(paths: list[Path], control: TaskControl) -> Found:
    """Read files batch by batch."""
    parts: list[Found] = []
    for first in range(0, len(paths), BATCH):
        control.check()
        job: Job[Found] = shared_decoder().submit(
            "engine.readback.tasks:look_for_results", paths[first : first + BATCH]
        )
        parts.append(wait(job, control))
    return Found(
        tuple(result for part in parts for result in part.results),
        {uid: path for part in parts for uid, path in part.images.items()},
        tuple(failure for part in parts for failure in part.failures),
    )


def _draw(path: Path, target: Target, control: TaskControl) -> Drawing:
    job: Job[Drawing] = shared_decoder().submit("engine.readback.tasks:draw_result", path, target)
    return wait(job, control)
