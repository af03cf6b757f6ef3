"""The observations with their calibrated probabilities."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QPushButton, QVBoxLayout, QWidget

from engine.inference.analysis import ObservationProbability
from viewer import vocabulary
from viewer.features.bar import ShareBar
from viewer.i18n import tr
from viewer.theme.text import plain_label, set_role


def observation_name(row: ObservationProbability) -> str:
    """Name with side and place."""
    extra = ", ".join(x for x in (vocabulary.side(row.laterality), vocabulary.location(row.location)) if x)
    return vocabulary.observation(row.observation) + (f" ({extra})" if extra else "")


class ProbabilityTable(QWidget):
    """One line an observation: name, bar with its threshold, percent; those above their threshold stand out.

    What the pack may not state comes last and never stands out; where no feature speaks of it either, its number would
    be a mere prior and is not shown. What the pack may state, but no active feature speaks of, is a base rate: it does
    not stand out either, since a draft states nothing without a feature.
    """

    def __init__(self, rows: tuple[ObservationProbability, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Observation probabilities"))
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(10, 2, 10, 8)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(1, 1)
        whole = [row for row in rows if row.laterality == "none" and not row.location]
        for number, row in enumerate(sorted(whole, key=lambda r: (not r.reportable, -r.probability))):
            self._add(number, row)

    def _add(self, number: int, row: ObservationProbability) -> None:
        judged, spoken_of = row.reportable, bool(row.feature_ids)
        above = judged and spoken_of and row.probability >= row.threshold
        number_shown = judged or spoken_of
        text = f"{100 * row.probability:.0f} %" if number_shown else "–"
        if not judged:
            explained = tr("This pack cannot judge it: a draft neither states nor denies it")
        elif not spoken_of:
            explained = tr(
                "No active feature speaks of it: this is the rate that remains, and a draft does not state it"
            )
        else:
            explained = tr("The line is the threshold above which the draft states it")
        name, value = plain_label(observation_name(row)), plain_label(text)
        bar = ShareBar(
            row.probability if number_shown else 0.0,
            "UNCONFIRMED" if above else "WEAK" if judged else "FAINT",
            mark=row.threshold if judged else None,
        )
        bar.setAccessibleName(f"{observation_name(row)} {text}")
        bar.setAccessibleDescription(explained)
        for label in (name, value):
            set_role(label, "strong" if above else "weak" if judged else "faint")
        for widget in (name, bar, value):
            widget.setToolTip(explained)
        self._grid.addWidget(name, number, 0)
        self._grid.addWidget(bar, number, 1)
        self._grid.addWidget(value, number, 2, Qt.AlignmentFlag.AlignRight)


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
