"""Tree of the indexed studies: patient → study → series → image, filled where it is opened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from PySide6.QtCore import QMimeData, QSize, Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QAbstractItemView, QTreeWidget, QTreeWidgetItem, QWidget

from engine.catalog.reading import ImageRow, SeriesRow, StudyRow
from viewer.hanging.drag import mime_of
from viewer.i18n import tr
from viewer.image.annotations import date_text, stated_side
from viewer.theme.text import as_it_is

ROW_ROLE = Qt.ItemDataRole.UserRole
THUMBNAIL_SIZE = 40

Contents = list[tuple[SeriesRow, list[ImageRow]]]


@dataclass(frozen=True)
class Patient:
    """What stands at the top of the tree."""

    patient: int


class StudyTree(QTreeWidget):
    """Shows studies; a study's series and images are asked for when it is opened."""

    contents_wanted = Signal(int)
    """Study."""
    images_chosen = Signal(list, Path)
    """Paths to open; the one to show."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Studies"))
        # Hidden, and spoken nevertheless: without a text it would be "1".
        self.setHeaderLabels([tr("Studies")])
        self.setHeaderHidden(True)
        self.setIconSize(QSize(THUMBNAIL_SIZE, THUMBNAIL_SIZE))
        self.setIndentation(14)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.itemExpanded.connect(self._on_expanded)
        self.itemActivated.connect(self._on_activated)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self._rows: list[StudyRow] = []
        self._studies: dict[int, QTreeWidgetItem] = {}
        self._images: dict[str, QTreeWidgetItem] = {}
        self._open_when_filled: int | None = None

    def show_studies(self, rows: list[StudyRow]) -> None:
        """Show other studies, those of a patient that follow one another under one name; what was open stays open."""
        if rows == self._rows:
            return
        self._rows = rows
        opened = {study for study, item in self._studies.items() if item.isExpanded()}
        chosen = self.chosen_study()
        self.clear()
        self._studies.clear()
        self._images.clear()
        for patient, studies in groupby(rows, key=lambda row: row.patient):
            of_patient = list(studies)
            top = _item(self, Patient(patient), *_patient_lines(of_patient[0]))
            for row in of_patient:
                item = _item(top, row, *_study_lines(row))
                item.setChildIndicatorPolicy(QTreeWidgetItem.ChildIndicatorPolicy.ShowIndicator)
                self._studies[row.study] = item
            top.setExpanded(True)
        for study in opened & self._studies.keys():
            self._studies[study].setExpanded(True)
        if chosen in self._studies:
            self.setCurrentItem(self._studies[chosen])

    def fill(self, study: int, contents: Contents) -> list[tuple[str, Path]]:
        """Show what is in a study; returns key and path of its images, whose thumbnails are wanted."""
        item = self._studies.get(study)
        if item is None or item.childCount():
            return []
        wanted = []
        for row, images in contents:
            series = _item(item, row, *_series_lines(row))
            for number, image in enumerate(images, 1):
                line = _item(series, image, *_image_lines(image, number))
                line.setToolTip(0, as_it_is(str(image.path)))
                self._images[str(image.path)] = line
                wanted.append((str(image.path), image.path))
            series.setExpanded(True)
        if self._open_when_filled == study:
            self._open_when_filled = None
            self._choose(item)
        return wanted

    def set_icon(self, key: str, make: Callable[[], QIcon]) -> None:
        """Give an image its thumbnail, if it is in the tree."""
        if key in self._images:
            self._images[key].setIcon(0, make())

    def mimeData(self, items: Sequence[QTreeWidgetItem]) -> QMimeData:
        """What a drag of these lines into a pane carries: the images below them that were listed."""
        return mime_of([path for item in items for path in _paths_below(item)])

    def chosen_study(self) -> int | None:
        """The study that is selected itself."""
        item = self.currentItem()
        row = item.data(0, ROW_ROLE) if item is not None else None
        return row.study if isinstance(row, StudyRow) else None

    def _on_expanded(self, item: QTreeWidgetItem) -> None:
        row = item.data(0, ROW_ROLE)
        if isinstance(row, StudyRow) and not item.childCount():
            self.contents_wanted.emit(row.study)

    def _on_activated(self, item: QTreeWidgetItem) -> None:
        row = item.data(0, ROW_ROLE)
        if isinstance(row, StudyRow) and not item.childCount():
            self._open_when_filled = row.study
            item.setExpanded(True)
        elif not isinstance(row, Patient):
            self._choose(item)

    def _choose(self, item: QTreeWidgetItem) -> None:
        """Open the images of a study or a series; of an image its series, itself shown."""
        row = item.data(0, ROW_ROLE)
        series = item.parent() if isinstance(row, ImageRow) else item
        paths = _paths_below(series) if series is not None else []
        if paths:
            self.images_chosen.emit(paths, row.path if isinstance(row, ImageRow) else paths[0])


def _paths_below(item: QTreeWidgetItem) -> list[Path]:
    row = item.data(0, ROW_ROLE)
    if isinstance(row, ImageRow):
        return [row.path]
    return [path for child in _children(item) for path in _paths_below(child)]


def _children(item: QTreeWidgetItem) -> list[QTreeWidgetItem]:
    return [child for n in range(item.childCount()) if (child := item.child(n)) is not None]


def _item(parent: QTreeWidget | QTreeWidgetItem, row: object, title: str, note: str) -> QTreeWidgetItem:
    item = QTreeWidgetItem(parent, [f"{title}\n{note}" if note else title])
    item.setData(0, ROW_ROLE, row)
    item.setData(0, Qt.ItemDataRole.AccessibleTextRole, f"{title}, {note}" if note else title)
    item.setToolTip(0, as_it_is(f"{title}\n{note}" if note else title))
    return item


def _joined(*parts: str) -> str:
    return "  ·  ".join(part for part in parts if part)


def _patient_lines(row: StudyRow) -> tuple[str, str]:
    if not row.identified:
        return row.name, tr("pictures without identity")
    born = date_text(row.birth_date)
    # In one line the three are wider than the tree.
    lines = (row.patient_id, _joined(f"* {born}", row.sex)) if born else (_joined(row.patient_id, row.sex),)
    return row.name or tr("no name"), "\n".join(line for line in lines if line)


def _study_lines(row: StudyRow) -> tuple[str, str]:
    count = tr("1 image") if row.images == 1 else tr("{count} images", count=row.images)
    if not row.identified:
        return count, ""
    title = _joined(date_text(row.date) or tr("no date"), row.modalities.replace(",", ", "))
    return title, "\n".join(line for line in (row.description, count) if line)


def _series_lines(row: SeriesRow) -> tuple[str, str]:
    count = tr("1 image") if row.images == 1 else tr("{count} images", count=row.images)
    return row.description or _joined(row.modality, row.body_part) or tr("series"), count


def _image_lines(row: ImageRow, number: int) -> tuple[str, str]:
    said = row.number if row.number is not None else number
    return tr("Image {number}", number=said), _joined(row.view, stated_side(row.laterality))
