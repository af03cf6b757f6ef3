"""Open images with thumbnails, grouped by patient and study."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QMimeData, QSize, Qt, Signal
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from viewer.hanging.drag import mime_of
from viewer.i18n import tr
from viewer.image.annotations import date_text, person_text
from viewer.state.images import Load, OpenImage, Work
from viewer.studies.delegate import ImageDelegate
from viewer.studies.icons import icon_of
from viewer.theme.text import as_it_is, plain_label

THUMBNAIL_SIZE = 72
KEY_ROLE = Qt.ItemDataRole.UserRole


@dataclass(frozen=True)
class _Group:
    """What a heading stands for: `identity` tells groups apart, `text` is what is read."""

    identity: tuple[str, ...]
    text: str


@dataclass(eq=False)
class _Entry:
    """An image's line, the patient and study it belongs to, and the heading above it, if it has one."""

    item: QListWidgetItem
    group: _Group | None = None
    heading: QListWidgetItem | None = None
    results: str = ""


class _ImageList(QListWidget):
    """A list whose images can be dragged into a pane."""

    def __init__(self) -> None:
        super().__init__()
        self.setDragEnabled(True)
        self.setDragDropMode(QListWidget.DragDropMode.DragOnly)

    def mimeData(self, items: Sequence[QListWidgetItem]) -> QMimeData:
        """What a drag of these lines carries."""
        return mime_of([Path(key) for item in items if (key := item.data(KEY_ROLE))])


class StudyBrowser(QWidget):
    """A list: a line for each patient and study, below it the images."""

    image_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumWidth(180)
        title = plain_label(tr("Images"), role="title")
        title.setContentsMargins(10, 8, 0, 2)
        self.list = _ImageList()
        self.list.setAccessibleName(tr("Open images"))
        self.list.setIconSize(QSize(THUMBNAIL_SIZE, THUMBNAIL_SIZE))
        self.list.setItemDelegate(ImageDelegate(self.list))
        self.list.setSpacing(2)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.list.currentItemChanged.connect(self._on_item)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(title)
        layout.addWidget(self.list)
        self._entries: list[_Entry] = []
        self._places: dict[str, int] = {}

    def add(self, images: Sequence[OpenImage]) -> None:
        """Append images to the list."""
        for image in images:
            item = QListWidgetItem()
            item.setData(KEY_ROLE, image.key)
            self._places[image.key] = len(self._entries)
            self._entries.append(_Entry(item))
            self.list.addItem(item)
            self.update_image(image)

    def update_image(self, image: OpenImage) -> None:
        """Bring one image up to date; the others are not touched, so that a thousand can be open."""
        place = self._places[image.key]
        entry = self._entries[place]
        text = _state_text(image) + (f"\n{entry.results}" if entry.results else "")
        entry.item.setText(text)
        entry.item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{image.title}, {text}")
        entry.item.setToolTip(as_it_is(f"{text}\n{image.path}"))
        group = _group(image)
        if group != entry.group:
            entry.group = group
            self._fix_heading(place)
            if place + 1 < len(self._entries):
                self._fix_heading(place + 1)

    def set_results(self, image: OpenImage, kinds: str) -> None:
        """Say below an image which kinds of result objects refer to it, such as ``SR GSPS``."""
        if self._entries[self._places[image.key]].results != kinds:
            self._entries[self._places[image.key]].results = kinds
            self.update_image(image)

    def set_thumbnail(self, key: str, gray: npt.NDArray[np.uint8]) -> None:
        """Show the thumbnail of an image."""
        self._entries[self._places[key]].item.setIcon(icon_of(gray, THUMBNAIL_SIZE))

    def set_current(self, key: str | None) -> None:
        """Mark the image shown."""
        self.list.blockSignals(True)
        self.list.setCurrentItem(self._entries[self._places[key]].item if key is not None else None)  # type: ignore[arg-type]
        self.list.blockSignals(False)

    def _fix_heading(self, place: int) -> None:
        """Let a heading stand above an image whose patient or study differs from the image before it."""
        entry = self._entries[place]
        before = self._entries[place - 1].group if place > 0 else None
        wanted = entry.group.text if entry.group is not None and entry.group != before else ""
        if entry.heading is not None and entry.heading.text() != wanted:
            self.list.takeItem(self.list.row(entry.heading))
            entry.heading = None
        if wanted and entry.heading is None:
            entry.heading = _heading(wanted)
            self.list.insertItem(self.list.row(entry.item), entry.heading)

    def _on_item(self, item: QListWidgetItem | None) -> None:
        if item is not None and item.data(KEY_ROLE):
            self.image_chosen.emit(item.data(KEY_ROLE))


def _group(image: OpenImage) -> _Group | None:
    """Patient and study of an image; a file that names neither stands alone, since nothing says whose it is."""
    if image.identity is None:
        return None
    who = image.identity
    name = person_text(who.patient_name) or who.patient_id
    if not name and not who.study_instance_uid:
        return _Group(("file", image.key), tr("without identity"))
    number = who.patient_id if who.patient_id not in ("", who.patient_name, name) else ""
    text = "\n".join(x for x in (name or tr("no name"), number, date_text(who.study_date)) if x)
    return _Group(("study", who.patient_name, who.patient_id, who.study_date, who.study_instance_uid), text)


def _heading(text: str) -> QListWidgetItem:
    item = QListWidgetItem(text)
    item.setToolTip(as_it_is(text))
    item.setFlags(Qt.ItemFlag.NoItemFlags)
    return item


def _state_text(image: OpenImage) -> str:
    """Short lines: what it is, how far the work on it is, and the code where that is not done."""
    if image.load is Load.FAILED and image.problem is not None:
        return f"{image.path.name}\n{tr('not opened')}\n{image.problem.code}"
    if image.identity is None:
        return f"{image.path.name}\n{tr('opening…') if image.load is Load.LOADING else ''}"
    name = image.identity.series_description or image.path.name
    if image.analysis is not None and image.analysis.gate.verdict == "refused":
        return f"{name}\n{tr('refused')}\n{image.analysis.gate.code}"
    if image.history is not None:
        return f"{name}\n{tr(image.history.current.status.value)}"
    code = f"\n{image.analysis_problem.code}" if image.analysis_problem is not None else ""
    return name if image.work is Work.NONE else f"{name}\n{tr(image.work.value)}{code}"
