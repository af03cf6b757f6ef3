"""Aligns two linked pictures by their gray values, in the worker process."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from engine.errors import SaeRadError
from engine.registration import ROWS, Picture, Registration
from engine.worker.decode import shared_decoder
from viewer.hanging.alignment import Alignment
from viewer.i18n import decimal, tr
from viewer.image.canvas import Canvas
from viewer.state.images import Problem
from viewer.tasks import TaskControl, run_task
from viewer.waiting import wait

if TYPE_CHECKING:
    from viewer.hanging.desk import Desk


class Aligning:
    """Lays the pictures of the other panes on that of the active one.

    Parameters
    ----------
    told : callable
        Takes what a person reads in the status bar.
    noticed : callable
        Takes a `Problem`.
    """

    def __init__(self, desk: Desk, told: Callable[[str], None], noticed: Callable[[Problem], None]) -> None:
        self._desk, self._told, self._noticed = desk, told, noticed

    def align(self) -> None:
        """Align every other picture with that of the active pane; pictures that are turned are not compared."""
        fixed = self._desk.active.canvas
        others = [pane.canvas for pane in self._desk.panes.shown if pane.canvas is not fixed]
        for moving in others:
            if moving.radiograph is not None and fixed.radiograph is not None:
                if not (fixed.orientation.plain and moving.orientation.plain):
                    self._told(tr("Turned or mirrored images are not aligned: turn them back first"))
                    return
                self._ask(fixed, moving)

    def _ask(self, fixed: Canvas, moving: Canvas) -> None:
        pictures, shown = (_small(fixed), _small(moving)), _shown(fixed, moving)

        def work(control: TaskControl) -> Registration:
            found: Registration = wait(shared_decoder().submit("engine.registration:register", *pictures), control)
            return found

        def done(found: Registration) -> None:
            # Another image hangs there by now, or it was turned: what was found is not of it.
            if _shown(fixed, moving) == shown:
                self._desk.links.set_alignment(fixed, moving, Alignment(found.scale, found.dx, found.dy))
                self._told(
                    tr(
                        "Aligned approximately (magnification {scale}, correlation {correlation}): check it; Shift and"
                        " a drag corrects",
                        scale=decimal(f"{found.scale:.2f}"),
                        correlation=decimal(f"{found.correlation:.2f}"),
                    )
                )

        def failed(error: BaseException) -> None:
            if not isinstance(error, SaeRadError):
                raise error
            self._noticed(Problem.of(error))

        run_task(work, done, failed)


def _shown(fixed: Canvas, moving: Canvas) -> tuple[object, ...]:
    return (fixed.radiograph, fixed.orientation, moving.radiograph, moving.orientation)


def _small(canvas: Canvas) -> Picture:
    """The whole picture with about `ROWS` rows, as the file shows it by default."""
    if canvas.radiograph is None or canvas.pyramid is None:
        raise ValueError("no image is shown")
    level = next((each for each in reversed(canvas.pyramid.levels) if each.shape[0] >= ROWS), canvas.pyramid.levels[0])
    step = max(1, level.shape[0] // ROWS)
    return np.ascontiguousarray(canvas.radiograph.grayscale.apply(level[::step, ::step]), dtype=np.float32)
