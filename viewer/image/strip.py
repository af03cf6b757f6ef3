"""The strip that says research use only: always there, and transparent to the mouse."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

from viewer.i18n import tr
from viewer.theme import palette

STRIP_HEIGHT = 24


class ResearchStrip(QLabel):
    """Covers the foot of the image; nothing in the program hides it and it has no button."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(tr("Research use only – not for diagnosis"), parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setObjectName("research_strip")
        self.setAccessibleName(self.text())
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setStyleSheet(
            f"background: rgba(20, 16, 0, 215); color: {palette.STRIP}; font-weight: 600; font-size: 13px;"
        )

    def place(self, width: int, height: int) -> None:
        """Lie along the foot of a parent of this size, above everything else in it."""
        self.setGeometry(0, height - STRIP_HEIGHT, width, STRIP_HEIGHT)
        self.raise_()
