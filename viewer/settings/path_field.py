"""A line for the path of a file, with buttons that choose it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QDir, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QPushButton, QWidget

from viewer.i18n import tr


class PathField(QWidget):
    """What is typed counts when the line is left, what is chosen at once.

    Parameters
    ----------
    name : str
        Of the setting, for the dialogs and for those who cannot see the buttons.
    folder : bool
        Whether a folder will do, too.
    """

    chosen = Signal(str)

    def __init__(self, name: str, *, folder: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self.line = QLineEdit()
        self.line.setMinimumWidth(200)
        self.line.editingFinished.connect(lambda: self.chosen.emit(self.line.text().strip()))
        self.file = self._button(tr("File…") if folder else tr("Choose…"), self._ask_file)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.line, 1)
        layout.addWidget(self.file)
        self.folder: QPushButton | None = None
        if folder:
            self.folder = self._button(tr("Folder…"), self._ask_folder)
            layout.addWidget(self.folder)

    def _button(self, text: str, ask: object) -> QPushButton:
        button = QPushButton(text)
        button.setAccessibleName(f"{self._name}: {text}")
        button.setAutoDefault(False)
        button.clicked.connect(ask)
        return button

    def _start(self) -> str:
        """Return the folder that is offered first: that of the path now in the line, if it is there."""
        now = Path(self.line.text().strip())
        return str(now.parent) if self.line.text().strip() and now.parent.is_dir() else QDir.homePath()

    def _ask_file(self) -> None:
        self._take(QFileDialog.getOpenFileName(self, self._name, self._start())[0])

    def _ask_folder(self) -> None:
        self._take(QFileDialog.getExistingDirectory(self, self._name, self._start()))

    def _take(self, path: str) -> None:
        if path:
            self.line.setText(path)
            self.chosen.emit(path)
