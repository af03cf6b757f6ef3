"""The actions on archives, and what is sent to one after an export."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog

from engine.errors import SaeRadError
from engine.network.nodes import load_nodes
from viewer.i18n import tr
from viewer.pacs import services
from viewer.state.images import Problem

if TYPE_CHECKING:
    from engine.network.store import Sent
    from viewer.controller import Controller
    from viewer.window import MainWindow


class PacsCommands:
    """Opens the dialogs, and sends exports."""

    def __init__(self, window: MainWindow, controller: Controller) -> None:
        self._window, self._controller = window, controller
        self._receiver = ""
        controller.exported.connect(self._send)

    def handlers(self) -> dict[str, Callable[[], object]]:
        """Return a handler for each action id."""
        return {"query_archives": self.query, "archives": self.nodes}

    def query(self) -> None:
        """Ask archives for studies."""
        from viewer.pacs.query_dialog import QueryDialog

        dialog = QueryDialog(self._window)
        dialog.fetched.connect(self._controller.open)
        dialog.partly.connect(self._window.show_problem)
        self._open(dialog)

    def nodes(self) -> None:
        """Declare archives."""
        from viewer.pacs.nodes_dialog import NodesDialog

        self._open(NodesDialog(self._window))

    def names(self) -> tuple[str, ...]:
        """Return the declared archives; what is wrong with their file is told, and there are none then."""
        try:
            return tuple(load_nodes().nodes)
        except SaeRadError as error:
            self._window.show_problem(Problem.of(error))
            return ()

    def send_next(self, node: str) -> None:
        """Send the DICOM objects of the export that begins now; empty for none."""
        self._receiver = node

    def _send(self, files: list[Path]) -> None:
        node, self._receiver = self._receiver, ""
        if node and any(path.suffix == ".dcm" for path in files):
            self._controller.run(partial(services.send, node, files), partial(self._sent, node))

    def _sent(self, node: str, outcomes: list[Sent]) -> None:
        failed = [sent for sent in outcomes if not sent.stored]
        self._window.statusBar().showMessage(
            tr("{count} of {of} objects are in {node}", count=len(outcomes) - len(failed), of=len(outcomes), node=node)
        )
        if failed:
            names = ", ".join(sent.path.name for sent in failed)
            self._window.show_problem(
                Problem(
                    failed[0].code,
                    tr("{node} does not have {files}: {why}", node=node, files=names, why=failed[0].message),
                    tr("export again to send again: what the archive has already stays as it is"),
                )
            )

    def _open(self, dialog: QDialog) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()
