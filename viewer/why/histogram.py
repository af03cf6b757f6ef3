"""How a feature's activations are distributed, and where the image shown lies among them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from viewer.i18n import decimal, tr
from viewer.theme import palette

BINS = 32
FOOT = 16
"""Room below the bars for the numbers of the axis."""


def shares(quantiles: Sequence[float], bins: int = BINS) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the histogram of which only evenly spaced quantiles are known.

    Parameters
    ----------
    quantiles : sequence of float
        Values at evenly spaced ranks from the lowest to the highest, never falling.

    Returns
    -------
    edges : ndarray of float64, shape (bins + 1,)
    shares : ndarray of float64, shape (bins,)
        Their sum is 1.

    Notes
    -----
    Between two quantiles the values are taken as spread evenly; equal quantiles are a step of the distribution, which
    falls into the bin that has it.
    """
    values: npt.NDArray[np.float64] = np.asarray(quantiles, dtype=np.float64)
    edges = np.linspace(values[0], values[-1], bins + 1)
    if values[0] == values[-1]:
        return edges, np.eye(1, bins).ravel()
    ranks = np.linspace(0.0, 1.0, values.size)
    # Of equal quantiles the highest rank counts: the share of images at or below that value.
    distinct, first = np.unique(values[::-1], return_index=True)
    below = np.interp(edges, distinct, ranks[::-1][first])
    below[0] = 0.0
    return edges, np.diff(below)


class ActivationHistogram(QWidget):
    """Bars of the distribution, and a line at this image's activation.

    Parameters
    ----------
    quantiles : sequence of float
        Of the feature's activations on the training images where it is active.
    activation : float
        On the image shown; beyond the highest quantile the line stands at the end, and its number says so.
    """

    def __init__(self, quantiles: Sequence[float], activation: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.edges, self.shares = shares(quantiles)
        self.activation = activation
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Distribution of the activation"))
        low, middle, high = (quantiles[round(at * (len(quantiles) - 1))] for at in (0.05, 0.5, 0.95))
        self.setAccessibleDescription(
            tr(
                "This image {a}; median {m}, 5 % of the images below {low}, 5 % above {high}",
                a=decimal(f"{activation:.2f}"),
                m=decimal(f"{middle:.2f}"),
                low=decimal(f"{low:.2f}"),
                high=decimal(f"{high:.2f}"),
            )
        )
        self.setToolTip(self.accessibleDescription())

    def sizeHint(self) -> QSize:
        """Wide as there is room."""
        return QSize(220, 60)

    @property
    def place(self) -> float:
        """Where the line stands, 0..1 of the width."""
        low, high = float(self.edges[0]), float(self.edges[-1])
        return min(1.0, max(0.0, (self.activation - low) / (high - low))) if high > low else 1.0

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw bars, line and the numbers of the axis."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        foot = float(self.height() - FOOT)
        width = (self.width() - 2.0) / self.shares.size
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(palette.WEAK))
        for number, share in enumerate(self.shares / self.shares.max()):
            height = float(share) * (foot - 6)
            painter.drawRect(QRectF(1 + number * width, foot - height, max(1.0, width - 1), height))
        painter.setPen(QPen(QColor(palette.MUTED), 1))
        painter.drawLine(QPointF(0, foot), QPointF(self.width(), foot))
        x = 1 + self.place * (self.width() - 2)
        painter.setPen(QPen(QColor(palette.UNCONFIRMED), 2))
        painter.drawLine(QPointF(x, 4), QPointF(x, foot))
        painter.setBrush(QColor(palette.UNCONFIRMED))
        painter.drawPolygon(QPolygonF([QPointF(x - 4, 0), QPointF(x + 4, 0), QPointF(x, 6)]))
        self._numbers(painter, foot, x)

    def _numbers(self, painter: QPainter, foot: float, x: float) -> None:
        font = painter.font()
        font.setPixelSize(10)
        painter.setFont(font)
        row = QRectF(0, foot + 2, self.width(), FOOT - 2)
        own = decimal(f"{self.activation:.2f}")
        half = painter.fontMetrics().horizontalAdvance(own) / 2 + 2
        centre = min(max(x, half), self.width() - half)
        painter.setPen(QColor(palette.TEXT))
        painter.drawText(QRectF(centre - half, row.top(), 2 * half, row.height()), Qt.AlignmentFlag.AlignCenter, own)
        painter.setPen(QColor(palette.MUTED))
        for text, flag, taken in (
            (decimal(f"{self.edges[0]:.2f}"), Qt.AlignmentFlag.AlignLeft, centre - half),
            (decimal(f"{self.edges[-1]:.2f}"), Qt.AlignmentFlag.AlignRight, self.width() - centre - half),
        ):
            if painter.fontMetrics().horizontalAdvance(text) + 4 < taken:
                painter.drawText(row, flag | Qt.AlignmentFlag.AlignVCenter, text)
