"""Left of the image: the open images, and the studies that the index knows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QTabWidget, QWidget

from engine.catalog.reading import Catalog
from viewer.i18n import tr
from viewer.studies.browser import StudyBrowser
from viewer.studies.catalog_panel import CatalogPanel


class StudiesPanel(QTabWidget):
    """Two tabs.

    Parameters
    ----------
    browser : StudyBrowser
    catalog : Catalog or None
        Without an index there is only the browser.
    """

    images_chosen = Signal(list, Path)
    thumbnails_wanted = Signal(list)

    def __init__(self, browser: StudyBrowser, catalog: Catalog | None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDocumentMode(True)
        self.tabBar().setDrawBase(False)
        self.setMinimumWidth(180)
        self.tabBar().setAccessibleName(tr("Open images or all studies"))
        self.addTab(browser, tr("Open"))
        self.tabBar().setVisible(catalog is not None)
        self.studies = CatalogPanel(catalog) if catalog is not None else None
        if self.studies is not None:
            self.addTab(self.studies, tr("Studies"))
            self.studies.images_chosen.connect(self.images_chosen)
            self.studies.thumbnails_wanted.connect(self.thumbnails_wanted)
            self.currentChanged.connect(lambda _index: self.refresh())

    def refresh(self) -> None:
        """Bring the studies up to date, if they are in sight."""
        if self.studies is not None and self.currentWidget() is self.studies:
            self.studies.refresh()

    def refresh_recent(self) -> None:
        """Bring the recent studies up to date, if they are in sight."""
        if self.studies is not None and self.studies.shows_recent:
            self.refresh()

    def set_thumbnail(self, key: str, gray: npt.NDArray[np.uint8]) -> None:
        """Show the thumbnail of an image among the studies."""
        if self.studies is not None:
            self.studies.set_thumbnail(key, gray)
