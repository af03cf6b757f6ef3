"""What studies are asked for: patient, date, modality."""

from __future__ import annotations

from PySide6.QtCore import QDate, Signal
from PySide6.QtWidgets import QComboBox, QDateEdit, QFrame, QGridLayout, QWidget

from viewer.i18n import mark, tr
from viewer.theme.line import Line
from viewer.theme.text import plain_label

PERIODS: tuple[tuple[str, int], ...] = (
    (mark("Any date"), 0),
    (mark("Today"), 1),
    (mark("Last 2 days"), 2),
    (mark("Last 7 days"), 7),
    (mark("Last 30 days"), 30),
    (mark("From – to"), -1),
)
"""What a person reads, and the number of days until today; 0 is any, -1 what the two fields say."""

MODALITIES: tuple[tuple[str, str], ...] = (
    ("", mark("Any modality")),
    ("DX", mark("DX (digital radiograph)")),
    ("CR", mark("CR (computed radiograph)")),
)
_FORM = "yyyyMMdd"


class Filters(QFrame):
    """Fields; Enter in one of them asks."""

    asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.patient_id, self.name = self._line(tr("Patient ID")), self._line(tr("Patient's name"))
        self.accession = self._line(tr("Accession number"))
        self.modality, self.period = QComboBox(), QComboBox()
        self.modality.setAccessibleName(tr("Modality"))
        for value, name in MODALITIES:
            self.modality.addItem(tr(name), value)
        self.period.setAccessibleName(tr("Date of the study"))
        for name, days in PERIODS:
            self.period.addItem(tr(name), days)
        self.first, self.last = self._date(tr("From")), self._date(tr("To"))
        self.period.currentIndexChanged.connect(self._show_dates)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        rows = (
            ((tr("Patient ID"), self.patient_id), (tr("Name"), self.name)),
            ((tr("Accession"), self.accession), (tr("Modality"), self.modality)),
            ((tr("Date"), self.period), ("", None)),
        )
        for row, pairs in enumerate(rows):
            for column, (label, field) in enumerate(pairs):
                if field is not None:
                    told = plain_label(label)
                    told.setBuddy(field)
                    grid.addWidget(told, row, 2 * column)
                    grid.addWidget(field, row, 2 * column + 1)
        grid.addWidget(self.first, 2, 2)
        grid.addWidget(self.last, 2, 3)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)
        self._show_dates()

    def keys(self) -> dict[str, str]:
        """Return what is asked for, as `engine.network.query.Query` takes it.

        A name without a wildcard is the beginning of one; so it is asked for in all archives that compare letter by
        letter.
        """
        name = self.name.text().strip().replace(", ", "^")
        found = {
            "patient_id": self.patient_id.text().strip(),
            "name": name if not name or "*" in name or "?" in name else f"{name}*",
            "accession": self.accession.text().strip(),
            "modality": str(self.modality.currentData()),
            "date": self._dates(),
        }
        return {key: value for key, value in found.items() if value}

    def _dates(self) -> str:
        days = int(self.period.currentData())
        if days == 0:
            return ""
        if days > 0:
            return QDate.currentDate().addDays(1 - days).toString(_FORM) + "-"
        return f"{self.first.date().toString(_FORM)}-{self.last.date().toString(_FORM)}"

    def _line(self, name: str) -> Line:
        line = Line()
        line.setAccessibleName(name)
        line.setMaxLength(64)
        line.returnPressed.connect(self.asked)
        return line

    def _date(self, name: str) -> QDateEdit:
        field = QDateEdit(QDate.currentDate())
        field.setDisplayFormat("yyyy-MM-dd")
        field.setCalendarPopup(True)
        field.setAccessibleName(name)
        return field

    def _show_dates(self) -> None:
        for field in (self.first, self.last):
            field.setVisible(self.period.currentData() == -1)
