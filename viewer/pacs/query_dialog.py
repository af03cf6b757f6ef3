"""Ask an archive for studies, fetch them, and hand them to the window."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QComboBox, QDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from engine.errors import SaeRadError
from engine.network.nodes import load_nodes
from engine.network.query import Match
from viewer.errands import Errands
from viewer.i18n import tr
from viewer.pacs import services
from viewer.pacs.filters import Filters
from viewer.pacs.nodes_dialog import NodesDialog
from viewer.pacs.results import Results
from viewer.pacs.services import Fetched
from viewer.pacs.telling import Telling
from viewer.state.images import Problem
from viewer.theme.text import plain_label


class QueryDialog(QDialog):
    """Filters above, studies below; what was fetched is handed over by `fetched`, and the dialog closes."""

    fetched = Signal(list)
    """Paths."""
    partly = Signal(object)
    """The `Problem`: not all could be had."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Query archives"))
        self.resize(900, 560)
        self._errands = Errands(self)
        self.node = QComboBox()
        self.node.setAccessibleName(tr("Archive"))
        self.archives = self._button(tr("Archives…"), self._open_nodes)
        self.filters, self.results = Filters(), Results()
        self.search = self._button(tr("Search"), self.ask)
        self.search.setDefault(True)
        self.retrieve = self._button(tr("Retrieve and open"), self.fetch)
        self.retrieve.setProperty("role", "primary")
        close = self._button(tr("Close"), self.reject)
        self.telling = Telling(self._errands)
        label = plain_label(tr("Archive"))
        label.setBuddy(self.node)
        top, bottom = QHBoxLayout(), QHBoxLayout()
        for widget in (label, self.node, self.archives, self.search):
            top.addWidget(widget, 1 if widget is self.node else 0)
        bottom.addWidget(self.telling, 1)
        bottom.addWidget(self.retrieve)
        bottom.addWidget(close)
        layout = QVBoxLayout(self)
        layout.addLayout(top)
        layout.addWidget(self.filters)
        layout.addWidget(self.results, 1)
        layout.addLayout(bottom)
        self.filters.asked.connect(self.ask)
        self.results.series_wanted.connect(self._ask_series)
        self.results.itemSelectionChanged.connect(self._enable)
        self.results.itemActivated.connect(lambda _item: self.fetch())
        self.telling.busy.connect(lambda _busy: self._enable())
        self._list_nodes()

    def ask(self) -> None:
        """Ask the chosen archive."""
        if self.search.isEnabled():
            work = partial(services.find_studies, self.node.currentText(), self.filters.keys())
            self._errands.run(work, self._found)

    def fetch(self) -> None:
        """Fetch what is chosen."""
        wanted = self.results.chosen()
        if self.retrieve.isEnabled() and wanted:
            work = partial(services.fetch, self.node.currentText(), wanted, services.retrieved_path())
            self._errands.run(work, self._got)

    def done(self, result: int) -> None:
        """Stop what is running, also when the dialog is closed by its key or the window's."""
        self._errands.cancel()
        super().done(result)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop what is running."""
        self._errands.cancel()
        super().closeEvent(event)

    def _found(self, studies: list[Match]) -> None:
        self.results.show_studies(studies)
        limited = len(studies) == services.LIMIT
        self.telling.tell(
            tr("Only the first {count} studies are listed: ask for less.", count=len(studies))
            if limited
            else tr("{count} studies", count=len(studies))
            if studies
            else tr("Nothing matches")
        )

    def _ask_series(self, study: str) -> None:
        if not self._errands.busy:
            work = partial(services.find_series, self.node.currentText(), study)
            self._errands.run(work, partial(self._found_series, study))

    def _found_series(self, study: str, series: list[Match]) -> None:
        self.results.show_series(study, series)
        self.telling.tell(tr("{count} series", count=len(series)))

    def _got(self, got: Fetched) -> None:
        if not got.objects:
            self.telling.tell_problem(not_retrieved(got.failed))
            return
        if got.failed:
            self.partly.emit(not_retrieved(got.failed))
        if not got.images:
            self.telling.tell(tr("Retrieved, but none of it is an image: {count}", count=got.objects))
            return
        self.fetched.emit(list(got.images))
        self.accept()

    def _open_nodes(self) -> None:
        dialog = NodesDialog(self)
        dialog.changed.connect(self._list_nodes)
        dialog.open()

    def _list_nodes(self) -> None:
        chosen = self.node.currentText()
        self.node.clear()
        try:
            names = list(load_nodes().nodes)
        except SaeRadError as error:
            names = []
            self.telling.tell_problem(Problem.of(error))
        else:
            self.telling.tell("" if names else tr("No archive is declared yet: Archives… declares one."))
        self.node.addItems(names)
        self.node.setCurrentIndex(max(0, self.node.findText(chosen)))
        self._enable()

    def _enable(self) -> None:
        ready = self.node.count() > 0 and not self._errands.busy
        self.search.setEnabled(ready)
        self.archives.setEnabled(not self._errands.busy)
        self.retrieve.setEnabled(ready and bool(self.results.selectedItems()))

    def _button(self, text: str, do: object) -> QPushButton:
        button = QPushButton(text)
        button.setAccessibleName(text.rstrip("…"))
        button.setAutoDefault(False)
        button.clicked.connect(do)
        return button


def not_retrieved(failed: int) -> Problem:
    """Say that objects could not be had."""
    return Problem(
        "NOT_RETRIEVED",
        tr("objects that the archive could not send, or that are none: {count}", count=failed),
        tr("ask for them again, or ask who runs the archive"),
    )
