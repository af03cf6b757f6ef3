"""The shortcut editor: choose keys, see which action has one already, take it over or leave it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QKeySequenceEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from viewer.actions.catalogue import ACTIONS, BY_ID
from viewer.actions.keys import Keys, current_keys, default_keys, holder, own_keys, portable, shown
from viewer.actions.spec import MENUS, ActionSpec
from viewer.i18n import tr
from viewer.settings.preferences import Preferences
from viewer.theme.line import Line
from viewer.theme.text import plain_label

ID = Qt.ItemDataRole.UserRole


class ShortcutEditor(QDialog):
    """Every action with its keys; a change holds at once and is kept.

    A key belongs to one action: asking for one that another has names that action and offers to take it.
    """

    def __init__(self, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._preferences = preferences
        self.setWindowTitle(tr("Keys"))
        self.resize(720, 620)
        self.search = Line()
        self.search.setPlaceholderText(tr("Search actions and keys"))
        self.search.setAccessibleName(tr("Search actions and keys"))
        self.search.textChanged.connect(self._filter)
        self.list = QTreeWidget()
        self.list.setAccessibleName(tr("Actions and their keys"))
        self.list.setHeaderLabels([tr("Action"), tr("Keys")])
        self.list.setColumnWidth(0, 400)
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.currentItemChanged.connect(lambda *_: self._turn())
        self.wanted = QKeySequenceEdit()
        self.wanted.setMaximumSequenceLength(1)
        self.wanted.setClearButtonEnabled(True)
        self.wanted.setAccessibleName(tr("New key: press it here"))
        for child in self.wanted.findChildren(QWidget):
            child.setAccessibleName(tr("New key: press it here"))
        self.wanted.keySequenceChanged.connect(lambda _keys: self._tell())
        self.use = self._button(tr("Use this key"), self._use)
        self.add = self._button(tr("Add as another key"), self._add)
        self.clear = self._button(tr("No key"), lambda: self._give(()))
        self.default = self._button(tr("Default"), self._default)
        self.told = plain_label(role="unconfirmed")
        self.told.setWordWrap(True)
        line = QHBoxLayout()
        self.wanted.setMinimumWidth(150)
        line.addWidget(plain_label(tr("Key")))
        for part in (self.wanted, self.use, self.add, self.clear, self.default):
            line.addWidget(part)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        close = buttons.button(QDialogButtonBox.StandardButton.Close)
        close.setText(tr("Close"))
        close.setAccessibleName(tr("Close"))
        close.setAutoDefault(False)
        self.reset = self._button(tr("All defaults"), lambda: self._keep(default_keys()))
        buttons.addButton(self.reset, QDialogButtonBox.ButtonRole.ResetRole)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.search)
        layout.addWidget(self.list)
        layout.addLayout(line)
        layout.addWidget(self.told)
        layout.addWidget(buttons)
        self._items = {spec.id: self._item(spec) for spec in ACTIONS}
        self.list.addTopLevelItems(list(self._items.values()))
        self.select(ACTIONS[0].id)

    def _button(self, text: str, call: object) -> QPushButton:
        button = QPushButton(text)
        button.setAccessibleName(text)
        button.setAutoDefault(False)
        button.clicked.connect(call)
        return button

    def select(self, action: str) -> None:
        """Turn to an action."""
        self.list.setCurrentItem(self._items[action])

    def _item(self, spec: ActionSpec) -> QTreeWidgetItem:
        group = tr(spec.menu).replace("&", "") if spec.menu in MENUS else tr("Keys only")
        name = f"{group}: {tr(spec.text).replace('&', '').rstrip('…')}"
        item = QTreeWidgetItem([name, shown(current_keys(self._preferences)[spec.id])])
        item.setData(0, ID, spec.id)
        item.setToolTip(0, tr(spec.tooltip))
        return item

    def _filter(self, search: str) -> None:
        words = search.casefold().split()
        for item in self._items.values():
            text = f"{item.text(0)} {item.text(1)}".casefold()
            item.setHidden(not all(word in text for word in words))

    @property
    def _action(self) -> str:
        item = self.list.currentItem()
        return str(item.data(0, ID)) if item is not None else ""

    @property
    def _key(self) -> str:
        return portable(self.wanted.keySequence().toString())

    def _turn(self) -> None:
        self.wanted.clear()
        self._tell()

    def _tell(self) -> None:
        """Say who has the key that was pressed, and offer what can be done."""
        key, action = self._key, self._action
        other = holder(current_keys(self._preferences), key, action) if key else ""
        self.use.setText(tr("Take this key") if other else tr("Use this key"))
        self.use.setEnabled(bool(key and action))
        self.add.setEnabled(bool(key and action))
        self.default.setEnabled(bool(action))
        self.clear.setEnabled(bool(action))
        self.told.setText(
            tr(
                "{key} belongs to “{name}”; taking it leaves that action without it.",
                key=shown((key,)),
                name=tr(BY_ID[other].text).replace("&", "").rstrip("…"),
            )
            if other
            else ""
        )

    def _use(self) -> None:
        self._give((self._key,))

    def _add(self) -> None:
        self._give((*(k for k in current_keys(self._preferences)[self._action] if portable(k) != self._key), self._key))

    def _default(self) -> None:
        self._give(BY_ID[self._action].keys)

    def _give(self, wanted: tuple[str, ...]) -> None:
        """Give the action these keys and no other action any of them."""
        taken = {portable(key) for key in wanted}
        keys: Keys = {
            action: tuple(key for key in its if portable(key) not in taken)
            for action, its in current_keys(self._preferences).items()
        }
        keys[self._action] = wanted
        self._keep(keys)

    def _keep(self, keys: Keys) -> None:
        self._preferences.set_keys(own_keys(keys))
        for action, item in self._items.items():
            item.setText(1, shown(keys[action]))
        self.wanted.clear()
        self._tell()
