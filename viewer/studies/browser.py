"""Open images with thumbnails, grouped by patient and study."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QImage, QPixmap
from PySide6.QtWidgets import QLabel, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from viewer.i18n import tr
from viewer.image.annotations import date_text, person_text
from viewer.state.images import Load, OpenImage, Work
from viewer.theme.palette import MUTED

THUMBNAIL_SIZE = 72
KEY_ROLE = Qt.ItemDataRole.UserRole


class StudyBrowser(QWidget):
    """A list: a line for each patient and study, below it the images."""

    image_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumWidth(150)
        title = QLabel(tr("Images"))
        title.setProperty("role", "title")
        title.setContentsMargins(10, 8, 0, 2)
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Open images"))
        self.list.setIconSize(QSize(THUMBNAIL_SIZE, THUMBNAIL_SIZE))
        self.list.setWordWrap(True)
        self.list.setSpacing(2)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.list.currentItemChanged.connect(self._on_item)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(title)
        layout.addWidget(self.list)
        self._thumbnails: dict[str, QIcon] = {}

    def set_thumbnail(self, key: str, gray: npt.NDArray[np.uint8]) -> None:
        """Keep the thumbnail of an image; shown at the next `refresh`."""
        height, width = gray.shape
        picture = QImage(gray.data, width, height, width, QImage.Format.Format_Grayscale8).copy()
        pixmap = QPixmap.fromImage(
            picture.scaled(
                THUMBNAIL_SIZE,
                THUMBNAIL_SIZE,
                Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
        )
        icon = QIcon(pixmap)
        # Qt would tint the picture of the selected image.
        icon.addPixmap(pixmap, QIcon.Mode.Selected)
        self._thumbnails[key] = icon

    def refresh(self, images: dict[str, OpenImage], current: str | None) -> None:
        """Show these images, in their order, with a heading wherever patient or study changes."""
        self.list.blockSignals(True)
        position = self.list.verticalScrollBar().value()
        self.list.clear()
        heading = None
        for key, image in images.items():
            group = _group(image)
            if group and group != heading:
                self.list.addItem(_heading(group))
                heading = group
            item = QListWidgetItem(_state_text(image))
            item.setData(KEY_ROLE, key)
            item.setToolTip(str(image.path))
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{image.title}, {_state_text(image)}")
            if key in self._thumbnails:
                item.setIcon(self._thumbnails[key])
            self.list.addItem(item)
            if key == current:
                self.list.setCurrentItem(item)
        self.list.verticalScrollBar().setValue(position)
        self.list.blockSignals(False)

    def _on_item(self, item: QListWidgetItem | None) -> None:
        if item is not None and item.data(KEY_ROLE):
            self.image_chosen.emit(item.data(KEY_ROLE))


def _group(image: OpenImage) -> str:
    if image.identity is None:
        return ""
    who = image.identity
    name = person_text(who.patient_name) or who.patient_id or tr("no name")
    number = who.patient_id if who.patient_id != who.patient_name else ""
    return "\n".join(x for x in (name, number, date_text(who.study_date)) if x)


def _heading(text: str) -> QListWidgetItem:
    item = QListWidgetItem(text)
    item.setFlags(Qt.ItemFlag.NoItemFlags)
    item.setForeground(QColor(MUTED))
    return item


def _state_text(image: OpenImage) -> str:
    """One or two short lines: what it is and how far the work on it is."""
    if image.load is Load.FAILED and image.problem is not None:
        return f"{image.path.name}\n{tr('not opened')}: {image.problem.code}"
    if image.identity is None:
        return f"{image.path.name}\n{tr('opening…') if image.load is Load.LOADING else ''}"
    name = image.identity.series_description or image.path.name
    if image.analysis is not None and image.analysis.gate.verdict == "refused":
        return f"{name}\n{tr('refused')}"
    if image.history is not None:
        return f"{name}\n{tr(image.history.current.status.value)}"
    return name if image.work is Work.NONE else f"{name}\n{tr(image.work.value)}"
