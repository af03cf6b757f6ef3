"""What a person does to the draft in a host: the panel only asks, the session changes, undo takes back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from uuid import uuid4

from PySide6.QtCore import QObject, Qt

from engine.errors import SaeRadError
from engine.report.draft import Draft
from viewer.controller import Controller
from viewer.i18n import tr
from viewer.lifetime import listen
from viewer.report.export_dialog import ExportDialog
from viewer.report.panel import DraftPanel
from viewer.state.images import Problem
from viewer.state.selection import Selection
from viewer.state.session import Session


class DraftEditing(QObject):
    """Connects a draft panel with the session."""

    def __init__(
        self, panel: DraftPanel, session: Session, controller: Controller, refuse: Callable[[Problem], None]
    ) -> None:
        super().__init__(panel)
        self._panel, self._session, self._controller, self._refuse = panel, session, controller, refuse
        self._folder: Path | None = None
        panel.sentence_chosen.connect(lambda key: session.select(Selection(sentence_key=key)))
        panel.sentence_confirmed.connect(self.confirm)
        panel.sentence_edited.connect(self.edit)
        panel.sentence_removed.connect(self.remove)
        panel.sentence_added.connect(self.add)
        panel.typed.connect(session.keep_typed)
        panel.indication_typed.connect(controller.set_indication)
        panel.review_wanted.connect(self.review)
        panel.export_wanted.connect(self.export)
        listen(self, session.leaving, lambda _key: panel.commit())

    def confirm(self, key: str) -> None:
        """Confirm a sentence, with what is being typed."""
        self._panel.commit()
        self._change(tr("confirm sentence"), lambda draft: draft.confirm(key))

    def edit(self, key: str, text: str) -> None:
        """Replace a sentence's text."""
        self._change(tr("edit sentence"), lambda draft: draft.edit(key, text))

    def remove(self, key: str) -> None:
        """Take a sentence out."""
        self._panel.commit()
        self._change(tr("remove sentence"), lambda draft: draft.remove(key))

    def add(self, section: str, text: str) -> None:
        """Add a sentence of the reader's own."""
        self._change(tr("add sentence"), lambda draft: draft.add(section, text, f"added-{uuid4().hex[:8]}"))

    def review(self) -> None:
        """Draft → Reviewed, with what is being typed."""
        self._panel.commit()
        self._change(tr("mark as reviewed"), lambda draft: draft.review())

    def undo(self) -> None:
        """Take the last change back."""
        self._panel.commit()
        self._try(self._session.undo)

    def redo(self) -> None:
        """Do the last change that was taken back again."""
        self._panel.commit()
        self._try(self._session.redo)

    def export(self) -> None:
        """Ask where and what, then export in the background; what is being typed belongs to it."""
        from engine.export import WRITERS, skipped_formats
        from viewer.export_job import export_folder

        self._panel.commit()
        image, draft = self._session.current, self._session.draft
        if draft is None or image is None or image.radiograph is None:
            return
        radiograph = image.radiograph
        target = partial(
            export_folder,
            sop_instance_uid=radiograph.identity.sop_instance_uid,
            pixel_sha256=radiograph.pixel_sha256,
        )
        dialog = ExportDialog(
            draft.status,
            tuple(WRITERS),
            skipped_formats(radiograph),
            target,
            self._panel.window(),
            folder=self._folder,
            waiting=len(draft.waiting),
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self._export_to(*dialog.chosen))
        dialog.open()

    def _export_to(self, folder: Path, formats: tuple[str, ...]) -> None:
        self._folder = folder
        self._controller.export(folder, formats)

    def _change(self, name: str, change: Callable[[Draft], Draft]) -> None:
        draft = self._session.draft
        if draft is not None:
            self._try(lambda: self._session.change(name, change(draft)))

    def _try(self, call: Callable[[], object]) -> None:
        try:
            call()
        except SaeRadError as error:
            self._refuse(Problem.of(error))
