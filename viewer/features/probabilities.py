"""The observations with their calibrated probabilities."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QPushButton, QVBoxLayout, QWidget

from engine.inference.analysis import ObservationProbability
from viewer.features.bar import ShareBar
from viewer.i18n import tr
from viewer.theme.palette import UNCONFIRMED
from viewer.theme.text import plain_label, set_role


def observation_name(row: ObservationProbability) -> str:
    """Name with side and place."""
    extra = ", ".join(x for x in (row.laterality if row.laterality != "none" else "", row.location) if x)
    return row.observation + (f" ({extra})" if extra else "")


class ProbabilityTable(QWidget):
    """One line an observation: name, bar with its threshold, percent; those above their threshold stand out."""

    def __init__(self, rows: tuple[ObservationProbability, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Observation probabilities"))
        grid = QGridLayout(self)
        grid.setContentsMargins(10, 2, 10, 8)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(1, 1)
        whole = [row for row in rows if row.laterality == "none" and not row.location]
        for number, row in enumerate(sorted(whole, key=lambda r: -r.probability)):
            above = row.probability >= row.threshold
            name = plain_label(observation_name(row))
            set_role(name, "strong" if above else "weak")
            bar = ShareBar(row.probability, UNCONFIRMED if above else "#5b6675", mark=row.threshold)
            bar.setToolTip(tr("The line is the threshold above which the draft states it"))
            text = f"{100 * row.probability:.0f} %"
            bar.setAccessibleName(f"{observation_name(row)} {text}")
            value = plain_label(text)
            set_role(value, "strong" if above else "weak")
            grid.addWidget(name, number, 0)
            grid.addWidget(bar, number, 1)
            grid.addWidget(value, number, 2, Qt.AlignmentFlag.AlignRight)


class ProbabilityBox(QWidget):
    """The table behind a button: features come first, and the table is made only when it is asked for."""

    def __init__(self, rows: tuple[ObservationProbability, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = rows
        self._table: ProbabilityTable | None = None
        toggle = QPushButton(tr("Observation probabilities"))
        toggle.setCheckable(True)
        toggle.setProperty("role", "small")
        toggle.setAccessibleName(tr("Show observation probabilities"))
        toggle.toggled.connect(self._show)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 6, 2)
        self._column.addWidget(toggle)

    def _show(self, on: bool) -> None:
        if self._table is None:
            self._table = ProbabilityTable(self._rows)
            self._column.addWidget(self._table)
        self._table.setVisible(on)
