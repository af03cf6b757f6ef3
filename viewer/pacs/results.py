"""The studies that an archive has, and of each, where it is opened, its series."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QTreeWidget, QTreeWidgetItem, QWidget

from engine.dicom.names import readable_name
from engine.network.query import Match
from viewer.i18n import tr
from viewer.image.annotations import date_text
from viewer.pacs.services import Wanted
from viewer.theme.text import as_it_is

WANTED = Qt.ItemDataRole.UserRole
_WIDTHS = (200, 110, 90, 80, 200, 70)


class Results(QTreeWidget):
    """Several rows may be chosen; a double click chooses one."""

    series_wanted = Signal(str)
    """Study."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Studies found"))
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setUniformRowHeights(True)
        self.setExpandsOnDoubleClick(False)
        self.setHeaderLabels(
            [
                tr("Patient"), tr("Patient ID"), tr("Date"), tr("Modality"), tr("Description"), tr("Objects"),
                tr("Accession"),
            ]
        )  # fmt: skip
        for column, width in enumerate(_WIDTHS):
            self.setColumnWidth(column, width)
        self.itemExpanded.connect(self._on_expanded)

    def show_studies(self, studies: Sequence[Match]) -> None:
        """List studies, the newest first."""
        self.clear()
        for study in sorted(studies, key=lambda one: (one["StudyDate"], one["StudyTime"]), reverse=True):
            values = (
                readable_name(study["PatientName"]) or tr("no name"),
                study["PatientID"],
                date_text(study["StudyDate"]),
                study["ModalitiesInStudy"].replace("\\", ", "),
                study["StudyDescription"],
                study["NumberOfStudyRelatedInstances"],
                study["AccessionNumber"],
            )
            item = _row(values, Wanted(study["StudyInstanceUID"], "", _count(study["NumberOfStudyRelatedInstances"])))
            item.setChildIndicatorPolicy(QTreeWidgetItem.ChildIndicatorPolicy.ShowIndicator)
            self.addTopLevelItem(item)
        for item in self._studies()[:1]:
            self.setCurrentItem(item)

    def show_series(self, study: str, series: Sequence[Match]) -> None:
        """List the series of a study under it."""
        for item in self._studies():
            if item.data(0, WANTED).study == study and not item.childCount():
                for one in series:
                    number = one["SeriesNumber"]
                    name = tr("Series {number}", number=number) if number else tr("Series without a number")
                    count = one["NumberOfSeriesRelatedInstances"]
                    values = (name, "", "", one["Modality"], one["SeriesDescription"], count, "")
                    item.addChild(_row(values, Wanted(study, one["SeriesInstanceUID"], _count(count))))

    def chosen(self) -> list[Wanted]:
        """Return what is chosen: of a study that is chosen itself none of its series."""
        wanted: list[Wanted] = [item.data(0, WANTED) for item in self.selectedItems()]
        whole = {one.study for one in wanted if not one.series}
        return [one for one in wanted if not one.series or one.study not in whole]

    def _studies(self) -> list[QTreeWidgetItem]:
        rows = (self.topLevelItem(row) for row in range(self.topLevelItemCount()))
        return [item for item in rows if item is not None]

    def _on_expanded(self, item: QTreeWidgetItem) -> None:
        if item.parent() is None and not item.childCount():
            self.series_wanted.emit(item.data(0, WANTED).study)


def _row(values: Sequence[str], wanted: Wanted) -> QTreeWidgetItem:
    item = QTreeWidgetItem(list(values))
    for column, value in enumerate(values):
        item.setToolTip(column, as_it_is(value))
    item.setData(0, WANTED, wanted)
    return item


def _count(text: str) -> int:
    return int(text) if text.isdigit() and len(text) < 7 else 0
