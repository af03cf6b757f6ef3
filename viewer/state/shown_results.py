"""The result objects that were found, what they draw on which image, and which of it is on."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from engine.inference.heat_scale import PALETTE
from engine.readback.drawing import Drawing, DrawnLayer
from engine.readback.find import Unread
from engine.readback.objects import ResultObject
from viewer.state.event import Event
from viewer.state.images import Problem

LayerKey = tuple[str, int]
"""SOP Instance UID of an object, and the place of a layer in its drawing; `SHUTTER` for what it covers."""

SHUTTER = -1


class ShownResults:
    """Everything is kept by SOP Instance UID: what belongs to one image can reach no other."""

    def __init__(self) -> None:
        self.objects: dict[str, ResultObject] = {}
        self.unread: dict[Path, Unread] = {}
        self.changed: Event[None] = Event()
        self._of_image: dict[str, list[ResultObject]] = {}
        self._drawings: dict[tuple[str, str], Drawing | Problem] = {}
        self._on: dict[str, frozenset[LayerKey]] = {}

    def add(self, results: Iterable[ResultObject], unread: Iterable[Unread]) -> None:
        """Take what was found; an object that is known already is not taken twice."""
        before = len(self.objects), len(self.unread)
        for result in results:
            if result.provenance.sop_instance_uid not in self.objects:
                self.objects[result.provenance.sop_instance_uid] = result
                for uid in result.images:
                    self._of_image.setdefault(uid, []).append(result)
        self.unread.update({failure.path: failure for failure in unread})
        if before != (len(self.objects), len(self.unread)):
            self.changed.emit(None)

    def of_image(self, uid: str) -> list[ResultObject]:
        """Return the objects that refer to an image."""
        return list(self._of_image.get(uid, ()))

    def drawing(self, result: str, image: str) -> Drawing | Problem | None:
        """What an object draws on an image, why it cannot, or None while that is not known."""
        return self._drawings.get((result, image))

    def set_drawing(self, result: str, image: str, drawing: Drawing | Problem) -> None:
        """Hand over what an object draws on an image."""
        self._drawings[result, image] = drawing
        self.changed.emit(None)

    def layers(self, result: str, image: str) -> dict[LayerKey, DrawnLayer | None]:
        """Return what can be switched on, lowest first; None stands for what the object covers."""
        drawing = self._drawings.get((result, image))
        if not isinstance(drawing, Drawing):
            return {}
        found: dict[LayerKey, DrawnLayer | None] = {(result, SHUTTER): None} if drawing.shutters else {}
        return found | {(result, number): layer for number, layer in enumerate(drawing.layers)}

    def colour(self, key: LayerKey, layer: DrawnLayer) -> str:
        """Return the colour that a layer asks for, else one of the program's own."""
        return layer.colour or PALETTE[key[1] % len(PALETTE)]

    def on(self, image: str) -> frozenset[LayerKey]:
        """Return what is on over an image."""
        return self._on.get(image, frozenset())

    def set_on(self, image: str, keys: Iterable[LayerKey]) -> None:
        """Switch these on over an image, and all others off."""
        if frozenset(keys) != self.on(image):
            self._on[image] = frozenset(keys)
            self.changed.emit(None)
