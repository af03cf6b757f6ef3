"""What a tool must be able to do to work on the canvas with the left button and the keyboard."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter


class CanvasTool(Protocol):
    """Asked before the canvas does with a button or a key what it does by itself."""

    def press(self, event: QMouseEvent) -> bool:
        """Return whether the tool takes a press, and the moves up to its release."""

    def move(self, event: QMouseEvent) -> bool:
        """Return whether the tool took a move, with or without a button."""

    def release(self, event: QMouseEvent) -> bool:
        """Return whether the tool took a release."""

    def wants(self, event: QKeyEvent) -> bool:
        """Return whether the tool needs a key that else is a shortcut."""

    def key(self, event: QKeyEvent) -> bool:
        """Return whether the tool did something with a key."""

    def paint(self, painter: QPainter) -> None:
        """Draw over the image, in pixels of the widget."""


class Overpainter(Protocol):
    """Draws over the image, below measurements and texts, and takes no part in what the mouse does."""

    def paint(self, painter: QPainter) -> None:
        """Draw over the image, in pixels of the widget."""
