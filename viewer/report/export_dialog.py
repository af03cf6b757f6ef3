"""Ask where to export and what."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from engine.report.draft import DraftStatus
from viewer.i18n import mark, tr
from viewer.theme.text import plain_label

FORMAT_NAMES = {
    "text": mark("Plain text"),
    "json": mark("JSON (analysis and report)"),
    "pdf": mark("PDF with image and heat maps"),
    "sr": mark("DICOM structured report"),
    "narrative": mark("DICOM structured report of sentences"),
    "gsps": mark("DICOM presentation state (window and outlines)"),
    "seg": mark("DICOM segmentation (heat maps)"),
    "sc": mark("DICOM secondary capture (pictures)"),
    "dicompdf": mark("DICOM encapsulated PDF"),
    "ko": mark("DICOM key object"),
    "fhir": mark("FHIR DiagnosticReport"),
    "oru": mark("HL7 message (ORU)"),
}

DICOM = ("sr", "narrative", "gsps", "seg", "sc", "dicompdf", "ko")
"""Formats that an archive can be sent."""

WIDTH, MARGIN = 640, 12


class ExportDialog(QDialog):
    """Folder and formats; says whether what leaves is a draft or reviewed.

    Parameters
    ----------
    formats : tuple of str
        What can be written.
    unavailable : dict of str to str
        Formats that this image does not allow, with the reason.
    target : callable
        The folder that is written, of the chosen one.
    folder : Path, optional
        What is offered first; the user's ``saerad-export`` unless given.
    waiting : int
        Sentences that no person has confirmed; every file marks them.
    nodes : tuple of str
        Archives to which the DICOM objects can be sent.
    identified : bool
        Whether the image has an identity that can be left out.
    """

    def __init__(
        self,
        status: DraftStatus,
        formats: tuple[str, ...],
        unavailable: dict[str, str],
        target: Callable[[Path], Path],
        parent: QWidget | None = None,
        *,
        folder: Path | None = None,
        waiting: int = 0,
        nodes: tuple[str, ...] = (),
        identified: bool = False,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Export"))
        self.setMinimumWidth(WIDTH)
        draft = status is DraftStatus.DRAFT
        state = plain_label(
            tr("This draft is not reviewed: every file will be marked DRAFT.") + _unconfirmed(waiting)
            if draft
            else tr("This draft is reviewed.")
        )
        state.setProperty("status", "draft" if draft else "reviewed")
        state.setWordWrap(True)
        self._target = target
        self.written = plain_label(role="muted")
        self.written.setWordWrap(True)
        self.folder = QLineEdit(str(folder or Path.home() / "saerad-export"))
        self.folder.setAccessibleName(tr("Folder"))
        browse = QPushButton(tr("Choose…"))
        browse.setAccessibleName(tr("Choose the folder"))
        browse.clicked.connect(self._browse)
        line = QHBoxLayout()
        line.addWidget(self.folder, 1)
        line.addWidget(browse)
        self.boxes = {name: QCheckBox(tr(FORMAT_NAMES.get(name, name))) for name in formats}
        layout = QVBoxLayout(self)
        layout.addWidget(state)
        layout.addWidget(plain_label(tr("Folder")))
        layout.addLayout(line)
        layout.addWidget(self.written)
        for name, box in self.boxes.items():
            box.setEnabled(name not in unavailable)
            box.setChecked(name not in unavailable)
            if name in unavailable:
                box.setText(f"{box.text()}: {unavailable[name]}")
            box.setAccessibleName(box.text())
            box.setObjectName(f"format_{name}")
            box.toggled.connect(self._check)
            layout.addWidget(box)
        self.bare, self._bare_told = QCheckBox(tr("Without the patient's identity")), plain_label(role="small")
        if identified:
            self._add_bare(layout)
        self.send, self.node = QCheckBox(tr("Send the DICOM objects to")), QComboBox()
        if nodes:
            layout.addLayout(self._sending(nodes))
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setText(tr("Export"))
        for button in self.buttons.buttons():
            button.setIcon(QIcon())
            button.setAccessibleName(button.text().replace("&", ""))
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self.folder.textChanged.connect(self._check)
        layout.addWidget(self.buttons)
        self._check()

    @property
    def chosen(self) -> tuple[Path, tuple[str, ...]]:
        """The chosen folder, in which the image gets its own, and formats."""
        return self._chosen_folder(), tuple(name for name, box in self.boxes.items() if box.isChecked())

    @property
    def send_to(self) -> str:
        """The archive that is sent the DICOM objects; empty for none."""
        return self.node.currentText() if self.send.isEnabled() and self.send.isChecked() else ""

    @property
    def without_identity(self) -> bool:
        """Whether a de-identified copy is exported."""
        return self.bare.isChecked()

    def _add_bare(self, layout: QVBoxLayout) -> None:
        self.bare.setAccessibleName(self.bare.text())
        self.bare.toggled.connect(self._check)
        self._bare_told.setWordWrap(True)
        self._bare_told.setText(
            tr(
                "A de-identified copy of the image (DICOM's Basic Profile) and results that belong to it, under new "
                "UIDs; without the indication and the record of changes. The pixels are copied as they are, with text "
                "that is burned in: look at them before you give them away."
            )
        )
        layout.addSpacing(8)
        layout.addWidget(self.bare)
        layout.addWidget(self._bare_told)

    def _sending(self, nodes: tuple[str, ...]) -> QHBoxLayout:
        self.send.setAccessibleName(self.send.text())
        self.node.setAccessibleName(tr("Archive"))
        self.node.addItems(nodes)
        line = QHBoxLayout()
        line.addWidget(self.send)
        line.addWidget(self.node, 1)
        return line

    def _browse(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, tr("Export to"), self.folder.text())
        if folder:
            self.folder.setText(folder)

    def _chosen_folder(self) -> Path:
        # Unlike Path.expanduser, this lets the name of a user that does not exist stand.
        return Path(os.path.expanduser(self.folder.text().strip()))  # noqa: PTH111

    def _outlook(self) -> tuple[bool, str]:
        """Whether the folder can be used, and what will be written where."""
        if not self.folder.text().strip():
            return False, tr("Name a folder.")
        folder = self._chosen_folder()
        try:
            target = self._target(folder)
            earlier = target.exists()
            obstacle = _obstacle(target)
        except OSError as error:
            return False, tr("This folder cannot be used: {reason}.", reason=error.strerror or error)
        except ValueError:
            return False, tr("This is no name of a folder.")
        if obstacle is not None:
            return False, tr("This folder cannot be used: {path} is a file.", path=obstacle)
        if not os.access(_existing(target), os.W_OK | os.X_OK):
            return False, tr("This folder cannot be used: {path} may not be written.", path=_existing(target))
        # A copy without identity has its own UID, and so a folder of its own in the chosen one.
        earlier = earlier and not self.without_identity
        text = tr("Will be written to {folder}", folder=folder if self.without_identity else target)
        return True, text + ("\n" + tr("An earlier export of this image there is replaced.") if earlier else "")

    def _check(self) -> None:
        usable, text = self._outlook()
        self.written.setText(text)
        # A label that wraps does not ask for more height when its text grows.
        self.written.setMinimumHeight(self.written.heightForWidth(WIDTH - 2 * MARGIN))
        dicom = any(name in DICOM and box.isChecked() for name, box in self.boxes.items())
        self.send.setEnabled(dicom)
        self.node.setEnabled(dicom)
        ready = usable and any(box.isChecked() for box in self.boxes.values())
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(ready)


def _unconfirmed(waiting: int) -> str:
    """Say how much of the draft no person has confirmed; empty where all of it is."""
    if not waiting:
        return ""
    return " " + tr("Sentences that no person has confirmed, and which are marked so: {count}.", count=waiting)


def _existing(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that is there."""
    return next((path for path in (folder, *folder.parents) if path.exists()), Path())


def _obstacle(folder: Path) -> Path | None:
    """Return what is no folder where one would have to be."""
    there = _existing(folder)
    return None if there.is_dir() else there
