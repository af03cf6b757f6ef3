"""Which of an image's analyses are listed, and what each was made with."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from viewer.i18n import tr
from viewer.state.images import OpenImage
from viewer.state.results import PackKey, ResultSet
from viewer.theme.elided import ElidedLabel
from viewer.theme.text import as_it_is

OWN, BESIDE, ONLY = "own", "beside", "only"
"""The list of the draft's own pack alone; both lists beside each other; the other pack's alone."""


class ResultsBar(QWidget):
    """Offers the analyses of an image; hidden while there is one, whose pack the line above the image names."""

    chosen = Signal(object, str)
    """Pack beside the draft's own, or None; which lists are shown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.choice = QComboBox()
        self.choice.setAccessibleName(tr("Analyses that are listed"))
        self.choice.activated.connect(self._tell)
        self.bound = ElidedLabel(role="small")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 6, 8, 0)
        layout.setSpacing(2)
        layout.addWidget(self.choice)
        layout.addWidget(self.bound)
        self._offered: list[tuple[PackKey | None, str]] = []

    def show_image(self, image: OpenImage | None, mode: str) -> None:
        """Offer what an image has."""
        own = image.results if image is not None else None
        self.setVisible(own is not None and image is not None and bool(image.others))
        if own is None or image is None:
            return
        self._offered = [(None, OWN)]
        self.choice.clear()
        self._add(tr("{pack} (draft)", pack=own.title), own)
        for other in image.others.values():
            self._offered += [(other.pack, BESIDE), (other.pack, ONLY)]
            self._add(tr("{pack} (draft) beside {other}", pack=own.title, other=other.title), own, other)
            self._add(other.title, other)
        self.choice.setCurrentIndex(self._offered.index((image.beside, mode if image.beside is not None else OWN)))
        self.bound.set_full(tr("The draft stands on {pack} and on no other.", pack=own.title))
        self.choice.setToolTip(self.choice.itemData(self.choice.currentIndex(), Qt.ItemDataRole.ToolTipRole))

    def _add(self, text: str, *results: ResultSet) -> None:
        self.choice.addItem(text)
        told = "\n\n".join(provenance_text(result) for result in results)
        self.choice.setItemData(self.choice.count() - 1, as_it_is(told), Qt.ItemDataRole.ToolTipRole)

    def _tell(self, number: int) -> None:
        self.chosen.emit(*self._offered[number])


def provenance_text(result: ResultSet) -> str:
    """Say what an analysis was made with."""
    title, sha256, time, provider, precision, methods = result.provenance
    lines = [
        tr("Pack {title}", title=title),
        f"SHA-256 {sha256}",
        tr("Analysed {time} on {provider}, {precision}", time=time, provider=provider, precision=precision),
        tr("Heat maps: {method}", method=tr(methods) if methods else tr("none")),
        tr(
            "{features} features that say {groups} things, {maps} heat maps",
            features=len(result.analysis.features),
            groups=len(result.groups),
            maps=len(result.analysis.maps),
        ),
    ]
    return "\n".join(lines)
