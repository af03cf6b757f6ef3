"""The list of result objects with their switches, and the text of the one that is chosen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import (
    QHBoxLayout,
    QPushButton,
    QSplitter,
    QTextBrowser,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from engine.dicom.radiograph import Radiograph
from engine.readback.objects import ResultObject
from engine.readback.presentation import PresentationState
from viewer.i18n import tr
from viewer.results.words import page, row_text
from viewer.state.shown_results import LayerKey, ShownResults
from viewer.theme import palette
from viewer.theme.text import as_it_is

KEY_ROLE = Qt.ItemDataRole.UserRole


class ResultsPanel(QWidget):
    """Objects of the image shown first, then those of other images and those whose image is not open."""

    switched = Signal(frozenset, bool)
    """Layers (`LayerKey`) were switched on or off."""
    present_wanted = Signal(str)
    """The image is to be shown as this object asks for."""

    def __init__(self, shown: ShownResults, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown = shown
        self._image: Radiograph | None = None
        self._open: frozenset[str] = frozenset()
        self._listed: object = None
        self.tree = QTreeWidget()
        self.tree.setHeaderHidden(True)
        self.tree.setAccessibleName(tr("Result objects"))
        self.tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.text = QTextBrowser()
        self.text.setOpenLinks(False)
        self.text.setAccessibleName(tr("What the chosen object says"))
        self.off = QPushButton(tr("All off"))
        self.off.setToolTip(tr("Switch everything off that result objects draw on this image"))
        self.present = QPushButton(tr("Show as it asks"))
        self.present.setToolTip(tr("Gray levels, turning and area as the chosen presentation state asks for"))
        bar = QHBoxLayout()
        bar.setContentsMargins(8, 4, 8, 4)
        bar.setSpacing(8)
        for button in (self.off, self.present):
            button.setProperty("role", "small")
            button.setAccessibleName(button.text())
            bar.addWidget(button)
        bar.addStretch(1)
        parts = QSplitter(Qt.Orientation.Vertical)
        parts.setChildrenCollapsible(False)
        parts.addWidget(self.tree)
        parts.addWidget(self.text)
        parts.setSizes([200, 260])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(bar)
        layout.addWidget(parts, 1)
        self.tree.currentItemChanged.connect(lambda _item, _last: self._show_text())
        self.tree.itemChanged.connect(self._on_item)
        self.off.clicked.connect(self._all_off)
        self.present.clicked.connect(lambda: self.present_wanted.emit(self.chosen or ""))

    @property
    def chosen(self) -> str | None:
        """SOP Instance UID of the object chosen."""
        item = self.tree.currentItem()
        while item is not None and item.parent() is not None:
            item = item.parent()
        found = item.data(0, KEY_ROLE) if item is not None else None
        return found if isinstance(found, str) else None

    def show_image(self, image: Radiograph | None, open_images: Iterable[str]) -> None:
        """List all objects; those of this image can be switched."""
        last, self._image, self._open = self._image, image, frozenset(open_images)
        uid = image.identity.sop_instance_uid if image is not None else ""
        own = self._shown.of_image(uid)
        names = [result.provenance.sop_instance_uid for result in own]
        listed = (uid, len(self._shown.objects), len(self._shown.unread), [self._shown.layers(n, uid) for n in names])
        self.tree.blockSignals(True)
        if listed != self._listed:
            # On another image the list begins with what belongs to it.
            chosen = self.chosen if image is last else None
            self._listed = listed
            self._fill(own, uid)
            self._choose(chosen)
        self._check(self._shown.on(uid))
        self.tree.blockSignals(False)
        self._show_text()

    def _fill(self, own: list[ResultObject], uid: str) -> None:
        self.tree.clear()
        for result in own:
            self._add(result, uid)
        for result in self._shown.objects.values():
            if result not in own:
                row = _item(result)
                row.setForeground(0, QColor(palette.MUTED))
                self.tree.addTopLevelItem(row)
        for failure in self._shown.unread.values():
            row = QTreeWidgetItem([f"{failure.path.name}  ·  {failure.code}"])
            row.setToolTip(0, as_it_is(f"{failure.path}\n{failure.message}"))
            self.tree.addTopLevelItem(row)

    def _add(self, result: ResultObject, uid: str) -> None:
        row = _item(result)
        self.tree.addTopLevelItem(row)
        for key, layer in self._shown.layers(result.provenance.sop_instance_uid, uid).items():
            child = QTreeWidgetItem([layer.name if layer is not None else tr("Covered edges (shutter)")])
            child.setData(0, KEY_ROLE, key)
            child.setToolTip(0, as_it_is(child.text(0)))
            if layer is not None:
                child.setIcon(0, _swatch(self._shown.colour(key, layer)))
            row.addChild(child)
        row.setExpanded(True)

    def _check(self, on: frozenset[LayerKey]) -> None:
        """Tick what is on; the rows stay, because it may be one of them that was clicked."""
        for row in _rows(self.tree.invisibleRootItem()):
            states = []
            for child in _rows(row):
                states.append(_key(child.data(0, KEY_ROLE)) in on)
                child.setCheckState(0, _state(states[-1:]))
            if states:
                row.setCheckState(0, _state(states))

    def _choose(self, name: str | None) -> None:
        for row in _rows(self.tree.invisibleRootItem()):
            if name is None or row.data(0, KEY_ROLE) == name:
                self.tree.setCurrentItem(row)
                return

    def _show_text(self) -> None:
        result = self._shown.objects.get(self.chosen or "")
        uid = self._image.identity.sop_instance_uid if self._image is not None else ""
        on_image = result is not None and uid in result.images
        self.present.setEnabled(on_image and result is not None and isinstance(result.content, PresentationState))
        self.off.setEnabled(bool(self._shown.on(uid)))
        if result is None:
            self.text.setPlainText("")
            return
        image = self._image if on_image else None
        drawing = self._shown.drawing(result.provenance.sop_instance_uid, uid) if on_image else None
        text = page(result, image, drawing, self._open)
        if text != self.text.property("page"):
            self.text.setProperty("page", text)
            self.text.setHtml(text)

    def _on_item(self, item: QTreeWidgetItem) -> None:
        on = item.checkState(0) is Qt.CheckState.Checked
        rows = [item] if item.parent() is not None else _rows(item)
        self.switched.emit(frozenset(_key(row.data(0, KEY_ROLE)) for row in rows), on)

    def _all_off(self) -> None:
        uid = self._image.identity.sop_instance_uid if self._image is not None else ""
        self.switched.emit(self._shown.on(uid), False)


def _rows(item: QTreeWidgetItem) -> list[QTreeWidgetItem]:
    found = (item.child(number) for number in range(item.childCount()))
    return [row for row in found if row is not None]


def _key(data: Any) -> LayerKey:
    """A layer's key as an item gives it back: Qt makes lists of tuples."""
    return str(data[0]), int(data[1])


def _item(result: ResultObject) -> QTreeWidgetItem:
    text = row_text(result)
    row = QTreeWidgetItem([text])
    row.setData(0, KEY_ROLE, result.provenance.sop_instance_uid)
    row.setToolTip(0, as_it_is(f"{text}\n{result.source}"))
    return row


def _state(states: list[bool]) -> Qt.CheckState:
    if all(states):
        return Qt.CheckState.Checked
    return Qt.CheckState.PartiallyChecked if any(states) else Qt.CheckState.Unchecked


def _swatch(colour: str) -> QIcon:
    pixels = QPixmap(12, 12)
    pixels.fill(QColor(colour))
    return QIcon(pixels)
