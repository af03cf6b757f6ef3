"""One section of the draft: its title, its sentences or why there are none, a line for a new one."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from engine.report.conflicts import Conflict, conflicts_of
from engine.report.draft import Draft, ReportSection, Sentence
from engine.report.notices import Notices
from viewer.i18n import tr
from viewer.report.against import conflict_text
from viewer.report.editor import SentenceEditor
from viewer.report.sentence import SentenceRow
from viewer.state.typed import with_addition, with_sentence
from viewer.theme.text import as_it_is, plain_label


class SectionBox(QWidget):
    """Shows a section; its rows keep their widgets, and so the keyboard, while their sentences change."""

    sentence_chosen = Signal(str)
    sentence_confirmed = Signal(str)
    sentence_edited = Signal(str, str)
    sentence_removed = Signal(str)
    sentence_added = Signal(str, str)
    why_wanted = Signal(str)
    editing = Signal(str)
    """Before an editor opens: key of its sentence, empty for the line of a new one."""
    typed = Signal()

    def __init__(
        self,
        section: ReportSection,
        notices: Notices,
        conflicts: Sequence[Conflict] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.rows: list[SentenceRow] = []
        self.name = section.name
        self._notices = notices
        self._entry: SentenceEditor | None = None
        title = plain_label(section.title.upper(), role="section")
        self.add = QPushButton("+")
        self.add.setProperty("role", "small")
        self.add.setAccessibleName(tr("Add a sentence to {section}", section=section.title))
        self.add.setToolTip(as_it_is(self.add.accessibleName()))
        self.add.clicked.connect(lambda _checked: self.begin_entry())
        head = QHBoxLayout()
        head.addWidget(title)
        head.addStretch(1)
        head.addWidget(self.add)
        self.notice = plain_label(role="small")
        self.notice.setWordWrap(True)
        self.notice.setContentsMargins(11, 0, 6, 0)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 6, 0, 0)
        self._column.setSpacing(3)
        self._column.addLayout(head)
        self._column.addWidget(self.notice)
        self.set_section(section, conflicts)

    def set_section(self, section: ReportSection, conflicts: Sequence[Conflict] = ()) -> None:
        """Show another state of the same section, and at its sentences what active features said against them."""
        wanted = [sentence for sentence in section.sentences if sentence.state != "removed"]
        keys = {sentence.key for sentence in wanted}
        kept = {row.sentence.key: row for row in self.rows if row.sentence.key in keys}
        for row in self.rows:
            if row.sentence.key not in keys:
                row.hide()
                row.deleteLater()
        self.rows = []
        for place, sentence in enumerate(wanted):
            row = kept.get(sentence.key) or self._make(sentence)
            if row.sentence != sentence:
                row.set_sentence(sentence)
            row.set_against([conflict_text(c) for c in conflicts_of(section.name, sentence, conflicts)])
            # Head and notice are the first things in the column.
            self._column.insertWidget(place + 2, row)
            self.rows.append(row)
        notice = self._notices.notice(section)
        self.notice.setText(notice)
        self.notice.setVisible(bool(notice))

    def _make(self, sentence: Sentence) -> SentenceRow:
        row = SentenceRow(sentence)
        row.chosen.connect(self.sentence_chosen)
        row.confirmed.connect(self.sentence_confirmed)
        row.edited.connect(self.sentence_edited)
        row.removed.connect(self.sentence_removed)
        row.why_wanted.connect(self.why_wanted)
        row.editing.connect(self.editing)
        row.typed.connect(self.typed)
        return row

    def commit(self) -> None:
        """Keep what is typed in this section: in its sentences, and as a new one."""
        for row in tuple(self.rows):
            row.commit()
        if self._entry is not None:
            typed = self._entry.text().strip()
            self._end_entry()
            if typed:
                self.sentence_added.emit(self.name, typed)

    @property
    def editor(self) -> SentenceEditor | None:
        """The open editor of this section: of a new sentence or of one of its own."""
        return self._entry or next((row.editor for row in self.rows if row.editor is not None), None)

    def with_typed(self, draft: Draft) -> Draft:
        """Return the draft with what is being typed in this section, which waits for confirmation there."""
        for row in self.rows:
            if row.typing is not None:
                draft = with_sentence(draft, row.sentence.key, row.typing)
        if self._entry is not None:
            draft = with_addition(draft, self.name, self._entry.text().strip())
        return draft

    def begin_entry(self, text: str = "") -> None:
        """Open the line of a new sentence, or go to it, with a text to begin with."""
        if self._entry is None:
            self.editing.emit("")
            self._entry = SentenceEditor()
            self._entry.setPlaceholderText(tr("New sentence; Enter adds it"))
            self._entry.setAccessibleName(tr("New sentence"))
            self._entry.given_up.connect(self._end_entry)
            self._entry.returnPressed.connect(self.commit)
            self._entry.left.connect(self.commit)
            self._entry.textChanged.connect(self.typed)
            self._column.addWidget(self._entry)
            self._entry.show()
        self._entry.setFocus()
        self._entry.put(text)

    def _end_entry(self) -> None:
        entry, self._entry = self._entry, None
        if entry is not None:
            entry.hide()
            entry.deleteLater()
            self.typed.emit()
