"""The images that are open, the one shown among them, and whose pixels are held."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from engine.dicom.radiograph import Identity, Radiograph
from viewer.state.event import Event
from viewer.state.images import Load, OpenImage, Problem, Work

KEEP_PIXELS = 6
"""Images whose pixels stay in memory (a 4280 by 4280 film takes 37 MB, with its pyramid 49 MB)."""


class OpenImages:
    """Every opened file, in the order of opening, and how far each is."""

    def __init__(self) -> None:
        self.images: dict[str, OpenImage] = {}
        self.current_key: str | None = None
        self.images_added: Event[tuple[str, ...]] = Event()
        self.image_changed: Event[str] = Event()
        self.noticed: Event[Problem] = Event()
        self.hung: frozenset[str] = frozenset()
        """Images beside the one shown, whose pixels stay in memory."""
        self._recent: list[str] = []

    @property
    def current(self) -> OpenImage | None:
        """The image shown."""
        return None if self.current_key is None else self.images[self.current_key]

    def add(self, paths: Iterable[Path]) -> tuple[str, ...]:
        """Open files; those already open are not opened twice. Returns the keys of all of them, in order."""
        keys, new = [], []
        for path in paths:
            key = str(path.resolve())
            keys.append(key)
            if key not in self.images:
                self.images[key] = OpenImage(key=key, path=path)
                new.append(key)
        if new:
            self.images_added.emit(tuple(new))
        return tuple(keys)

    def following(self) -> str | None:
        """Return the image after the one shown, None at the end."""
        keys = iter(self.images)
        return next((next(keys, None) for key in keys if key == self.current_key), None)

    def set_loading(self, key: str) -> None:
        """Note that the pixels of an image are being read."""
        self.images[key].load = Load.LOADING
        self.image_changed.emit(key)

    def set_radiograph(self, key: str, radiograph: Radiograph) -> None:
        """Hand over a decoded image."""
        image = self.images[key]
        image.radiograph, image.identity = radiograph, radiograph.identity
        image.load, image.problem = Load.READY, None
        self._touch(key)
        self.image_changed.emit(key)

    def set_identity(self, key: str, identity: Identity) -> None:
        """Note whose image it is, before its pixels are wanted."""
        image = self.images[key]
        if image.identity is None:
            image.identity = identity
            self.image_changed.emit(key)

    def set_failed(self, key: str, problem: Problem) -> None:
        """Note that an image could not be opened."""
        image = self.images[key]
        image.load, image.problem = Load.FAILED, problem
        self.image_changed.emit(key)

    def set_work(self, key: str, work: Work, problem: Problem | None = None) -> None:
        """Note how far the analysis of an image is."""
        image = self.images[key]
        image.work, image.analysis_problem = work, problem
        self.image_changed.emit(key)

    def _touch(self, key: str) -> None:
        """Note that an image was used, and release the pixels of the one unused for longest."""
        if key in self._recent:
            self._recent.remove(key)
        self._recent.append(key)
        held = [k for k in self._recent if self.images[k].radiograph is not None and k != self.current_key]
        free = [k for k in held if k not in self.hung]
        for old in free[: max(0, len(held) + 1 - KEEP_PIXELS)]:
            self.images[old].radiograph = None
            self.images[old].load = Load.WAITING
            self.image_changed.emit(old)
