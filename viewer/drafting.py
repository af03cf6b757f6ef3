"""Composing and exporting the draft of the image shown."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from engine.dicom.deidentify.pseudonyms import Pseudonyms
from engine.report.draft import Draft, DraftStatus
from viewer.errands import Errands
from viewer.services import Engine, ExportOrder
from viewer.state.session import Session
from viewer.unidentified_export import Exported, export_unidentified


class Drafting(QObject):
    """Sends the draft's work away and takes what comes back only where it still belongs."""

    exported = Signal(list)
    reworded = Signal(object)
    """The `engine.report.rewriting.Rewriting` of the draft shown."""

    def __init__(self, session: Session, engine: Engine, errands: Errands, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._engine, self._errands = session, engine, errands
        self._pseudonyms = Pseudonyms()  # one patient has one pseudonym until the program ends

    def regenerate(self) -> None:
        """Compose the draft of the image shown again."""
        key, image = self._session.current_key, self._session.current
        if key is None or image is None or image.analysis is None or image.history is None:
            return
        analysis, before = image.analysis, image.history.current

        def done(draft: Draft) -> None:
            if self._session.current_key == key:
                self._session.regenerate(draft)

        self._errands.run(partial(self._engine.compose, analysis, before.indication, before.indication_source), done)

    def set_indication(self, text: str) -> None:
        """Compose the draft of the image shown so that it answers a typed indication; a person's sentences stay."""
        key, image = self._session.current_key, self._session.current
        if key is None or image is None or image.analysis is None or image.history is None:
            return
        analysis = image.analysis

        def done(draft: Draft) -> None:
            # Analysed again meanwhile: its draft is another, and the field shows what that one answers.
            if image.analysis is analysis:
                self._session.reindicate(key, draft)

        self._errands.run(partial(self._engine.compose, analysis, text, "typed"), done)

    def reword(self, model: str) -> None:
        """Let a language model reword the draft of the image shown, as one step; a person's sentences stay."""
        key, image = self._session.current_key, self._session.current
        if key is None or image is None or image.history is None:
            return
        before, analysis = image.history.current, image.analysis

        def done(draft: Draft) -> None:
            # Analysed again or composed for another indication meanwhile: these are words of another draft.
            now = image.history.current if image.history is not None else None
            if image.analysis is analysis and now is not None and _composed_as(now) == _composed_as(before):
                self._session.reword(key, draft)
                self.reworded.emit(draft.rewriting)

        self._errands.run(partial(self._engine.reword, before, Path(model)), done)

    def export(self, folder: Path, formats: Sequence[str], *, unidentified: bool = False) -> None:
        """Write the draft of the image shown into its own folder below `folder`; a reviewed one becomes exported.

        Parameters
        ----------
        unidentified : bool
            Write a de-identified copy of the image, and the results of that; the draft stays as it is.
        """
        key, image = self._session.current_key, self._session.current
        if key is None or image is None or image.history is None or image.analysis is None or image.radiograph is None:
            return
        draft = image.history.current
        order = ExportOrder(folder, image.radiograph, image.analysis, draft, tuple(formats), self._session.board.sheet)
        if unidentified:
            work = partial(export_unidentified, self._engine, order, image.path, self._pseudonyms)
            self._errands.run(work, self._told)
            return

        def done(files: list[Path]) -> None:
            # A draft that was changed while it was being written is not the one that was exported.
            if draft.status is DraftStatus.REVIEWED and image.history is not None and image.history.current == draft:
                self._session.settle(key, draft.exported())
            self.exported.emit(files)

        self._errands.run(partial(self._engine.export, order), done)

    def _told(self, exported: Exported) -> None:
        self.exported.emit(exported.files)
        if exported.look is not None:
            self._session.noticed.emit(exported.look)


def _composed_as(draft: Draft) -> tuple[object, ...]:
    """What a draft was composed from and for."""
    return draft.pack, draft.indication, draft.indication_source, draft.language
