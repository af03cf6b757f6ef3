"""A window that shows one pane, for a second screen; strip, verdict and banner of the pane are in it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from viewer.hanging.drag import dropped_files
from viewer.hanging.pane import Pane


class PaneWindow(QWidget):
    """Closing it does not close the image: `closed` says that the pane is to come back.

    Parameters
    ----------
    actions : sequence of QAction
        Whose keys work here as in the main window.
    """

    closed = Signal()
    files_dropped = Signal(list)

    def __init__(self, pane: Pane, title: str, actions: Sequence[QAction]) -> None:
        super().__init__()
        self.pane = pane
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        self.setAcceptDrops(True)
        self.addActions(actions)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(pane)
        pane.show()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept files and folders, as the main window does."""
        if dropped_files(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Hand on what was dropped."""
        self.files_dropped.emit(dropped_files(event.mimeData()))
        event.acceptProposedAction()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Give the pane back."""
        self.closed.emit()
        super().closeEvent(event)
