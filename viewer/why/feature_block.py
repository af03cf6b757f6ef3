"""One feature on the card: what it is read as, how far that may be trusted, how strong it is, which reports say so."""

from __future__ import annotations

from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.inference.analysis import ActiveFeature
from engine.pack.evidence import FeatureEvidence
from viewer.i18n import tr
from viewer.theme import palette
from viewer.theme.text import plain_label
from viewer.why.example import ExampleRow
from viewer.why.histogram import ActivationHistogram
from viewer.why.words import duplicates_text, label_text, reading_text, strength_text


class FeatureBlock(QWidget):
    """Shows one feature; what the pack keeps of it follows when it was read.

    Parameters
    ----------
    kept : FeatureEvidence or None
        None until it was read, and where the pack has nothing.
    muted : bool
        Whether a person does not want its map for now.
    """

    def __init__(
        self,
        feature: ActiveFeature,
        kept: FeatureEvidence | None,
        *,
        muted: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        said = feature.description or tr("not described")
        self.setAccessibleName(tr("Feature {id}: {text}", id=feature.id, text=said))
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 10, 0, 6)
        self._column.setSpacing(2)
        self._say(f"#{feature.id}  {said}", "title")
        self._say(reading_text(feature), "muted")
        if muted:
            self._say(tr("Muted by you: its heat map is off."), "strong")
        self._say(label_text(feature, kept), "muted")
        if kept is None:
            return
        self._say(strength_text(feature, kept), "")
        self._column.addWidget(ActivationHistogram(kept.record.quantiles, feature.activation))
        same = duplicates_text(kept)
        if same:
            self._say(same, "small")
        if kept.examples:
            self._say(tr("Reports of training images ({count})", count=len(kept.examples)), "section")
        for example in kept.examples:
            self._column.addWidget(ExampleRow(example))

    def _say(self, text: str, role: str) -> None:
        label = plain_label(text, role=role)
        label.setWordWrap(True)
        self._column.addWidget(label)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw a line above, which parts it from what stands before it."""
        super().paintEvent(event)
        QPainter(self).fillRect(0, 2, self.width(), 1, QColor(palette.BORDER))
