"""Canvas, verdict line and strip together: the middle of the window."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from viewer.i18n import tr
from viewer.image.canvas import Canvas
from viewer.image.strip import ResearchStrip
from viewer.theme.text import plain_label, set_property

TONES = ("idle", "good", "warning", "refused")
"""How the verdict line looks, by the style sheet."""


class _Picture(QWidget):
    """Holds the canvas and keeps the strip along its foot."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.canvas = Canvas(self)
        self.strip = ResearchStrip(self)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.canvas.setGeometry(self.rect())
        self.strip.place(self.width(), self.height())


class ImageFrame(QWidget):
    """The image with its verdict above and its strip below."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.verdict = plain_label(parent=self)
        self.verdict.setObjectName("verdict")
        self.verdict.setWordWrap(True)
        self.verdict.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.verdict.setMinimumHeight(30)
        self.notes = plain_label(parent=self)
        self.notes.setObjectName("notes")
        self.notes.setWordWrap(True)
        self.notes.setProperty("role", "notes")
        self.notes.hide()
        self._picture = _Picture(self)
        self.canvas, self.strip = self._picture.canvas, self._picture.strip
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.verdict)
        layout.addWidget(self.notes)
        layout.addWidget(self._picture, 1)
        self.set_verdict("idle", tr("No image"))

    def set_notes(self, notes: tuple[str, ...]) -> None:
        """Show what a person should know about this file and how the model ran on it, for as long as it is shown."""
        self.notes.setText("  ·  ".join(notes))
        self.notes.setAccessibleName(self.notes.text())
        self.notes.setVisible(bool(notes))

    def set_verdict(self, tone: str, text: str) -> None:
        """Say whether the image could be analysed; `tone` is one of TONES."""
        self.verdict.setText(text)
        self.verdict.setAccessibleName(text)
        set_property(self.verdict, "tone", tone)
