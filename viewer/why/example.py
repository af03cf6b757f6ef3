"""One training image whose report stands behind a feature's description."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from engine.pack.features import Evidence
from viewer.i18n import decimal, tr
from viewer.theme.elided import ElidedLabel
from viewer.theme.text import plain_label

ACTIVATION_WIDTH, SOURCE_WIDTH = 36, 104
"""Columns that stand below each other, in pixels."""


class ExampleRow(QWidget):
    """Activation, source and the beginning of the report, in columns."""

    def __init__(self, example: Evidence, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        activation = plain_label(decimal(f"{example.activation:.2f}"), role="small")
        activation.setFixedWidth(ACTIVATION_WIDTH)
        activation.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
        activation.setToolTip(tr("Activation on that image"))
        source = ElidedLabel(example.source, role="small")
        source.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        source.setFixedWidth(SOURCE_WIDTH)
        source.setAlignment(Qt.AlignmentFlag.AlignTop)
        text = plain_label(example.text, role="small")
        text.setWordWrap(True)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 1, 0, 1)
        row.setSpacing(8)
        row.addWidget(activation)
        row.addWidget(source)
        row.addWidget(text, 1)
