"""The words on napari's canvas that say research use only, for as long as a radiograph of ours is followed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewer.i18n import tr
from viewer.theme import palette

if TYPE_CHECKING:
    from napari import Viewer


class CanvasNotice:
    """Uses napari's own text overlay, and puts it back when it is switched off or written over."""

    def __init__(self, viewer: Viewer) -> None:
        self._overlay, self._on, self._busy = viewer.canvas.overlays.text, False, False
        self._overlay.events.connect(lambda _event: self._keep())

    def show(self, on: bool) -> None:
        """Show the words, or leave the overlay to others again."""
        before, self._on = self._on, on
        if on:
            self._overlay.color = palette.STRIP
        elif before:
            self._overlay.visible = False
        self._keep()

    def _keep(self) -> None:
        if self._busy or not self._on:
            return
        wanted = {
            "text": tr("Research use only – not for diagnosis"),
            "position": "bottom_center",
            "font_size": 12.0,
            "opacity": 1.0,
            "visible": True,
        }
        self._busy = True
        try:
            for name, value in wanted.items():
                if getattr(self._overlay, name) != value:
                    setattr(self._overlay, name, value)
        finally:
            self._busy = False
