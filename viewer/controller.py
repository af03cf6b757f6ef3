"""Connects the session to the background: what to open, load, analyse and compose, and what goes before what."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from viewer.analyses import Analyses
from viewer.comparing import Comparing
from viewer.drafting import Drafting
from viewer.errands import Errands
from viewer.i18n import tr
from viewer.loading import Loading
from viewer.map_requests import MapRequests
from viewer.reading import Found, find_images
from viewer.results.looking import ResultLooking
from viewer.services import Engine
from viewer.state.images import Problem
from viewer.state.session import Session
from viewer.studies.index import StudyIndex, find_indexed
from viewer.tasks import run_task, stop_all


class Controller(QObject):
    """Opens files and follows the session; the work itself is done by `Loading`, `Analyses`, `Drafting` and others."""

    maps_ready = Signal(str)
    thumbnail_ready = Signal(str)
    preview_ready = Signal(str, object)
    looked = Signal()
    """The index was brought up to date."""
    opened = Signal()
    """The index knows that an image was opened."""
    exported = Signal(list)
    reworded = Signal(object)
    progressed = Signal(str, float)
    idle = Signal()
    prepared = Signal(str)
    failed = Signal(object)

    def __init__(
        self, session: Session, engine: Engine, index: StudyIndex | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.session, self.engine, self.index = session, engine, index
        self._errands = Errands(self)
        self._loading = Loading(session, index, self)
        self._analyses = Analyses(session, engine, self)
        self._requests = MapRequests(session, engine, self)
        self._drafting = Drafting(session, engine, self._errands, self)
        self.results = ResultLooking(session, index, self)
        self.run = self._errands.run
        self.comparing = Comparing(session, engine, self._errands, self)
        self.pyramids, self.thumbnails = self._loading.pyramids, self._loading.thumbnails
        self.previews, self.maps = self._loading.previews, self._analyses.maps
        self.analyse, self.regenerate = self._analyses.analyse, self._drafting.regenerate
        self.reword = self._drafting.reword
        self.set_indication, self.export = self._drafting.set_indication, self._drafting.export
        self._told = False
        self._connect()

    def _connect(self) -> None:
        loading, analyses, requests = self._loading, self._analyses, self._requests
        loading.loaded.connect(self._on_loaded)
        loading.thumbnail_ready.connect(self.thumbnail_ready)
        loading.preview_ready.connect(self.preview_ready)
        analyses.maps_ready.connect(self.maps_ready)
        self.comparing.maps_ready.connect(self.maps_ready)
        self.comparing.failed.connect(self.failed)
        requests.made.connect(analyses.put_maps)
        requests.made_beside.connect(self.comparing.put_maps)
        self._drafting.exported.connect(self.exported)
        self._drafting.reworded.connect(self.reworded)
        for work in (self._errands, analyses):
            work.begun.connect(requests.pause)
            work.ended.connect(self._settle)
        requests.ended.connect(self._idle)
        for teller in (self._errands, analyses, requests):
            teller.progressed.connect(self.progressed)
            teller.failed.connect(self.failed)
        self.session.current_changed.connect(self._on_current)
        self.session.overlay_changed.connect(lambda _overlay: self.follow_method())

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
        find = partial(find_images, list(paths))
        if self.index is not None:
            find = partial(find_indexed, self.index, list(paths))
        self._errands.run(find, partial(self._found, list(paths), self.session.current_key))

    def open_images(self, paths: Sequence[Path], first: Path) -> None:
        """Open images that the index knows and show one of them."""
        self._add(paths)
        self.results.look_beside(paths)
        self.session.show(str(first.resolve()))
        self._loading.load_next()

    def open_beside(self, paths: Sequence[Path]) -> None:
        """Open images without showing one; what is shown and selected stays."""
        self._add(paths)

    def want(self, key: str) -> None:
        """Read the pixels of an image that hangs beside the one shown."""
        self._loading.load(key)

    def _found(self, asked: list[Path], shown: str | None, answer: Found) -> None:
        found = answer.images
        if answer.problem is not None:
            self.session.noticed.emit(answer.problem)
        self.looked.emit()
        self.results.look(answer.others)
        if not found and answer.others:
            return
        if not found:
            names = ", ".join(path.name for path in asked)
            self.session.noticed.emit(
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
        self._loading.load_next()

    def add_others(self, paths: Sequence[Path]) -> None:
        """List files that turned out to be neither images nor result objects: what they are is told in their place."""
        keys = self._add(paths)
        if self.session.current_key is None:
            self.session.show(keys[0])

    def _add(self, paths: Sequence[Path]) -> tuple[str, ...]:
        keys = self.session.add(paths)
        self._loading.want_thumbnails(keys)
        return keys

    def _note_opened(self, image: Path) -> None:
        if self.index is not None:
            catalog = self.index.catalog
            run_task(lambda _control: catalog.mark_opened(image), lambda _none: self.opened.emit(), self._not_noted)

    def _not_noted(self, error: BaseException) -> None:
        """Say once that the index cannot be written: a message with each image would end all reading."""
        if not self._told:
            self._told = True
            self.failed.emit(error)

    # following the session

    def _on_current(self, key: str | None) -> None:
        if key is not None:
            self._loading.load(key)
            self._analyses.analyse_when_ready(key)
            self._note_opened(self.session.images[key].path)
        self.follow_method()

    def _on_loaded(self, key: str) -> None:
        if key == self.session.current_key:
            self._analyses.analyse_when_ready(key)
            self.follow_method()

    def follow_method(self) -> None:
        """Make the maps shown those of the method chosen; whatever else a person waits for goes first."""
        if self._errands.busy or self._analyses.busy:
            self._requests.pause()
        else:
            self._requests.follow()

    # shared

    def cancel(self) -> None:
        """Stop the analysis of the image shown and whatever else a person waits for."""
        self._analyses.cancel()
        self._requests.cancel()
        self._errands.cancel()

    @property
    def busy(self) -> bool:
        """Whether a person waits for something that can be cancelled."""
        return self._analyses.busy or self._errands.busy or self._requests.busy

    def close(self) -> None:
        """Stop all work and end the worker processes."""
        stop_all()
        self.engine.close()
        if self.index is not None:
            self.index.close()

    def _settle(self) -> None:
        self.follow_method()
        self._idle()

    def _idle(self) -> None:
        if not self.busy:
            self.idle.emit()
