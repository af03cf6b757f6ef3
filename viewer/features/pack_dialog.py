"""Ask with which pack an image is to be analysed."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QDir, Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from engine.pack.library import ARCHIVE_SUFFIX, PackEntry
from viewer.i18n import tr
from viewer.theme.text import as_it_is, plain_label


class PackDialog(QDialog):
    """Lists the packs that are installed; a file or a folder can be chosen, too.

    Parameters
    ----------
    entries : sequence of PackEntry
        A pack that cannot be used stands there with its problem and cannot be chosen.
    """

    pack_chosen = Signal(str)
    """Folder or file of the pack."""

    def __init__(self, entries: Sequence[PackEntry], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Analyse with another pack"))
        self.resize(520, 320)
        told = plain_label(tr("Its features are shown beside those of the draft, which stays as it is."), role="muted")
        told.setWordWrap(True)
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Model packs"))
        for entry in entries:
            title = f"{entry.name} {entry.version} · {entry.title}"
            item = QListWidgetItem(f"{title} [{entry.code}]" if entry.problem else title)
            item.setData(Qt.ItemDataRole.UserRole, str(entry.folder))
            item.setToolTip(as_it_is(entry.problem or str(entry.folder)))
            if entry.problem:
                item.setFlags(Qt.ItemFlag.NoItemFlags)
            self.list.addItem(item)
        self.list.itemActivated.connect(lambda _item: self._take())
        self.list.currentItemChanged.connect(lambda _now, _before: self._enable())
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        buttons.button(QDialogButtonBox.StandardButton.Cancel).setText(tr("Cancel"))
        self.go = QPushButton(tr("Analyse"))
        buttons.addButton(self.go, QDialogButtonBox.ButtonRole.AcceptRole)
        for text, choose in ((tr("File…"), self._file), (tr("Folder…"), self._folder)):
            button = QPushButton(text)
            button.clicked.connect(choose)
            buttons.addButton(button, QDialogButtonBox.ButtonRole.ActionRole)
        for each in buttons.buttons():
            each.setAccessibleName(each.text())
        self.go.clicked.connect(self._take)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(told)
        layout.addWidget(self.list, 1)
        layout.addWidget(buttons)
        self._enable()

    def _enable(self) -> None:
        self.go.setEnabled(self.list.currentItem() is not None)

    def _take(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            self._choose(str(item.data(Qt.ItemDataRole.UserRole)))

    def _file(self) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self, tr("Model pack"), QDir.homePath(), tr("Model packs") + f" (*{ARCHIVE_SUFFIX})"
        )
        if name:
            self._choose(name)

    def _folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, tr("Folder of a model pack"), QDir.homePath())
        if name:
            self._choose(name)

    def _choose(self, source: str) -> None:
        self.accept()
        self.pack_chosen.emit(source)
