"""The features of the image shown: of the pack that the draft stands on and, where it is asked for, of another."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from viewer.features.panel import FeaturePanel
from viewer.features.results_bar import BESIDE, OWN, ResultsBar
from viewer.i18n import tr
from viewer.state.images import OpenImage
from viewer.state.overlay import OverlaySettings

ONE_LIST, TWO_LISTS = 474, 780
"""Width that one list and two lists need, in pixels."""


class FeatureSide(QWidget):
    """One list or two, and the choice between them."""

    compare_wanted = Signal(object)
    """Pack whose analysis is to be shown beside the draft's own, or None."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.own, self.beside, self.bar = FeaturePanel(), FeaturePanel(), ResultsBar()
        self.beside.setAccessibleName(tr("Features of the other pack"))
        self.beside.sliders.hide()
        self._mode = OWN
        self._make_room()
        self._image: OpenImage | None = None
        self.bar.chosen.connect(self._choose)
        lists = QSplitter(Qt.Orientation.Horizontal)
        lists.setChildrenCollapsible(False)
        lists.addWidget(self.own)
        lists.addWidget(self.beside)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.bar)
        layout.addWidget(lists, 1)

    def show_image(self, image: OpenImage | None, overlay: OverlaySettings) -> None:
        """List the features of an image."""
        other = image.compared if image is not None else None
        if other is None:
            self._mode = OWN
        elif self._mode == OWN:
            self._mode = BESIDE
        self._image = image
        self.own.show_image(image, overlay)
        if other is not None and image is not None:
            self.beside.show_results(other, overlay.of_beside())
            self.beside.belongs.set_full(self.own.belongs.full)
        self.own.setVisible(self._mode in (OWN, BESIDE))
        self.beside.setVisible(self._mode != OWN)
        self._make_room()
        self.bar.show_image(image, self._mode)

    def show_overlay(self, overlay: OverlaySettings) -> None:
        """Bring switches, colours and sliders up to date."""
        self.own.show_overlay(overlay)
        if self._mode != OWN:
            self.beside.show_overlay(overlay.of_beside())

    def _choose(self, pack: object, mode: str) -> None:
        self._mode = mode
        if self._image is not None and self._image.beside == pack:
            self.own.setVisible(mode in (OWN, BESIDE))
            self.beside.setVisible(mode != OWN)
            self._make_room()
        self.compare_wanted.emit(pack)

    def _make_room(self) -> None:
        self.setMinimumWidth(TWO_LISTS if self._mode == BESIDE else ONE_LIST)
