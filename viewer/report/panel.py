"""The draft: status, sections, sentences."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from engine.report.draft import Draft, DraftStatus
from engine.report.wording import notices_of
from viewer.i18n import tr
from viewer.image.belongs import belongs_text
from viewer.report.against import conflict_text
from viewer.report.composed import composed_by
from viewer.report.indication import IndicationField
from viewer.report.section import SectionBox
from viewer.report.sentence import SentenceRow
from viewer.state.images import OpenImage
from viewer.theme.elided import ElidedLabel
from viewer.theme.text import plain_label, set_property

KEEP_MS = 1000
"""Time until a typed key is on disk; it does not start again with every key, or quick typing would save nothing."""


class DraftPanel(QFrame):
    """Shows the draft of the image shown and offers every change of it; it changes nothing itself."""

    sentence_chosen = Signal(str)
    sentence_confirmed = Signal(str)
    sentence_edited = Signal(str, str)
    sentence_removed = Signal(str)
    sentence_added = Signal(str, str)
    typed = Signal(object)
    """The draft with what has been typed for a second, or no longer is: to be saved, not to be shown."""
    indication_typed = Signal(str)
    why_wanted = Signal(str)
    review_wanted = Signal()
    export_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        self.rows: list[SentenceRow] = []
        self.sections: list[SectionBox] = []
        self._draft: Draft | None = None
        self._muted: frozenset[int] = frozenset()
        self._shown: tuple[str, tuple[str, ...], tuple[str, ...]] | None = None
        self._keep = QTimer(self)
        self._keep.setSingleShot(True)
        self._keep.setInterval(KEEP_MS)
        self._keep.timeout.connect(self._tell_typed)
        self.status = plain_label()
        self.status.setObjectName("draft_status")
        self.review = QPushButton(tr("Mark reviewed"))
        self.review.setProperty("role", "primary")
        self.review.setAccessibleName(tr("Mark the draft as reviewed"))
        self.review.clicked.connect(self.review_wanted)
        self.export = QPushButton(tr("Export…"))
        self.export.setAccessibleName(tr("Export the draft"))
        self.export.clicked.connect(self.export_wanted)
        self.belongs = ElidedLabel(role="small")
        self.indication = IndicationField()
        self.indication.changed.connect(self.indication_typed)
        self.indication.typed.connect(self._on_typed)
        self.style_note = plain_label(role="unconfirmed")
        self.style_note.setWordWrap(True)
        self.style_note.hide()
        self.body = QWidget()
        self._layout = QVBoxLayout(self.body)
        self._layout.setContentsMargins(0, 0, 6, 6)
        self._layout.setSpacing(3)
        self._layout.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.area = QScrollArea()
        self.area.setAccessibleName(tr("Sentences of the draft"))
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setWidget(self.body)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 4, 4)
        layout.addLayout(self._head())
        layout.addWidget(self.belongs)
        layout.addWidget(self.style_note)
        layout.addWidget(self.indication)
        layout.addWidget(self.area, 1)

    def _head(self) -> QHBoxLayout:
        """Title and state of the draft, and what is done with the whole of it."""
        head = QHBoxLayout()
        head.addWidget(plain_label(tr("Draft report"), role="title"))
        head.addWidget(self.status)
        head.addStretch(1)
        head.addWidget(self.review)
        head.addWidget(self.export)
        return head

    def show_muted(self, features: frozenset[int]) -> None:
        """Say at each sentence how many of the features behind it are muted; the sentence stays as it is."""
        self._muted = features
        for row in self.rows:
            row.set_muted(features)

    def show_style(self, note: str) -> None:
        """Say that the house style is not used, and why; nothing where it is."""
        self.style_note.setText(note)
        self.style_note.setVisible(bool(note))

    def show_image(self, image: OpenImage | None) -> None:
        """Show the draft of an image, or say why there is none; what did not change keeps its widgets."""
        draft = image.history.current if image is not None and image.history is not None else None
        self._draft = draft
        self.belongs.set_full(belongs_text(image))
        self._show_status(draft)
        self.indication.show_draft(draft)
        if draft is not None and image is not None and image.typed_indication is not None:
            text, image.typed_indication = image.typed_indication, None
            self.indication.restore(text)
        notes = _notes(image, draft)
        names = tuple(section.name for section in draft.sections) if draft is not None else ()
        shown = (image.key if image is not None else "", notes, names)
        if shown != self._shown:
            self._shown = shown
            self._rebuild(notes, draft)
        elif draft is not None:
            for box, section in zip(self.sections, draft.sections, strict=True):
                box.set_section(section, draft.conflicts)
        self.rows = [row for box in self.sections for row in box.rows]
        self.show_muted(self._muted)
        self._enable_review()

    def _rebuild(self, notes: tuple[str, ...], draft: Draft | None) -> None:
        while (item := self._layout.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for text in notes:
            label = plain_label(text, role="muted")
            label.setWordWrap(True)
            label.setContentsMargins(4, 6, 4, 2)
            self._layout.addWidget(label)
        self.sections = []
        if draft is not None:
            notices = notices_of(draft)
            self.sections = [SectionBox(section, notices, draft.conflicts) for section in draft.sections]
        for box in self.sections:
            box.sentence_chosen.connect(self.sentence_chosen)
            box.sentence_confirmed.connect(self.sentence_confirmed)
            box.sentence_edited.connect(self.sentence_edited)
            box.sentence_removed.connect(self.sentence_removed)
            box.sentence_added.connect(self.sentence_added)
            box.why_wanted.connect(self.why_wanted)
            box.editing.connect(self.commit)
            box.typed.connect(self._on_typed)
            self._layout.addWidget(box)

    def commit(self) -> None:
        """Keep what is typed but not closed with Enter, as if it had been; at most one editor is open."""
        for box in tuple(self.sections):
            box.commit()
        self.indication.commit()
        if self._keep.isActive():
            self._keep.stop()
            self._tell_typed()

    def _on_typed(self) -> None:
        self._enable_review()
        if not self._keep.isActive():
            self._keep.start()

    def _tell_typed(self) -> None:
        draft = self._draft
        if draft is not None:
            for box in self.sections:
                draft = box.with_typed(draft)
            self.typed.emit(self.indication.with_typed(draft))

    def mark(self, selected: str | None, linked: tuple[str, ...]) -> None:
        """Mark the selected sentence, and those that stand on the selected feature."""
        for row in self.rows:
            row.set_mark(row.sentence.key == selected, row.sentence.key in linked)
        first = next((row for row in self.rows if row.sentence.key == selected or row.sentence.key in linked), None)
        if first is not None:
            self.area.ensureWidgetVisible(first, 0, 20)
            self.area.horizontalScrollBar().setValue(0)

    def row(self, key: str) -> SentenceRow | None:
        """Return the row of a sentence."""
        return next((row for row in self.rows if row.sentence.key == key), None)

    def focus(self, key: str) -> None:
        """Give the keyboard to a sentence, if it is still there."""
        row = self.row(key)
        if row is not None:
            row.setFocus()

    def compare(self, key: str) -> None:
        """Show at a sentence what a person changed of the AI's text, or hide it again."""
        row = self.row(key)
        if row is not None:
            row.compare()
            self._layout.activate()
            self.area.ensureWidgetVisible(row, 0, 20)

    def insert(self, section: str, text: str) -> None:
        """Put a text into the editor that is open, or begin a sentence with it in a section."""
        editor = next((box.editor for box in self.sections if box.editor is not None), None)
        if editor is None:
            self.begin_entry(section, text)
        else:
            editor.setFocus()
            editor.deselect()
            editor.put(text)

    def begin_entry(self, section: str, text: str = "") -> None:
        """Open the line of a new sentence in a section."""
        box = next((box for box in self.sections if box.name == section), None)
        if box is not None:
            box.begin_entry(text)
            self._layout.activate()
            self.area.ensureWidgetVisible(box.add, 0, box.height())

    def _show_status(self, draft: Draft | None) -> None:
        self.status.setVisible(draft is not None)
        self.export.setEnabled(draft is not None)
        if draft is None:
            return
        waiting = len(draft.waiting)
        text = tr(draft.status.value).upper()
        if draft.status is DraftStatus.DRAFT and waiting:
            text += " · " + tr("{count} to confirm", count=waiting)
        self.status.setText(text)
        self.status.setAccessibleName(tr("State of the draft: {state}", state=text))
        set_property(self.status, "status", draft.status.value)

    def _enable_review(self) -> None:
        """Offer the review when nothing waits; a correction that is being typed is kept by it, so it does not wait."""
        corrected = {row.sentence.key for row in self.rows if row.corrected}
        sentences = list(self._draft.sentences()) if self._draft is not None else []
        waiting = any(s.state == "unconfirmed" and s.key not in corrected for s in sentences)
        unreviewed = self._draft is not None and (self._draft.status is DraftStatus.DRAFT or bool(corrected))
        self.review.setEnabled(unreviewed and not waiting)
        self.review.setToolTip(tr("Confirm, edit or remove every coloured sentence first") if waiting else "")


def _notes(image: OpenImage | None, draft: Draft | None) -> tuple[str, ...]:
    """What stands above the sentences, or in their place."""
    if draft is None:
        return (_why_none(image),)
    restored = tr("Your earlier changes of this draft were restored.") if image is not None and image.restored else ""
    undecided = [conflict_text(conflict) for conflict in draft.conflicts if conflict.kept == "undecided"]
    return tuple(text for text in (restored, composed_by(draft), *undecided) if text)


def _why_none(image: OpenImage | None) -> str:
    """Say why no draft is shown."""
    if image is None:
        return tr("Open an image to see its draft.")
    if image.analysis is not None and image.analysis.gate.verdict == "refused":
        return tr("No draft: the image was refused [{code}].", code=image.analysis.gate.code)
    if image.problem is not None:
        return tr("No draft: the file was not opened [{code}].", code=image.problem.code)
    if image.analysis_problem is not None:
        return tr("No draft: the image was not analysed [{code}].", code=image.analysis_problem.code)
    return tr("The draft follows the analysis.")
