"""What the actions on files do: ask for some and open them, ask where to export to."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QDir, Qt
from PySide6.QtWidgets import QFileDialog

from viewer.i18n import tr
from viewer.report.export_dialog import ExportDialog

if TYPE_CHECKING:
    from viewer.controller import Controller
    from viewer.pacs.commands import PacsCommands
    from viewer.state.session import Session
    from viewer.window import MainWindow


class FileCommands:
    """Opens files and folders and exports the image shown."""

    def __init__(self, window: MainWindow, session: Session, controller: Controller, pacs: PacsCommands) -> None:
        self._window, self._session, self._controller, self._pacs = window, session, controller, pacs
        self._export_folder: Path | None = None

    def handlers(self) -> dict[str, Callable[[], object]]:
        """Return a handler for each action id."""
        return {
            "open_files": self.open_files,
            "open_folder": self.open_folder,
            "previous": partial(self._session.step, -1),
            "next": partial(self._session.step, 1),
            "export": self.export,
            "quit": self._window.close,
        }

    def open_files(self) -> None:
        """Ask for files and open them."""
        names, _ = QFileDialog.getOpenFileNames(self._window, tr("Open files"), QDir.homePath())
        if names:
            self._controller.open([Path(name) for name in names])

    def open_folder(self) -> None:
        """Ask for a folder and open what is in it."""
        name = QFileDialog.getExistingDirectory(self._window, tr("Open folder"), QDir.homePath())
        if name:
            self._controller.open([Path(name)])

    def export(self) -> None:
        """Ask where and what, then export in the background; what is being typed belongs to it."""
        from engine.export import WRITERS, skipped_formats
        from viewer.export_job import export_folder

        self._window.report.commit()
        image, draft = self._session.current, self._session.draft
        if draft is None or image is None or image.radiograph is None:
            return
        target = partial(
            export_folder,
            sop_instance_uid=image.radiograph.identity.sop_instance_uid,
            pixel_sha256=image.radiograph.pixel_sha256,
        )
        skipped = skipped_formats(image.radiograph)
        dialog = ExportDialog(
            draft.status,
            tuple(WRITERS),
            skipped,
            target,
            self._window,
            folder=self._export_folder,
            waiting=len(draft.waiting),
            nodes=self._pacs.names(),
            identified=image.radiograph.is_dicom,
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self._pacs.send_next(dialog.send_to))
        dialog.accepted.connect(lambda: self._export_to(*dialog.chosen, unidentified=dialog.without_identity))
        dialog.open()

    def _export_to(self, folder: Path, formats: tuple[str, ...], *, unidentified: bool) -> None:
        self._export_folder = folder
        self._controller.export(folder, formats, unidentified=unidentified)

    def report_export(self, files: list[Path]) -> None:
        """Say what was written."""
        if files:
            self._window.statusBar().showMessage(
                tr("{count} files written to {folder}", count=len(files), folder=files[0].parent)
            )
