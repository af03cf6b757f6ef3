"""The first-run page: what this program is, that it is for research, and three ways to begin."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from PySide6.QtWidgets import QCheckBox, QDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from engine.resources import resource_path, user_data_path
from viewer.i18n import mark, tr
from viewer.settings import program
from viewer.settings.preferences import Preferences
from viewer.texts import ABOUT
from viewer.theme.text import plain_label, rich_label

STEPS = (
    mark(
        "Open a chest radiograph: DICOM, PNG or JPEG, a folder, a ZIP archive or a DICOMDIR; or drop it on the window."
    ),
    mark("The model looks for features and composes a draft. Click a sentence to see where it comes from."),
    mark(
        "Confirm, edit or remove every sentence, then export. Coloured text is the model's and not confirmed by anyone."
    ),
)
PACKS = mark(
    "The bundled demonstration pack is small and for trying out. Other model packs are installed with"
    " “saerad packs install” and lie in {folder}; the bundled one lies in {bundled}."
)
BUTTONS = (
    ("demo", mark("Open the demonstration study")),
    ("open_files", mark("Open files…")),
    ("keys", mark("Keys and mouse")),
)

WIDTH = 660


class WelcomeDialog(QDialog):
    """Shown at the first start, and from the Help menu.

    Parameters
    ----------
    begin : mapping of str to callable
        What the buttons do: "demo", "open_files", "keys".
    """

    def __init__(
        self, preferences: Preferences, begin: Mapping[str, Callable[[], object]], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._preferences = preferences
        self.setWindowTitle(tr("Welcome"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 16)
        layout.setSpacing(12)
        layout.addWidget(plain_label(tr("SAE-Rad workstation"), role="title"))
        for text in ABOUT[:2]:
            layout.addWidget(rich_label(tr(text)))
        for number, text in enumerate(STEPS, start=1):
            layout.addWidget(_wrapped(f"{number}.  {tr(text)}"))
        folders = {"folder": user_data_path("packs"), "bundled": resource_path("packs", "demo")}
        layout.addWidget(_wrapped(tr(PACKS, **folders), role="muted"))
        row = QHBoxLayout()
        self.buttons: dict[str, QPushButton] = {}
        for name, text in BUTTONS:
            button = QPushButton(tr(text))
            button.setAccessibleName(tr(text))
            button.clicked.connect(partial(self._begin, begin[name]))
            self.buttons[name] = button
            row.addWidget(button)
        self.buttons["demo"].setProperty("role", "primary")
        self.buttons["demo"].setDefault(True)
        layout.addLayout(row)
        self.again = QCheckBox(tr("Show this page at the next start, too"))
        self.again.setAccessibleName(self.again.text())
        close = QPushButton(tr("Close"))
        close.setAccessibleName(tr("Close"))
        close.setAutoDefault(False)
        close.clicked.connect(self.reject)
        foot = QHBoxLayout()
        foot.addWidget(self.again, 1)
        foot.addWidget(close)
        layout.addLayout(foot)
        # Labels that wrap do not ask for their height by themselves.
        self.setMinimumSize(WIDTH, layout.totalHeightForWidth(WIDTH))
        self.finished.connect(lambda _result: preferences.set(program.WELCOME, self.again.isChecked()))

    def _begin(self, call: Callable[[], object]) -> None:
        self.accept()
        call()


def _wrapped(text: str, role: str = "") -> QWidget:
    label = plain_label(text, role=role)
    label.setWordWrap(True)
    return label
