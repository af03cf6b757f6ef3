"""The help page (F1): every action with its keys, the mouse, and a search over both."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTextBrowser, QVBoxLayout, QWidget

from viewer.actions.catalogue import ACTIONS
from viewer.actions.keys import Keys, shown
from viewer.actions.mouse import GESTURES
from viewer.actions.spec import MENUS
from viewer.i18n import tr
from viewer.image.windowing import PRESET_PERCENTILES
from viewer.theme.line import Line


@dataclass(frozen=True)
class HelpLine:
    """One line of the page: where it stands, the keys, what they are called and what they do."""

    group: str
    keys: str
    name: str
    does: str


def help_lines(keys: Keys, presets: Sequence[str] = ()) -> list[HelpLine]:
    """Return every action, the mouse and the presets by number, in the order of the menus.

    Parameters
    ----------
    keys : dict
        Of every action.
    presets : sequence of str
        Names of the window presets of the image shown, in the order of their numbers; empty where none is.
    """
    lines = []
    for menu in (*MENUS, ""):
        group = tr(menu).replace("&", "") if menu else tr("Keys only")
        for spec in ACTIONS:
            if spec.menu == menu and not spec.id.startswith("preset_"):
                key = tr("hold {key}", key=shown(keys[spec.id])) if spec.held else shown(keys[spec.id])
                lines.append(HelpLine(group, key, tr(spec.text).replace("&", "").rstrip("…"), tr(spec.tooltip)))
    shares = ", ".join(tr(name) for name, _, _ in PRESET_PERCENTILES)
    told = tr("0 is the file's own window; then its other windows, if it has any; then {shares}", shares=shares)
    group = tr("Window presets")
    lines.append(HelpLine(group, "0-9", tr("Window presets"), told))
    lines += [HelpLine(group, shown(keys[f"preset_{n}"]), name, "") for n, name in enumerate(presets)]
    return lines + [HelpLine(tr("Mouse and lists"), tr(hand), "", tr(does)) for hand, does in GESTURES]


def help_html(lines: Sequence[HelpLine], search: str = "") -> str:
    """Return the lines in which all words of a search occur as HTML, under the names of their groups."""
    words = search.casefold().split()
    found = [
        line
        for line in lines
        if all(word in f"{line.group} {line.keys} {line.name} {line.does}".casefold() for word in words)
    ]
    if not found:
        return f"<p>{html.escape(tr('Nothing was found.'))}</p>"
    page, group = "", ""
    for line in found:
        if line.group != group:
            group = line.group
            page += f"<tr><td colspan='3' style='padding-top:10px'><b>{html.escape(group)}</b></td></tr>"
        cells = (line.keys, line.name, line.does)
        page += (
            "<tr>" + "".join(f"<td style='padding:2px 14px 2px 0'>{html.escape(cell)}</td>" for cell in cells) + "</tr>"
        )
    return f"<table>{page}</table>"


class HelpDialog(QDialog):
    """Shows the page, and of it what the search leaves."""

    def __init__(self, lines: Sequence[HelpLine], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines = lines
        self.setWindowTitle(tr("Keys and mouse"))
        self.resize(820, 640)
        self.search = Line()
        self.search.setPlaceholderText(tr("Search actions and keys"))
        self.search.setAccessibleName(tr("Search actions and keys"))
        self.search.textChanged.connect(self._show)
        self.page = QTextBrowser()
        self.page.setAccessibleName(tr("Keys and mouse"))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        close = buttons.button(QDialogButtonBox.StandardButton.Close)
        close.setText(tr("Close"))
        close.setAccessibleName(tr("Close"))
        close.setAutoDefault(False)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        for part in (self.search, self.page, buttons):
            layout.addWidget(part)
        self._show("")

    def _show(self, search: str) -> None:
        self.page.setHtml(help_html(self._lines, search))
