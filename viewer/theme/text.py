"""Labels: their role (``title``, ``small``, ``unconfirmed``…), and text that is shown as it is, not as HTML.

Qt takes whatever looks like HTML for HTML. Sentences, names from a file's header and paths are data: they are shown
letter by letter.
"""

from __future__ import annotations

import html

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget


def plain_label(text: str = "", parent: QWidget | None = None, role: str = "") -> QLabel:
    """Return a label that never takes its text for HTML; every label that shows data is made here."""
    label = QLabel(parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setText(text)
    if role:
        label.setProperty("role", role)
    return label


def rich_label(html_text: str, parent: QWidget | None = None) -> QLabel:
    """Return a wrapped label for the program's own words with markup; never for data."""
    label = QLabel(html_text, parent)
    label.setTextFormat(Qt.TextFormat.RichText)
    label.setWordWrap(True)
    return label


def as_it_is(text: str) -> str:
    """Return text for what has no such format of its own (tooltips, the small print of a message box)."""
    return "<qt>" + html.escape(text).replace("\n", "<br>") + "</qt>" if "<" in text else text


def set_role(label: QLabel, role: str) -> None:
    """Give a label another role; quicker than a style sheet of its own, because there is one sheet for all."""
    set_property(label, "role", role)


def set_property(widget: QWidget, name: str, value: str) -> None:
    """Give a widget a value that the style sheet asks for."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        # The style reads properties once, when a widget is first shown.
        widget.style().unpolish(widget)
        widget.style().polish(widget)
