"""Finds texts that a window shows without having passed them through ``tr``, by a language that marks every text."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from typing import Any

from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QGroupBox,
    QLabel,
    QLineEdit,
    QListWidget,
    QMenu,
    QProgressBar,
    QTextBrowser,
    QTreeWidget,
    QWidget,
)

from tests.viewer.texts_found import texts
from viewer.theme.elided import ElidedLabel

OPEN, CLOSE = "⟦", "⟧"
WORD = re.compile(r"[^\W\d_]{2,}")


def marking_words() -> dict[str, str]:
    """Return the words of a language in which every text stands in brackets."""
    return {text: f"{OPEN}{text}{CLOSE}" for text in texts()}


def outside(text: str) -> str:
    """Return what of a text stands in no brackets, tags and entities of HTML left out."""
    plain, depth, found = re.sub(r"<[^>]*>|&\w+;", " ", text), 0, []
    for letter in plain:
        depth += (letter == OPEN) - (letter == CLOSE)
        found.append(letter if depth == 0 and letter != CLOSE else " ")
    return "".join(found)


def strange(text: str, data: Collection[str]) -> str:
    """Return the words of a text that are neither marked nor among the data shown; empty where there is none."""
    left = outside(text).replace("&", "")
    for known in sorted(data, key=len, reverse=True):
        left = left.replace(known, " ")
    return " ".join(WORD.findall(left))


def shown(root: QWidget) -> Iterator[tuple[str, str]]:
    """Yield every text below a widget that a person can read or hear, with where it stands."""
    for widget in (root, *root.findChildren(QWidget)):
        if widget.objectName().startswith("qt_") or isinstance(widget.parent(), QComboBox):
            continue
        for kind, text in _texts(widget):
            if text:
                yield f"{type(widget).__name__}.{kind} in {type(widget.parent()).__name__}", text
    for action in root.findChildren(QAction):
        yield "QAction.text", action.text()
        yield "QAction.toolTip", action.toolTip()


def _texts(widget: QWidget) -> Iterator[tuple[str, str]]:
    yield "accessibleName", widget.accessibleName()
    yield "accessibleDescription", widget.accessibleDescription()
    yield "toolTip", widget.toolTip()
    if widget.isWindow():
        yield "windowTitle", widget.windowTitle()
    if isinstance(widget, ElidedLabel):
        yield "full", widget.full
    for kind, read in READ.items():
        if isinstance(widget, kind) and not isinstance(widget, ElidedLabel):
            for text in read(widget):
                yield kind.__name__, text


def _lines(tree: QTreeWidget) -> list[str]:
    items = [tree.headerItem(), *(tree.topLevelItem(n) for n in range(tree.topLevelItemCount()))]
    return [item.text(column) for item in items if item is not None for column in range(item.columnCount())]


READ: dict[type[QWidget], Callable[[Any], list[str]]] = {
    QLabel: lambda label: [label.text()],
    QAbstractButton: lambda button: [button.text()],
    QLineEdit: lambda line: [line.placeholderText()],
    QGroupBox: lambda box: [box.title()],
    QMenu: lambda menu: [menu.title()],
    QProgressBar: lambda bar: [bar.format()],
    QTextBrowser: lambda text: [text.toPlainText()],
    QComboBox: lambda box: [box.itemText(n) for n in range(box.count())],
    QListWidget: lambda rows: [rows.item(n).text() for n in range(rows.count())],
    QTreeWidget: _lines,
}
"""What a person reads of each kind of widget."""
