"""Connects the session to the background: what to load, what to analyse, and where each result belongs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal

from engine.errors import Cancelled, SaeRadError
from engine.inference.analysis import Analysis
from engine.report.draft import Draft, DraftStatus
from viewer import services
from viewer.i18n import tr
from viewer.image.heatmap import DensityMap
from viewer.image.pyramid import Pyramid
from viewer.map_requests import MapRequests, raster
from viewer.services import Engine, ExportOrder, Found, LoadedImage
from viewer.state.images import Load, Problem, Work
from viewer.state.session import AnalysisResult, Session
from viewer.studies.index import StudyIndex, find_indexed
from viewer.studies.previews import Previews
from viewer.studies.thumbnail_job import Thumbnail
from viewer.tasks import Task, TaskControl, run_task, stop_all

FOREGROUND, BACKGROUND = 10, 0


class Controller(QObject):
    """Starts tasks and puts their results where they belong, by image key: a late result reaches its own image only."""

    maps_ready = Signal(str)
    thumbnail_ready = Signal(str)
    preview_ready = Signal(str, object)
    looked = Signal()
    """The index was brought up to date."""
    opened = Signal()
    """The index knows that an image was opened."""
    exported = Signal(list)
    progressed = Signal(str, float)
    idle = Signal()
    prepared = Signal(str)
    failed = Signal(object)

    def __init__(
        self, session: Session, engine: Engine, index: StudyIndex | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.session, self.engine, self.index = session, engine, index
        self.previews = Previews(index.thumbnails if index is not None else None, lambda: not self._loading, self)
        self.previews.ready.connect(self._on_preview)
        self.previews.failed.connect(self._on_no_preview)
        self.pyramids: dict[str, Pyramid] = {}
        self.thumbnails: dict[str, npt.NDArray[np.uint8]] = {}
        self.maps: dict[str, dict[int, DensityMap]] = {}
        self._loading: dict[str, Task[LoadedImage]] = {}
        self._analysing: dict[str, Task[AnalysisResult]] = {}
        self._others: list[Task[object]] = []
        self._requests = MapRequests(session, engine, self)
        self._requests.made.connect(self._put)
        self._requests.progressed.connect(self.progressed)
        self._requests.failed.connect(self.failed)
        self._requests.ended.connect(self._idle)
        self._told = False
        session.current_changed.connect(self._on_current)
        session.image_changed.connect(self._on_image)
        session.overlay_changed.connect(lambda _overlay: self._follow_method())

    def prepare(self) -> None:
        """Start the processes and open the model pack; a pack that cannot be used is told at once."""
        self.engine.warm_up()
        run_task(self.engine.prepare, self._prepared, self.failed.emit)

    def _prepared(self, warnings: tuple[str, ...]) -> None:
        if warnings:
            self.prepared.emit("  ·  ".join(warnings))

    # opening

    def open(self, paths: Sequence[Path]) -> None:
        """Open files, folders, archives, DICOMDIRs; the first image is shown, unless a person went on meanwhile."""
        find = partial(services.find_images, list(paths))
        if self.index is not None:
            find = partial(find_indexed, self.index, list(paths))
        self._start(find, partial(self._found, list(paths), self.session.current_key), FOREGROUND)

    def open_images(self, paths: Sequence[Path], first: Path) -> None:
        """Open images that the index knows and show one of them."""
        self._add(paths)
        self.session.show(str(first.resolve()))
        self._load_next()

    def _found(self, asked: list[Path], shown: str | None, answer: Found) -> None:
        found = answer.images
        if answer.problem is not None:
            self._fail(answer.problem)
        self.looked.emit()
        if not found:
            names = ", ".join(path.name for path in asked)
            self._fail(
                Problem(
                    "NO_IMAGE_FOUND",
                    tr("no image was found in {names}", names=names),
                    tr("choose DICOM, PNG or JPEG files, or a folder that holds some"),
                )
            )
            return
        keys = self._add(found)
        if self.session.current_key == shown:
            self.session.show(keys[0])
        self._load_next()

    def _add(self, paths: Sequence[Path]) -> tuple[str, ...]:
        keys = self.session.add(paths)
        images = self.session.images
        self.previews.want((key, images[key].path) for key in keys if key not in self.thumbnails)
        return keys

    def _on_current(self, key: str | None) -> None:
        if key is not None:
            self._load(key, FOREGROUND)
            self._analyse_when_ready(key)
            self._note_opened(self.session.images[key].path)
        self._follow_method()

    def _load(self, key: str, priority: int) -> None:
        if self.session.images[key].load is not Load.WAITING or key in self._loading:
            return
        self.session.set_loading(key)
        path = self.session.images[key].path
        self._loading[key] = run_task(
            partial(services.load_image, path),
            partial(self._loaded, key),
            partial(self._not_loaded, key),
            priority=priority,
        )

    def _loaded(self, key: str, image: LoadedImage) -> None:
        del self._loading[key]
        self.pyramids[key], self.thumbnails[key] = image.pyramid, image.thumbnail
        self.previews.drop(key)
        self.session.set_radiograph(key, image.radiograph)
        self.thumbnail_ready.emit(key)
        if key == self.session.current_key:
            self._analyse_when_ready(key)
        self._load_next()

    def _not_loaded(self, key: str, error: BaseException) -> None:
        self._loading.pop(key, None)
        self.session.set_failed(key, Problem.of(error))
        self._load_next()

    def _load_next(self) -> None:
        """Load the image after the one shown, so that it is there when it is wanted; then go on with thumbnails."""
        if self._loading:
            return
        following = self.session.following()
        if following is not None:
            self._load(following, BACKGROUND)
        self.previews.go()

    def _on_preview(self, key: str, made: Thumbnail) -> None:
        identity, gray = made
        if key in self.session.images:
            self.thumbnails[key] = gray
            if identity is not None:
                self.session.set_identity(key, identity)
        self.preview_ready.emit(key, gray)
        if key in self.session.images:
            self.thumbnail_ready.emit(key)

    def _on_no_preview(self, key: str, error: BaseException) -> None:
        """An image that cannot be opened is told in its place in the list."""
        if key in self.session.images and self.session.images[key].load is Load.WAITING:
            self.session.set_failed(key, Problem.of(error))

    def _note_opened(self, image: Path) -> None:
        if self.index is not None:
            catalog = self.index.catalog
            run_task(lambda _control: catalog.mark_opened(image), lambda _none: self.opened.emit(), self._not_noted)

    def _not_noted(self, error: BaseException) -> None:
        """Say once that the index cannot be written: a message with each image would end all reading."""
        if not self._told:
            self._told = True
            self.failed.emit(error)

    def _on_image(self, key: str) -> None:
        if self.session.images[key].radiograph is None:
            self.pyramids.pop(key, None)
            self.maps.pop(key, None)

    # analysis

    def analyse(self, key: str) -> None:
        """Run the model on an image whose pixels are there."""
        image = self.session.images[key]
        if image.radiograph is None or key in self._analysing:
            return
        self._requests.pause()
        self.session.set_work(key, Work.RUNNING)
        radiograph = image.radiograph
        self._analysing[key] = run_task(
            partial(self.engine.analyse, radiograph),
            partial(self._analysed, key, radiograph.pixel_sha256),
            partial(self._not_analysed, key),
            partial(self._progress, key),
            priority=FOREGROUND,
        )

    def cancel(self) -> None:
        """Stop the analysis of the image shown and whatever else a person waits for."""
        key = self.session.current_key
        if key in self._analysing:
            self._analysing[key].cancel()
        self._requests.cancel()
        for task in tuple(self._others):
            task.cancel()

    @property
    def busy(self) -> bool:
        """Whether a person waits for something that can be cancelled."""
        return self.session.current_key in self._analysing or bool(self._others) or self._requests.busy

    def _analyse_when_ready(self, key: str) -> None:
        image = self.session.images[key]
        if image.load is Load.READY and image.work is Work.NONE:
            self.analyse(key)
        elif image.analysis is not None and key not in self.maps:
            self._make_maps(key)
        self._follow_method()

    def _analysed(self, key: str, pixel_sha256: str, result: AnalysisResult) -> None:
        del self._analysing[key]
        try:
            self.session.set_result(key, result, pixel_sha256)
        except SaeRadError as error:
            self.session.set_work(key, Work.FAILED, Problem.of(error))
        else:
            self.maps.pop(key, None)
            self._make_maps(key)
        self._settle()

    def _not_analysed(self, key: str, error: BaseException) -> None:
        self._analysing.pop(key, None)
        if isinstance(error, Cancelled):
            self.session.set_work(key, Work.CANCELLED, Problem.of(error))
        else:
            self.session.set_work(key, Work.FAILED, Problem.of(error))
        self._settle()

    def _progress(self, key: str, text: str, fraction: float) -> None:
        if key == self.session.current_key:
            self.progressed.emit(text, fraction)

    def _make_maps(self, key: str) -> None:
        """Upsample the maps of an image's features in the background; they are shown when they are wanted."""
        image = self.session.images[key]
        if image.analysis is None or image.radiograph is None or not image.analysis.maps:
            return
        analysis = image.analysis
        work = partial(raster, analysis, image.radiograph, analysis.maps)
        run_task(work, partial(self._mapped, key, analysis), self.failed.emit, priority=FOREGROUND)

    def _mapped(self, key: str, analysis: Analysis, made: dict[int, DensityMap]) -> None:
        # Maps by another method, or of a later analysis, may be there by now.
        if self.session.images[key].analysis is analysis:
            self._put(key, made)

    def _put(self, key: str, made: dict[int, DensityMap]) -> None:
        self.maps[key] = made
        self.maps_ready.emit(key)

    def _follow_method(self) -> None:
        """Make the maps shown those of the method chosen; whatever else a person waits for goes first."""
        if self._others or self.session.current_key in self._analysing:
            self._requests.pause()
        else:
            self._requests.follow()

    # draft

    def regenerate(self) -> None:
        """Compose the draft of the image shown again."""
        key, image = self.session.current_key, self.session.current
        if key is None or image is None or image.analysis is None or image.history is None:
            return
        analysis, before = image.analysis, image.history.current

        def done(draft: Draft) -> None:
            if self.session.current_key == key:
                self.session.regenerate(draft)

        work = partial(self.engine.compose, analysis, before.indication, before.indication_source)
        self._start(work, done, FOREGROUND)

    def set_indication(self, text: str) -> None:
        """Compose the draft of the image shown so that it answers a typed indication; a person's sentences stay."""
        key, image = self.session.current_key, self.session.current
        if key is None or image is None or image.analysis is None or image.history is None:
            return
        analysis = image.analysis

        def done(draft: Draft) -> None:
            # Analysed again meanwhile: its draft is another, and the field shows what that one answers.
            if image.analysis is analysis:
                self.session.reindicate(key, draft)

        self._start(partial(self.engine.compose, analysis, text, "typed"), done, FOREGROUND)

    def export(self, folder: Path, formats: Sequence[str]) -> None:
        """Write the draft of the image shown into its own folder below `folder`; a reviewed one becomes exported."""
        key, image = self.session.current_key, self.session.current
        if key is None or image is None or image.history is None or image.analysis is None or image.radiograph is None:
            return
        draft = image.history.current
        order = ExportOrder(folder, image.radiograph, image.analysis, draft, tuple(formats), self.session.board.sheet)

        def done(files: list[Path]) -> None:
            # A draft that was changed while it was being written is not the one that was exported.
            if draft.status is DraftStatus.REVIEWED and image.history is not None and image.history.current == draft:
                self.session.settle(key, draft.exported())
            self.exported.emit(files)

        self._start(partial(self.engine.export, order), done, FOREGROUND)

    # shared

    def close(self) -> None:
        """Stop all work and end the worker processes."""
        stop_all()
        self.engine.close()
        if self.index is not None:
            self.index.close()

    def _start(self, func: Callable[[TaskControl], object], done: Callable[..., None], priority: int) -> None:
        def finish(value: object) -> None:
            self._others.remove(task)
            done(value)
            self._settle()

        def fail(error: BaseException) -> None:
            self._others.remove(task)
            if not isinstance(error, Cancelled):
                self.failed.emit(error)
            self._settle()

        task: Task[object] = run_task(func, finish, fail, self.progressed.emit, priority=priority)
        self._others.append(task)
        self._requests.pause()
        self.progressed.emit(tr("Working"), 0.0)

    def _fail(self, problem: Problem) -> None:
        self.session.noticed.emit(problem)

    def _settle(self) -> None:
        self._follow_method()
        self._idle()

    def _idle(self) -> None:
        if not self.busy:
            self.idle.emit()
