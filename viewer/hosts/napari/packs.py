"""The model pack by which radiographs are analysed in napari."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox

from engine.pack.library import PackEntry
from viewer.hosts.napari.host import Host, tell
from viewer.i18n import tr
from viewer.services import list_packs
from viewer.state.images import Problem
from viewer.tasks import run_task


class PackChoice(QComboBox):
    """Lists the packs that are installed; choosing another one analyses the image shown anew."""

    def __init__(self, host: Host) -> None:
        super().__init__()
        self._host = host
        self.setAccessibleName(tr("Model packs"))
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(10)
        self.activated.connect(lambda _number: self._choose())
        run_task(list_packs, self._list, lambda error: tell(Problem.of(error)))

    def _list(self, entries: list[PackEntry]) -> None:
        """Show the packs that can be used; the one in use is the bundled demo pack until another is chosen."""
        for entry in entries:
            if not entry.problem:
                self.addItem(f"{entry.name} {entry.version}", str(entry.folder))
                self.setItemData(self.count() - 1, entry.title, Qt.ItemDataRole.ToolTipRole)
        used = self._host.controller.engine.pack
        chosen = next((n for n, e in enumerate(e for e in entries if not e.problem) if _is(e, used)), 0)
        self.setCurrentIndex(chosen)

    def _choose(self) -> None:
        self._host.use_pack(str(self.currentData()))


def _is(entry: PackEntry, used: str | None) -> bool:
    return str(entry.folder) == used if used is not None else entry.name == "demo"
