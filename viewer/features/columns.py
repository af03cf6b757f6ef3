"""The columns of the list of features: their widths, their titles, and by which of them it is sorted."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QWidget

from viewer.i18n import mark, tr
from viewer.state.groups import Order
from viewer.theme.text import plain_label

BAR_WIDTH, PERCENTILE_WIDTH, ACTIVATION_WIDTH, GAP, RIGHT = 84, 26, 68, 6, 8
LEFT_OF_NUMBER = 38
"""The title of the percentiles is wider than they are, and reaches over the bars."""

EXPLAINED = {
    Order.CITED: mark("Features that the draft cites first, then by activation"),
    Order.STRENGTH: mark("Activation relative to what is typical of the feature"),
    Order.PERCENTILE: mark("Share of the images with this feature on which it is weaker"),
    Order.ACTIVATION: mark("Activation, in the unit of the autoencoder"),
    Order.LABEL_SCORE: mark("How well the description predicts the held-out reports"),
    Order.NUMBER: mark("The feature's number"),
}


class ColumnHeader(QWidget):
    """Titles above the numbers, the choice of what comes first, and whether each section of the draft has a heading."""

    order_changed = Signal(Order)
    by_section_wanted = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.choice = QComboBox()
        self.choice.setAccessibleName(tr("Order of the features"))
        self.choice.setToolTip(tr("What comes first"))
        for order in Order:
            self.choice.addItem(tr(order.value), order)
            self.choice.setItemData(self.choice.count() - 1, tr(EXPLAINED[order]), Qt.ItemDataRole.ToolTipRole)
        self.choice.currentIndexChanged.connect(lambda _: self.order_changed.emit(self.order))
        # A sign, for two lists beside each other leave no room for a word.
        self.sections = QPushButton("§")
        self.sections.setProperty("role", "small")
        self.sections.setCheckable(True)
        self.sections.setChecked(True)
        self.sections.setAccessibleName(tr("List by section"))
        self.sections.setToolTip(tr("A heading for each section of the draft; the order holds within it"))
        self.sections.clicked.connect(self.by_section_wanted)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, RIGHT, 0)
        layout.setSpacing(GAP)
        layout.addWidget(self.choice)
        layout.addWidget(self.sections)
        layout.addStretch(1)
        layout.addWidget(_title(tr("percentile"), EXPLAINED[Order.PERCENTILE], PERCENTILE_WIDTH + LEFT_OF_NUMBER))
        layout.addWidget(_title(tr("activation"), EXPLAINED[Order.ACTIVATION], ACTIVATION_WIDTH))

    @property
    def order(self) -> Order:
        """What comes first."""
        return Order(self.choice.currentData())


def _title(text: str, explained: str, width: int) -> QLabel:
    label = plain_label(text, role="small")
    label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    label.setFixedWidth(width)
    label.setToolTip(tr(explained))
    return label
