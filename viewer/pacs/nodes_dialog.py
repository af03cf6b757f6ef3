"""The archives that are declared: add, change, try, remove; kept in the file of nodes that the commands read."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QMessageBox,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from engine.errors import SaeRadError
from engine.network.nodes import Nodes, nodes_path, raw_nodes
from viewer.errands import Errands
from viewer.i18n import tr
from viewer.pacs import services
from viewer.pacs.node_form import NodeForm
from viewer.pacs.services import Change, uses_secret
from viewer.pacs.telling import Telling
from viewer.state.images import Problem
from viewer.theme.text import plain_label

_NAME = Qt.ItemDataRole.UserRole


class NodesDialog(QDialog):
    """A list of nodes beside the fields of the one that is chosen; the first row is this program itself."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Archives"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(820, 520)
        self._nodes = Nodes()
        self._errands = Errands(self)
        self.list, self.form = QListWidget(), NodeForm()
        self.list.setAccessibleName(tr("Archives"))
        self.list.setMaximumWidth(220)
        self.add = _button(tr("Add"), self._add)
        self.remove = _button(tr("Remove…"), self._ask_to_remove)
        self.save = _button(tr("Save"), self._save)
        self.test = _button(tr("Save and test"), partial(self._save, test=True))
        self.telling = Telling(self._errands)
        place = plain_label(tr("Kept in {path}", path=nodes_path()), role="small")
        place.setWordWrap(True)
        self._lay_out(place)
        self.list.currentItemChanged.connect(lambda _now, _before: self._show())
        self.telling.busy.connect(self._enable)
        self._list(None)

    def _lay_out(self, place: QWidget) -> None:
        left, right, under, buttons = QVBoxLayout(), QVBoxLayout(), QHBoxLayout(), QHBoxLayout()
        left.addWidget(self.list, 1)
        for button in (self.add, self.remove):
            under.addWidget(button)
        left.addLayout(under)
        right.addWidget(self.form)
        right.addStretch(1)
        buttons.addWidget(self.telling, 1)
        for button in (self.save, self.test, _button(tr("Close"), self.reject)):
            buttons.addWidget(button)
        both, whole = QHBoxLayout(), QVBoxLayout(self)
        both.addLayout(left)
        both.addLayout(right, 1)
        whole.addLayout(both, 1)
        whole.addWidget(place)
        whole.addLayout(buttons)

    def done(self, result: int) -> None:
        """Stop what is running."""
        self._errands.cancel()
        super().done(result)

    @property
    def _name(self) -> str | None:
        """Name of the node that is chosen; empty for a new one, None for this program."""
        item = self.list.currentItem()
        name: str | None = item.data(_NAME) if item is not None else None
        return name

    def _list(self, chosen: str | None) -> None:
        try:
            self._nodes = raw_nodes(nodes_path())
        except SaeRadError as error:
            self.telling.tell_problem(Problem.of(error))
        self.list.clear()
        for name, text in ((None, tr("This workstation")), *((name, name) for name in self._nodes.nodes)):
            item = QListWidgetItem(text)
            item.setData(_NAME, name)
            self.list.addItem(item)
        rows = [row for row in range(self.list.count()) if self.list.item(row).data(_NAME) == chosen]
        self.list.setCurrentRow(rows[0] if rows else 0)

    def _show(self) -> None:
        name = self._name
        if name is None:
            self.form.show_local(self._nodes.local)
        else:
            self.form.show_node(name, self._nodes.nodes.get(name))
        self._enable()

    def _enable(self, _busy: bool = False) -> None:
        idle, name = not self._errands.busy, self._name
        for button in (self.add, self.save):
            button.setEnabled(idle)
        self.remove.setEnabled(idle and name is not None)
        self.test.setEnabled(idle and name is not None)

    def _add(self) -> None:
        item = QListWidgetItem(tr("New archive"))
        item.setData(_NAME, "")
        self.list.addItem(item)
        self.list.setCurrentItem(item)
        self.form.name.setFocus()

    def _save(self, *, test: bool = False) -> None:
        before = self._name
        try:
            if before is None:
                work: Callable[..., None] = partial(services.save_local, self.form.local())
                after = None
            else:
                change = Change(
                    self.form.name.text().strip(),
                    self.form.node(),
                    before,
                    self._has_secret(before),
                    self.form.secret.text(),
                )
                work, after = partial(services.save_node, change), change.name
        except SaeRadError as error:
            self.telling.tell_problem(Problem.of(error))
            return
        self._errands.run(work, lambda _none: self._saved(after, test))

    def _saved(self, name: str | None, test: bool) -> None:
        self._list(name)
        self.telling.tell(tr("Saved"))
        self.changed.emit()
        if test and name is not None:
            answers = tr("{node} answers and lets us in", node=name)
            self._errands.run(partial(services.echo, name), lambda _none: self.telling.tell(answers))

    def _has_secret(self, name: str) -> bool:
        return name in self._nodes.nodes and uses_secret(self._nodes.nodes[name])

    def _ask_to_remove(self) -> None:
        name = self._name
        if not name:
            self._list(None)
            return
        box = QMessageBox(self)
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setWindowTitle(tr("Archives"))
        box.setText(tr("Remove {node}, and its password or token?", node=name))
        yes = box.addButton(tr("Remove"), QMessageBox.ButtonRole.AcceptRole)
        box.addButton(tr("Cancel"), QMessageBox.ButtonRole.RejectRole)
        yes.clicked.connect(lambda: self._remove(name))
        box.open()

    def _remove(self, name: str) -> None:
        def removed(_none: object) -> None:
            self._list(None)
            self.telling.tell(tr("Removed"))
            self.changed.emit()

        self._errands.run(partial(services.remove_node, name, self._has_secret(name)), removed)


def _button(text: str, do: Callable[[], object]) -> QPushButton:
    button = QPushButton(text)
    button.setAccessibleName(text.rstrip("…"))
    button.setAutoDefault(False)
    button.clicked.connect(lambda _checked=False: do())
    return button
