"""What the tests of the window look for in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLabel, QMessageBox

from viewer.theme import palette
from viewer.window import MainWindow

Open = Callable[..., list[str]]


def row(window: MainWindow, key: str) -> Any:
    """The line of a sentence."""
    found = window.report.row(key)
    assert found is not None
    return found


def message(window: MainWindow) -> QMessageBox:
    """The one message box on the screen."""
    boxes = [box for box in window.findChildren(QMessageBox) if box.isVisible()]
    assert len(boxes) == 1, [box.text() for box in boxes]
    return boxes[0]


def amber(label: QLabel) -> int:
    """Number of pixels of the colour of text that waits for confirmation."""
    picture, wanted = label.grab().toImage(), QColor(palette.UNCONFIRMED)
    return sum(picture.pixelColor(x, y) == wanted for x in range(picture.width()) for y in range(picture.height()))
