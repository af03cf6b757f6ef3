"""Analyses of the open images and the heat maps that come with them."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal

from engine.errors import Cancelled, SaeRadError
from engine.inference.analysis import Analysis
from viewer.errands import FOREGROUND
from viewer.image.heatmap import DensityMap
from viewer.map_requests import raster
from viewer.services import Engine
from viewer.state.images import Load, Problem, Work
from viewer.state.session import AnalysisResult, Session
from viewer.tasks import Task, run_task


class Analyses(QObject):
    """Runs the model; a late result reaches its own image only.

    Attributes
    ----------
    maps : dict
        What the screen draws of an image's maps, by image key and feature.
    """

    begun = Signal()
    ended = Signal()
    maps_ready = Signal(str)
    progressed = Signal(str, float)
    failed = Signal(object)

    def __init__(self, session: Session, engine: Engine, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._engine = session, engine
        self.maps: dict[str, dict[int, DensityMap]] = {}
        self._running: dict[str, Task[AnalysisResult]] = {}
        session.image_changed.connect(self._on_image)

    @property
    def busy(self) -> bool:
        """Whether the image shown is being analysed."""
        return self._session.current_key in self._running

    def analyse(self, key: str) -> None:
        """Run the model on an image whose pixels are there."""
        image = self._session.images[key]
        if image.radiograph is None or key in self._running:
            return
        self.begun.emit()
        self._session.set_work(key, Work.RUNNING)
        radiograph = image.radiograph
        self._running[key] = run_task(
            partial(self._engine.analyse, radiograph),
            partial(self._analysed, key, radiograph.pixel_sha256),
            partial(self._not_analysed, key),
            partial(self._progress, key),
            priority=FOREGROUND,
        )

    def analyse_when_ready(self, key: str) -> None:
        """Analyse an image that nobody analysed yet; make the maps of one that was, if they are not held."""
        image = self._session.images[key]
        if image.load is Load.READY and image.work is Work.NONE:
            self.analyse(key)
        elif image.analysis is not None and key not in self.maps:
            self._make_maps(key)

    def cancel(self) -> None:
        """Stop the analysis of the image shown."""
        key = self._session.current_key
        if key in self._running:
            self._running[key].cancel()

    def put_maps(self, key: str, made: dict[int, DensityMap]) -> None:
        """Draw these maps of an image from now on."""
        self.maps[key] = made
        self.maps_ready.emit(key)

    def _analysed(self, key: str, pixel_sha256: str, result: AnalysisResult) -> None:
        del self._running[key]
        try:
            self._session.set_result(key, result, pixel_sha256)
        except SaeRadError as error:
            self._session.set_work(key, Work.FAILED, Problem.of(error))
        else:
            self.maps.pop(key, None)
            self._make_maps(key)
        self.ended.emit()

    def _not_analysed(self, key: str, error: BaseException) -> None:
        self._running.pop(key, None)
        work = Work.CANCELLED if isinstance(error, Cancelled) else Work.FAILED
        self._session.set_work(key, work, Problem.of(error))
        self.ended.emit()

    def _progress(self, key: str, text: str, fraction: float) -> None:
        if key == self._session.current_key:
            self.progressed.emit(text, fraction)

    def _make_maps(self, key: str) -> None:
        """Upsample the maps of an image's features in the background; they are shown when they are wanted."""
        image = self._session.images[key]
        if image.analysis is None or image.radiograph is None or not image.analysis.maps:
            return
        analysis = image.analysis
        work = partial(raster, analysis, image.radiograph, analysis.maps)
        run_task(work, partial(self._mapped, key, analysis), self.failed.emit, priority=FOREGROUND)

    def _mapped(self, key: str, analysis: Analysis, made: dict[int, DensityMap]) -> None:
        # Maps by another method, or of a later analysis, may be there by now.
        if self._session.images[key].analysis is analysis:
            self.put_maps(key, made)

    def _on_image(self, key: str) -> None:
        if self._session.images[key].radiograph is None:
            self.maps.pop(key, None)
