"""The line of the draft that says why the image was asked for."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.report.draft import Draft
from engine.report.wording import load_wording
from viewer.i18n import tr
from viewer.report.editor import SentenceEditor
from viewer.state.typed import with_indication
from viewer.theme.elided import ElidedLabel
from viewer.theme.text import as_it_is, plain_label


class IndicationField(QWidget):
    """Shows the indication and lets it be typed; Enter, or leaving the line, asks for the draft that answers it."""

    changed = Signal(str)
    typed = Signal()
    """What is being typed changed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._given = ""
        self.line = SentenceEditor()
        self.line.setPlaceholderText(tr("Why was the image asked for?"))
        self.line.setAccessibleName(tr("Indication"))
        self.line.returnPressed.connect(self.commit)
        self.line.left.connect(self.commit)
        self.line.textEdited.connect(lambda _text: self.typed.emit())
        self.line.given_up.connect(self._give_up)
        self.source = plain_label(role="small")
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(plain_label(tr("Indication"), role="small"))
        head.addWidget(self.line, 1)
        head.addWidget(self.source)
        self.answer = ElidedLabel(role="small")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 2, 6, 2)
        layout.setSpacing(2)
        layout.addLayout(head)
        layout.addWidget(self.answer)

    def show_draft(self, draft: Draft | None) -> None:
        """Show the indication of a draft; what is being typed stays."""
        self.setVisible(draft is not None)
        if draft is None:
            return
        if draft.indication != self._given:
            self._given = draft.indication
            self.line.setText(draft.indication)
            self.line.setCursorPosition(0)
        source = tr("from the header") if draft.indication_source == "header" else tr("typed")
        self.source.setText(source if draft.indication else "")
        self.line.setToolTip(as_it_is(draft.indication))
        text = _answer(draft)
        self.answer.set_full(text)
        self.answer.setVisible(bool(text))

    def commit(self) -> None:
        """Ask for a draft that answers what is typed, if that differs from what the draft answers."""
        typed = self.line.text().strip()
        self.line.setCursorPosition(0)
        if typed != self._given:
            self._given = typed
            self.changed.emit(typed)

    def restore(self, text: str) -> None:
        """Show what was being typed when the program ended; Enter answers it."""
        self.line.setText(text)
        self.source.setText(tr("typed; Enter takes it"))

    def with_typed(self, draft: Draft) -> Draft:
        """Return the draft with what is being typed here, or waits to be answered."""
        return with_indication(draft, self.line.text().strip())

    def _give_up(self) -> None:
        self.line.setText(self._given)
        self.typed.emit()


def _answer(draft: Draft) -> str:
    """Say what the draft makes of the indication."""
    if not draft.indication:
        return ""
    if not draft.asked:
        return tr("Asks about nothing in the lists of questions: all negatives are stated.")
    names = load_wording(draft.language).observations
    asked = tr("Asks about: {names}", names=", ".join(names[name].name for name in draft.asked))
    if not draft.unanswered:
        return asked
    left = ", ".join(names[name].name for name in draft.unanswered)
    return tr("Neither stated nor denied: {names}", names=left) + " · " + asked
