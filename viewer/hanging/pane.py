"""One pane: an image with all that belongs to it, what is said above it, and a frame while it is the active one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from engine.inference.heat_scale import FULL_SCALE
from viewer.hanging.drag import dragged_paths, has_images
from viewer.hanging.prior_line import PriorLine
from viewer.i18n import tr
from viewer.i18n.sentences import sentence
from viewer.image.canvas import Canvas
from viewer.image.frame import ImageFrame
from viewer.image.heatmap import DensityMap
from viewer.image.layers import LayerPainter, Layers, Source
from viewer.image.pyramid import Pyramid
from viewer.state.images import OpenImage
from viewer.state.overlay import OverlaySettings
from viewer.texts import in_place_of_picture, verdict
from viewer.theme.text import plain_label, set_property

SMALLEST = 220
"""Width and height of an image beside others, in pixels."""


class Pane(QFrame):
    """Shows one image of the session."""

    entered = Signal()
    """A person turned to it."""
    dropped = Signal(list)
    """Paths of images that were dragged here from the list."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("pane")
        self.setAcceptDrops(True)
        self.frame = ImageFrame(self)
        self.canvas: Canvas = self.frame.canvas
        self.banner = plain_label(parent=self)
        self.banner.setObjectName("banner")
        self.banner.setWordWrap(True)
        self.banner.setMinimumHeight(28)
        self.banner.setContentsMargins(12, 0, 8, 0)
        self.banner.hide()
        self.priors = PriorLine(self)
        self._painter = LayerPainter()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.banner)
        layout.addWidget(self.priors)
        layout.addWidget(self.frame, 1)
        for part in (self.canvas, self.canvas.legend):
            part.installEventFilter(self)

    # what is shown

    def show_image(self, image: OpenImage | None, pyramid: Pyramid | None) -> None:
        """Show an image if its pixels are there, else say why not; nothing of another image stays."""
        self.frame.set_verdict(*verdict(image))
        if image is not None and image.radiograph is not None and pyramid is not None:
            if self.canvas.radiograph is not image.radiograph:
                self.canvas.show_image(image.radiograph, pyramid)
        else:
            self.canvas.clear(in_place_of_picture(image))
        shown = self.canvas.radiograph
        ran = image.analysis.warnings if image is not None and image.analysis is not None else ()
        self.frame.set_notes(tuple(map(sentence, (*shown.warnings, *ran))) if shown is not None else ())

    def show_layers(
        self,
        image: OpenImage | None,
        made: Mapping[int, DensityMap],
        overlay: OverlaySettings,
        beside: Source | None = None,
    ) -> None:
        """Draw the maps of its own image whose switch is on, and those of its analysis by another pack."""
        self.canvas.set_overlay(overlay.opacity, overlay.peek)
        own = image is not None and image.radiograph is not None and image.radiograph is self.canvas.radiograph
        layers = self._painter.paint(image.groups, made, overlay, beside) if image is not None and own else Layers()
        self.canvas.set_layers(layers, tr("fixed scale: 0 – {full} × even spread", full=f"{FULL_SCALE:.0f}"))

    def set_banner(self, tone: str, text: str) -> None:
        """Say above it what a person must know of the images beside each other; nothing with an empty text."""
        self.banner.setText(text)
        self.banner.setAccessibleName(text)
        set_property(self.banner, "tone", tone)
        self.banner.setVisible(bool(text))

    def set_active(self, active: bool, *, alone: bool) -> None:
        """Draw a frame around the active one of several panes."""
        width = 0 if alone else 2
        set_property(self, "shown", "alone" if alone else "active" if active else "beside")
        self.setContentsMargins(width, width, width, width)
        smallest = 320 if alone else SMALLEST
        self.canvas.setMinimumSize(smallest, smallest)
        self.setAccessibleName("" if alone else tr("Active pane") if active else tr("Pane"))

    # events

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Become the active pane before the canvas does what the press asks for."""
        if event.type() in (QEvent.Type.MouseButtonPress, QEvent.Type.FocusIn):
            self.entered.emit()
        return super().eventFilter(watched, event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Become the active pane."""
        self.entered.emit()
        super().mousePressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept images of the lists; files are for the window."""
        if has_images(event.mimeData()):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
        else:
            event.ignore()

    def dropEvent(self, event: QDropEvent) -> None:
        """Take the images that were dropped."""
        paths: list[Path] = dragged_paths(event.mimeData())
        if paths:
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self.dropped.emit(paths)
