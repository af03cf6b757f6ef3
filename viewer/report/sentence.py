"""One sentence of the draft."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from engine.report.draft import Sentence
from viewer.i18n import tr
from viewer.report.editor import SentenceEditor
from viewer.state.selection import is_positive
from viewer.theme.palette import ACCENT, CONFIRMED, MARKED, MUTED, PANEL, SELECTED, TEXT, UNCONFIRMED


class SentenceRow(QFrame):
    """Text coloured until confirmed, with confirm, edit and remove; click, Tab or Ctrl+Down select it."""

    chosen = Signal(str)
    confirmed = Signal(str)
    edited = Signal(str, str)
    removed = Signal(str)

    def __init__(self, sentence: Sentence, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sentence = sentence
        self.setObjectName("sentence_row")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        waiting = sentence.state == "unconfirmed"
        state = tr("not confirmed") if waiting else tr("confirmed")
        self.setAccessibleName(sentence.text)
        self.setAccessibleDescription(state)
        self.text = QLabel(sentence.text)
        self.text.setWordWrap(True)
        self.text.setStyleSheet(f"color: {UNCONFIRMED if waiting else TEXT};")
        self.text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.note = QLabel(_note(sentence))
        self.note.setStyleSheet(f"color: {MUTED}; font-size: 11px;")
        self.editor = SentenceEditor(sentence.text)
        self.editor.setAccessibleName(tr("Text of the sentence"))
        self.editor.returnPressed.connect(self._finish)
        self.editor.given_up.connect(self._give_up)
        self.editor.hide()
        self.buttons = {
            "confirm": _button(tr("Confirm"), tr("Confirm: {text}", text=sentence.text)),
            "edit": _button(tr("Edit"), tr("Edit: {text}", text=sentence.text)),
            "remove": _button(tr("Remove"), tr("Remove: {text}", text=sentence.text)),
        }
        self.buttons["confirm"].setVisible(waiting)
        self.buttons["confirm"].clicked.connect(lambda: self.confirmed.emit(sentence.key))
        self.buttons["edit"].clicked.connect(self.begin_edit)
        self.buttons["remove"].clicked.connect(lambda: self.removed.emit(sentence.key))
        low = QHBoxLayout()
        low.setSpacing(4)
        low.addWidget(self.note, 1)
        for button in self.buttons.values():
            low.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(9, 4, 6, 4)
        layout.setSpacing(2)
        layout.addWidget(self.text)
        layout.addWidget(self.editor)
        layout.addLayout(low)
        self.set_mark(False, False)

    def set_mark(self, selected: bool, linked: bool) -> None:
        """Show the row as selected, as standing on the selected feature, or plain."""
        background = SELECTED if selected else MARKED if linked else PANEL
        edge = UNCONFIRMED if self.sentence.state == "unconfirmed" else CONFIRMED
        border = f"border: 1px solid {ACCENT};" if selected or linked else f"border: 1px solid {background};"
        self.setProperty("mark", "selected" if selected else "linked" if linked else "none")
        self.setStyleSheet(
            f"#sentence_row {{ background: {background}; {border} border-left: 3px solid {edge}; }}"
            f"#sentence_row:focus {{ border-color: {ACCENT}; border-left: 3px solid {edge}; }}"
        )

    def begin_edit(self) -> None:
        """Put an editor in the place of the text."""
        self.text.hide()
        self.editor.setText(self.sentence.text)
        self.editor.show()
        self.editor.setFocus()
        self.editor.selectAll()

    def _give_up(self) -> None:
        self.editor.hide()
        self.text.show()
        self.setFocus()

    def _finish(self) -> None:
        self.edited.emit(self.sentence.key, self.editor.text())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Select the sentence."""
        self.chosen.emit(self.sentence.key)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Edit the sentence."""
        self.begin_edit()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Select the sentence when it is reached with Tab."""
        if event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self.chosen.emit(self.sentence.key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter confirms, Delete removes."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.sentence.state == "unconfirmed":
            self.confirmed.emit(self.sentence.key)
        elif event.key() == Qt.Key.Key_Delete:
            self.removed.emit(self.sentence.key)
        else:
            super().keyPressEvent(event)


def _button(text: str, name: str) -> QPushButton:
    button = QPushButton(text)
    button.setProperty("role", "small")
    button.setAccessibleName(name)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button


def _note(sentence: Sentence) -> str:
    """Where the sentence comes from."""
    if sentence.origin == "added":
        return tr("added by the reader")
    ids = ", ".join(f"#{i}" for i in sentence.evidence)
    source = tr("edited") if sentence.origin == "edited" else tr("AI text")
    kind = tr("map") if is_positive(sentence) else tr("no map")
    return f"{source} · {ids} · {kind}" if ids else source
