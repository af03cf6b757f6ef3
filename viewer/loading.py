"""The pixels of the open images: the one shown first, then the one after it, then thumbnails."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal

from viewer.errands import FOREGROUND
from viewer.image.pyramid import Pyramid
from viewer.reading import LoadedImage, load_image
from viewer.state.images import Load, Problem
from viewer.state.session import Session
from viewer.studies.index import StudyIndex
from viewer.studies.previews import Previews
from viewer.studies.thumbnail_job import Thumbnail
from viewer.tasks import Task, run_task

BACKGROUND = 0


class Loading(QObject):
    """Loads images; a late result reaches its own image only.

    Attributes
    ----------
    pyramids, thumbnails : dict
        What the screen needs of the images whose pixels are held, and of those seen so far, by image key.
    """

    loaded = Signal(str)
    thumbnail_ready = Signal(str)
    preview_ready = Signal(str, object)

    def __init__(self, session: Session, index: StudyIndex | None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.pyramids: dict[str, Pyramid] = {}
        self.thumbnails: dict[str, npt.NDArray[np.uint8]] = {}
        self._running: dict[str, Task[LoadedImage]] = {}
        self.previews = Previews(index.thumbnails if index is not None else None, lambda: not self._running, self)
        self.previews.ready.connect(self._on_preview)
        self.previews.failed.connect(self._on_no_preview)
        session.image_changed.connect(self._on_image)

    def want_thumbnails(self, keys: Iterable[str]) -> None:
        """Ask for the thumbnails of images that have none yet."""
        images = self._session.images
        self.previews.want((key, images[key].path) for key in keys if key not in self.thumbnails)

    def load(self, key: str, priority: int = FOREGROUND) -> None:
        """Read an image whose pixels are not held."""
        if self._session.images[key].load is not Load.WAITING or key in self._running:
            return
        self._session.set_loading(key)
        path = self._session.images[key].path
        self._running[key] = run_task(
            partial(load_image, path),
            partial(self._loaded, key),
            partial(self._not_loaded, key),
            priority=priority,
        )

    def load_next(self) -> None:
        """Load the image after the one shown, so that it is there when it is wanted; then go on with thumbnails."""
        if self._running:
            return
        following = self._session.following()
        if following is not None:
            self.load(following, BACKGROUND)
        self.previews.go()

    def _loaded(self, key: str, image: LoadedImage) -> None:
        del self._running[key]
        self.pyramids[key], self.thumbnails[key] = image.pyramid, image.thumbnail
        self.previews.drop(key)
        self._session.set_radiograph(key, image.radiograph)
        # The list of studies may have wanted the one that was dropped.
        self.preview_ready.emit(key, image.thumbnail)
        self.thumbnail_ready.emit(key)
        self.loaded.emit(key)
        self.load_next()

    def _not_loaded(self, key: str, error: BaseException) -> None:
        self._running.pop(key, None)
        self._session.set_failed(key, Problem.of(error))
        self.load_next()

    def _on_preview(self, key: str, made: Thumbnail) -> None:
        identity, gray = made
        if key in self._session.images:
            self.thumbnails[key] = gray
            if identity is not None:
                self._session.set_identity(key, identity)
        self.preview_ready.emit(key, gray)
        if key in self._session.images:
            self.thumbnail_ready.emit(key)

    def _on_no_preview(self, key: str, error: BaseException) -> None:
        """An image that cannot be opened is told in its place in the list."""
        if key in self._session.images and self._session.images[key].load is Load.WAITING:
            self._session.set_failed(key, Problem.of(error))

    def _on_image(self, key: str) -> None:
        if self._session.images[key].radiograph is None:
            self.pyramids.pop(key, None)
