"""A panel: how many features speak for each observation on the image shown."""

from __future__ import annotations

from collections import Counter

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

from viewer.plugins.panel import Shown


class FeatureCount(QLabel):
    """One line an observation."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setMargin(8)

    def show_image(self, shown: Shown | None) -> None:
        """Count anew; nothing of the image before stays."""
        if shown is None or shown.analysis is None:
            self.setText("")
            return
        counts = Counter(feature.observation for feature in shown.analysis.features)
        self.setText("\n".join(f"{count} × {name}" for name, count in counts.most_common()))
