"""A line that says how a question to an archive goes, or what went wrong with it, with its code."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QWidget

from engine.prose import as_sentence
from viewer.errands import Errands
from viewer.i18n import tr
from viewer.state.images import Problem
from viewer.theme.text import plain_label, set_property


class Telling(QWidget):
    """Follows errands: progress with a button that stops them, then a line of text."""

    busy = Signal(bool)

    def __init__(self, errands: Errands, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._errands = errands
        self.text = plain_label()
        self.text.setWordWrap(True)
        self.text.setObjectName("told")
        self.progress = QProgressBar()
        self.progress.setAccessibleName(tr("Progress"))
        self.progress.setFixedWidth(160)
        self.stop = QPushButton(tr("Stop"))
        self.stop.setAccessibleName(tr("Stop what is running"))
        self.stop.setAutoDefault(False)
        self.stop.clicked.connect(self._stop)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.text, 1)
        layout.addWidget(self.progress)
        layout.addWidget(self.stop)
        errands.begun.connect(self._follow)
        errands.ended.connect(self._follow)
        errands.progressed.connect(self._on_progress)
        errands.failed.connect(lambda error: self.tell_problem(Problem.of(error)))
        self._follow()

    def tell(self, text: str) -> None:
        """Say something."""
        set_property(self.text, "tone", "")
        self.text.setText(text)

    def tell_problem(self, problem: Problem) -> None:
        """Say what went wrong and what to do."""
        set_property(self.text, "tone", "refused")
        said = [as_sentence(part) for part in (problem.message, problem.hint) if part]
        self.text.setText(f"[{problem.code}] {' '.join(said)}")

    def _stop(self) -> None:
        self._errands.cancel()
        self.tell(tr("Stopped"))

    def _follow(self) -> None:
        for widget in (self.progress, self.stop):
            widget.setVisible(self._errands.busy)
        self.busy.emit(self._errands.busy)

    def _on_progress(self, text: str, fraction: float) -> None:
        self.tell(text)
        self.progress.setRange(0, 100 if fraction else 0)
        self.progress.setValue(round(100 * fraction))
