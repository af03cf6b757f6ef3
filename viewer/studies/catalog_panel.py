"""The indexed studies: search field, recent or all, and the tree; everything is asked in the background."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QComboBox, QLineEdit, QVBoxLayout, QWidget

from engine.catalog.reading import Catalog, StudyRow
from engine.errors import CatalogError
from viewer.i18n import tr
from viewer.studies.icons import icon_of
from viewer.studies.tree import THUMBNAIL_SIZE, Contents, StudyTree
from viewer.tasks import TaskControl, run_task
from viewer.theme.text import plain_label

TYPING_PAUSE_MS = 150
ALL, RECENT = 0, 1


class CatalogPanel(QWidget):
    """Shows the index; opening and thumbnails are left to whoever listens.

    Parameters
    ----------
    catalog : Catalog
    """

    images_chosen = Signal(list, Path)
    thumbnails_wanted = Signal(list)
    """(key, path) of images."""

    def __init__(self, catalog: Catalog, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._catalog = catalog
        self._asked = 0
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("Name, ID, date, modality…"))
        self.search.setAccessibleName(tr("Search studies"))
        self.search.setClearButtonEnabled(True)
        self.which = QComboBox()
        self.which.setAccessibleName(tr("Which studies"))
        self.which.addItems([tr("All studies"), tr("Recent studies")])
        self.tree = StudyTree()
        self.note = plain_label(role="small")
        self.note.setWordWrap(True)
        self.note.setContentsMargins(8, 2, 4, 4)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 6, 0, 0)
        layout.setSpacing(4)
        for part in (self.search, self.which, self.tree, self.note):
            layout.addWidget(part)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(TYPING_PAUSE_MS)
        self._pause.timeout.connect(self.refresh)
        self.search.textChanged.connect(lambda _text: self._pause.start())
        self.which.currentIndexChanged.connect(lambda _index: self.refresh())
        self.tree.contents_wanted.connect(self._ask_contents)
        self.tree.images_chosen.connect(self.images_chosen)

    @property
    def shows_recent(self) -> bool:
        """Whether the recent studies are listed, not all."""
        return self.which.currentIndex() == RECENT

    def refresh(self) -> None:
        """Ask the index again; of several questions only the last one's answer is shown."""
        self._pause.stop()
        self._asked += 1
        words, recent = self.search.text(), self.shows_recent
        self.search.setEnabled(not recent)
        catalog = self._catalog

        def work(_control: TaskControl) -> list[StudyRow]:
            return catalog.recent() if recent else catalog.studies(words)

        run_task(work, partial(self._show, self._asked), self._tell)

    def set_thumbnail(self, key: str, gray: npt.NDArray[np.uint8]) -> None:
        """Show the thumbnail of an image, if it is in the tree."""
        make: Callable[[], object] = partial(icon_of, gray, THUMBNAIL_SIZE)
        self.tree.set_icon(key, make)  # type: ignore[arg-type]

    def _show(self, asked: int, rows: list[StudyRow]) -> None:
        if asked != self._asked:
            return
        self.tree.show_studies(rows)
        if rows:
            self.note.setText("")
        elif self.shows_recent:
            self.note.setText(tr("No study has been opened yet."))
        elif self.search.text().strip():
            self.note.setText(tr("No study has these words."))
        else:
            self.note.setText(tr("Open a folder, a ZIP archive or a DICOMDIR: what is in it is listed here."))

    def _ask_contents(self, study: int) -> None:
        catalog = self._catalog

        def work(_control: TaskControl) -> Contents:
            return [(row, catalog.images(row.series)) for row in catalog.series(study)]

        run_task(work, partial(self._fill, study), self._tell)

    def _fill(self, study: int, contents: Contents) -> None:
        wanted = self.tree.fill(study, contents)
        if wanted:
            self.thumbnails_wanted.emit(wanted)

    def _tell(self, error: BaseException) -> None:
        """An index that cannot be read is said where its studies would be; images can be opened nevertheless."""
        if not isinstance(error, CatalogError):
            raise error
        self.note.setText(str(error))
