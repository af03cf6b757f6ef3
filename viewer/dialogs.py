"""A window of text that may be longer than the screen, and the box that tells what went wrong."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QMessageBox, QTextBrowser, QVBoxLayout, QWidget

from engine.prose import as_sentence
from viewer.i18n import tr
from viewer.state.images import Problem
from viewer.theme.text import as_it_is


class TextDialog(QDialog):
    """Shows HTML with a scroll bar and a button that closes it."""

    def __init__(self, title: str, html: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(680, 560)
        text = QTextBrowser()
        text.setAccessibleName(title)
        text.setHtml(html)
        text.setOpenExternalLinks(True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        close = buttons.button(QDialogButtonBox.StandardButton.Close)
        close.setText(tr("Close"))
        close.setAccessibleName(tr("Close"))
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(text)
        layout.addWidget(buttons)


class ProblemBox(QMessageBox):
    """Code, what happened and what to do, letter by letter."""

    def __init__(self, problem: Problem, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("problem")
        self.setIcon(QMessageBox.Icon.Warning)
        self.setWindowTitle(tr("Problem"))
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(f"[{problem.code}] {as_sentence(problem.message)}")
        self.setInformativeText(as_it_is(as_sentence(problem.hint)))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowModality(Qt.WindowModality.WindowModal)
