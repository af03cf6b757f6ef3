"""How a readout's probabilities held on validation images, small enough to stand beside one of them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.pack.reliability import ReliabilityBin, outside
from viewer.i18n import decimal, tr
from viewer.theme import palette

SIDE = 96


class ReliabilityPlot(QWidget):
    """Stated probability to the right, observed share upward, with its 95 % interval; on the diagonal they agree.

    Parameters
    ----------
    bins : sequence of ReliabilityBin
        Not empty.
    probability : float
        Of the image shown, drawn as a vertical line.
    """

    def __init__(self, bins: Sequence[ReliabilityBin], probability: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bins, self._probability = tuple(bins), probability
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Reliability on validation images"))
        self.setAccessibleDescription(reliability_text(bins, probability))
        self.setToolTip(self.accessibleDescription())

    def sizeHint(self) -> QSize:
        """Square."""
        return QSize(SIDE, SIDE)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw frame, diagonal, this image's probability, and each bin with its interval."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(4, 4, self.width() - 8, self.height() - 8)

        def at(x: float, y: float) -> QPointF:
            return QPointF(area.left() + x * area.width(), area.bottom() - y * area.height())

        painter.setPen(QPen(QColor(palette.BORDER), 1))
        painter.drawRect(area)
        painter.drawLine(at(0, 0), at(1, 1))
        painter.setPen(QPen(QColor(palette.UNCONFIRMED), 1.5))
        painter.drawLine(at(self._probability, 0), at(self._probability, 1))
        for one in self._bins:
            painter.setPen(QPen(QColor(palette.MUTED), 1))
            painter.drawLine(at(one.stated, one.observed_low), at(one.stated, one.observed_high))
            painter.setPen(QPen(QColor(palette.ACCENT), 1))
            painter.setBrush(QColor(palette.ACCENT))
            painter.drawEllipse(at(one.stated, one.observed), 2.5, 2.5)


def reliability_text(bins: Sequence[ReliabilityBin], probability: float) -> str:
    """Say how images with a probability like this one's turned out, and how far the bins agree."""
    total = tr(
        "{good} of {count} bins have their stated probability within the 95 % interval of what was observed",
        good=len(bins) - outside(bins),
        count=len(bins),
    )
    last = bins[-1].high
    own = next((b for b in bins if b.low <= probability < b.high or probability == b.high == last), None)
    if own is None:
        return tr("no validation image had a probability like this one") + "; " + total
    near = tr(
        "of {images} validation images stated between {low} and {high}, {observed} had it ({lower} to {upper})",
        images=own.images,
        low=decimal(f"{own.low:.2f}"),
        high=decimal(f"{own.high:.2f}"),
        observed=f"{100 * own.observed:.0f} %",
        lower=f"{100 * own.observed_low:.0f} %",
        upper=f"{100 * own.observed_high:.0f} %",
    )
    return near + "; " + total
