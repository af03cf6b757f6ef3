"""A picture of the window with the dialogs above it, as a screen would show them."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPixmap
from PySide6.QtWidgets import QDialog, QWidget

from viewer.theme import palette

TITLE_HEIGHT = 30
SHADE = QColor(0, 0, 0, 110)


def photograph(window: QWidget, places: Mapping[QWidget, QPoint]) -> QPixmap:
    """Return the window and its open dialogs, each in its middle under a strip with its title.

    Where no window manager runs a dialog has no frame: the strip stands for it.

    Parameters
    ----------
    places : mapping
        Top left corner in the window of dialogs that shall lie elsewhere.
    """
    picture = window.grab()
    dialogs = [dialog for dialog in window.findChildren(QDialog) if dialog.isVisible()]
    painter = QPainter(picture)
    for dialog in dialogs:
        if dialog.isModal():
            painter.fillRect(window.rect(), SHADE)
        _paint(painter, window, dialog, places.get(dialog))
    painter.end()
    return picture


def _paint(painter: QPainter, window: QWidget, dialog: QDialog, place: QPoint | None) -> None:
    size = dialog.size()
    middle = QPoint((window.width() - size.width()) // 2, (window.height() - size.height() + TITLE_HEIGHT) // 2)
    corner = place or middle
    strip = QRect(corner.x(), corner.y() - TITLE_HEIGHT, size.width(), TITLE_HEIGHT)
    painter.fillRect(strip, QColor(palette.RAISED))
    painter.setPen(QColor(palette.TEXT))
    font = QFont(dialog.font())
    font.setBold(True)
    painter.setFont(font)
    painter.drawText(strip.adjusted(12, 0, -12, 0), Qt.AlignmentFlag.AlignVCenter, dialog.windowTitle())
    painter.drawPixmap(corner, dialog.grab())
    painter.setPen(QColor(palette.MUTED))
    painter.drawRect(strip.united(QRect(corner, size)))
