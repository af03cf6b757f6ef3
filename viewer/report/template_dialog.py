"""The list of templates, searched and chosen with the keyboard."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QDialog, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from engine.report.templates import Template
from viewer.i18n import tr
from viewer.theme.line import Line
from viewer.theme.text import as_it_is


class TemplateDialog(QDialog):
    """Enter takes the marked template; the arrow keys move the mark while the search has the keyboard."""

    def __init__(self, templates: Sequence[Template], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._templates = templates
        self.setWindowTitle(tr("Insert a template"))
        self.resize(560, 360)
        self.search = Line()
        self.search.setPlaceholderText(tr("Search templates"))
        self.search.setAccessibleName(tr("Search templates"))
        self.search.textChanged.connect(self._show)
        self.search.returnPressed.connect(self._take)
        self.search.installEventFilter(self)
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Templates"))
        self.list.setWordWrap(True)
        self.list.itemActivated.connect(lambda _item: self._take())
        layout = QVBoxLayout(self)
        layout.addWidget(self.search)
        layout.addWidget(self.list)
        self._show("")

    @property
    def chosen(self) -> Template | None:
        """The marked template."""
        if self.list.currentRow() < 0:
            return None
        number: int = self.list.currentItem().data(Qt.ItemDataRole.UserRole)
        return self._templates[number]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Hand the keys that move the mark from the search to the list."""
        keys = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() in keys:
            QApplication.sendEvent(self.list, event)
            return True
        return super().eventFilter(watched, event)

    def _show(self, search: str) -> None:
        self.list.clear()
        words = search.casefold().split()
        for number, template in enumerate(self._templates):
            if all(word in f"{template.name} {template.text}".casefold() for word in words):
                item = QListWidgetItem(f"{template.name}\n{template.text}")
                item.setToolTip(as_it_is(template.text))
                item.setData(Qt.ItemDataRole.UserRole, number)
                self.list.addItem(item)
        self.list.setCurrentRow(0)

    def _take(self) -> None:
        if self.chosen is not None:
            self.accept()
