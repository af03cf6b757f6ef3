"""What the status bar shows of work that a person waits for: what it is, how far, and a button that stops it."""

from __future__ import annotations

from PySide6.QtWidgets import QProgressBar, QPushButton, QStatusBar

from viewer.i18n import tr
from viewer.theme.text import plain_label


class WorkBar:
    """Three parts of a status bar, out of sight while nothing is done."""

    def __init__(self, bar: QStatusBar) -> None:
        self.text = plain_label()
        self.progress = QProgressBar()
        self.progress.setAccessibleName(tr("Progress"))
        self.progress.setFixedWidth(180)
        self.cancel = QPushButton(tr("Cancel"))
        self.cancel.setProperty("role", "small")
        self.cancel.setAccessibleName(tr("Cancel the running work"))
        self._parts = (self.text, self.progress, self.cancel)
        for part in self._parts:
            bar.addPermanentWidget(part)
        self.hide()

    def tell(self, text: str, fraction: float) -> None:
        """Show what is being done and how much of it is done (0..1)."""
        for part in self._parts:
            part.show()
        self.text.setText(tr(text))
        self.progress.setRange(0, 100)
        self.progress.setValue(round(100 * fraction))

    def hide(self) -> None:
        """Nothing is being done."""
        for part in self._parts:
            part.hide()
