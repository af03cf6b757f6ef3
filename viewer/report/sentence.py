"""One sentence of the draft."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from engine.report.draft import Sentence
from viewer.i18n import mark, tr
from viewer.report.against import basis_text
from viewer.report.difference import compared
from viewer.report.editor import SentenceEditor
from viewer.state.selection import is_positive
from viewer.theme.elided import ElidedLabel
from viewer.theme.marked import MarkedRow
from viewer.theme.text import plain_label, set_role


class SentenceRow(MarkedRow):
    """Text coloured until confirmed, with confirm, edit and remove; click, Tab or Ctrl+Down select it."""

    chosen = Signal(str)
    confirmed = Signal(str)
    edited = Signal(str, str)
    removed = Signal(str)
    why_wanted = Signal(str)
    editing = Signal(str)
    """Before an editor opens: whatever is typed elsewhere is to be kept first."""
    typed = Signal()
    """What is being typed changed."""

    difference: QLabel | None = None

    def __init__(self, sentence: Sentence, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.editor: SentenceEditor | None = None
        self.text = plain_label()
        self.text.setWordWrap(True)
        self.text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        # A long list of features must not push the buttons out of sight.
        self.note = ElidedLabel(role="small", whole_words=True)
        self.against = ElidedLabel(role="small")
        self.against.hide()
        self.muted = ElidedLabel(role="small")
        self.muted.hide()
        self.buttons = {name: _button(text) for name, text in _BUTTONS}
        self.buttons["why"].clicked.connect(lambda: self.why_wanted.emit(self.sentence.key))
        self.buttons["confirm"].clicked.connect(lambda: self.confirmed.emit(self.sentence.key))
        self.buttons["edit"].clicked.connect(self.begin_edit)
        self.buttons["remove"].clicked.connect(lambda: self.removed.emit(self.sentence.key))
        low = QHBoxLayout()
        low.setSpacing(4)
        low.addWidget(self.note, 1)
        for button in self.buttons.values():
            low.addWidget(button)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(11, 4, 6, 4)
        self._column.setSpacing(2)
        self._column.addWidget(self.text)
        self._column.addWidget(self.against)
        self._column.addWidget(self.muted)
        self._column.addLayout(low)
        self.set_sentence(sentence)

    def set_sentence(self, sentence: Sentence) -> None:
        """Show another state of the sentence; an open editor is closed."""
        self.sentence = sentence
        waiting = sentence.state == "unconfirmed"
        self._close_editor()
        self.text.setText(sentence.text)
        reworded = sentence.origin == "rewritten"
        set_role(self.text, "confirmed" if not waiting else "reworded" if reworded else "unconfirmed")
        self.note.set_full(_note(sentence), tip=", ".join(f"#{i}" for i in sentence.support))
        self.setAccessibleName(sentence.text)
        self.setAccessibleDescription(tr("not confirmed") if waiting else tr("confirmed"))
        for name, text in _BUTTONS:
            self.buttons[name].setAccessibleName(f"{tr(text)}: {sentence.text}")
        self.buttons["confirm"].setVisible(waiting)
        self.buttons["why"].setVisible(bool(sentence.evidence))
        self.set_edge("CONFIRMED" if not waiting else "REWORDED" if reworded else "UNCONFIRMED")
        self._show_difference()

    def set_against(self, lines: list[str]) -> None:
        """Show what active features said against the sentence; nothing where a person wrote it or none did."""
        shown = [] if self.sentence.by_person else lines
        more = f" +{len(shown) - 1}" if len(shown) > 1 else ""
        self.against.set_full(tr("Against:") + f" {shown[0]}{more}" if shown else "", tip="\n".join(shown))
        self.against.setVisible(bool(shown))

    def set_muted(self, features: Collection[int]) -> None:
        """Say that some or all of the features behind it are muted, where they are; nothing else about it changes."""
        support = self.sentence.support
        count, of = sum(i in features for i in support), len(support)
        some = tr("{count} of {all} features behind it muted, without a map", count=count, all=of)
        self.muted.set_full(tr("Every feature behind it is muted: no map is shown.") if count == of else some)
        self.muted.setVisible(count > 0)

    def compare(self) -> None:
        """Show what a person changed of the AI's text, or hide it again."""
        if self.difference is None:
            self.difference = QLabel()
            self.difference.setTextFormat(Qt.TextFormat.RichText)
            self.difference.setWordWrap(True)
            self.difference.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            self._column.insertWidget(self._column.indexOf(self.against), self.difference)
            self._show_difference()
        else:
            self.difference.hide()
            self.difference.deleteLater()
            self.difference = None

    def changeEvent(self, event: QEvent) -> None:
        """Colour the comparison anew with the theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._show_difference()

    def _show_difference(self) -> None:
        if self.difference is not None:
            self.difference.setText(compared(self.sentence))

    def begin_edit(self) -> None:
        """Put an editor in the place of the text."""
        if self.editor is None:
            self.editing.emit(self.sentence.key)
            self.editor = SentenceEditor(self.sentence.text)
            self.editor.setAccessibleName(tr("Text of the sentence"))
            self.editor.returnPressed.connect(self._finish)
            self.editor.given_up.connect(self._give_up)
            self.editor.textChanged.connect(self.typed)
            self.editor.left.connect(self._left)
            self._column.insertWidget(0, self.editor)
            QWidget.setTabOrder(self, self.editor)
            self.editor.selectAll()
        self.text.hide()
        self.editor.show()
        self.editor.setFocus()
        # What is edited is what the keys for the selected sentence mean.
        self.chosen.emit(self.sentence.key)

    def commit(self) -> None:
        """Keep what is typed, if it differs from the sentence, and close the editor."""
        if self.editor is None:
            return
        typed = self.editor.text().strip()
        self._close_editor()
        if typed != self.sentence.text:
            self.edited.emit(self.sentence.key, typed)

    def _left(self, now: QWidget) -> None:
        """Keep what is typed when the keyboard goes elsewhere than to this row's own buttons."""
        if now is not self and not self.isAncestorOf(now):
            self.commit()

    @property
    def typing(self) -> str | None:
        """What is being typed; None while no editor is open."""
        return self.editor.text().strip() if self.editor is not None else None

    @property
    def corrected(self) -> bool:
        """Whether a text is being typed that differs from the sentence."""
        return self.editor is not None and self.editor.text().strip() != self.sentence.text

    def _close_editor(self) -> None:
        editor, self.editor = self.editor, None
        if editor is not None:
            # Hiding it takes the keyboard from it, which must not keep what was given up.
            editor.hide()
            editor.deleteLater()
            self.typed.emit()
        self.text.show()

    def _give_up(self) -> None:
        self._close_editor()
        self.setFocus()

    def _finish(self) -> None:
        """Enter: keep what is typed; a text that was only looked at is confirmed as it is."""
        if self.editor is None:
            return
        changed = self.corrected
        self.setFocus()
        self.commit()
        if not changed:
            self.confirmed.emit(self.sentence.key)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Select the sentence."""
        self.chosen.emit(self.sentence.key)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Edit the sentence."""
        self.begin_edit()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Select the sentence when it is reached with Tab."""
        super().focusInEvent(event)
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


SHOWN_IDS = 3
"""Feature numbers beside a sentence; the rest is in the tooltip and lit in the feature panel."""

_BUTTONS = (
    ("why", mark("Why?")),
    ("confirm", mark("Confirm")),
    ("edit", mark("Edit")),
    ("remove", mark("Remove")),
)


def _button(text: str) -> QPushButton:
    button = QPushButton(tr(text))
    button.setProperty("role", "small")
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button


def _note(sentence: Sentence) -> str:
    """Where the sentence comes from."""
    if sentence.by_person:
        return tr("added by the reader") if sentence.origin == "added" else tr("edited by the reader")
    shown = sentence.support[:SHOWN_IDS]
    more = len(sentence.support) - len(shown)
    ids = ", ".join(f"#{i}" for i in shown) + (f" +{more}" if more else "")
    source = tr("AI text, reworded") if sentence.origin == "rewritten" else tr("AI text")
    kind = tr("map") if is_positive(sentence) else tr("no map")
    # First, so that it is never what a narrow row cuts; the colour alone does not tell everybody.
    state = tr("confirmed") if sentence.state == "confirmed" else ""
    parts = [state, source, ids, kind, basis_text(sentence)] if ids else [state, source]
    return " · ".join(part for part in parts if part)
