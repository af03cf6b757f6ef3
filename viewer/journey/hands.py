"""What a person's hands do: a drag of the mouse on a widget, and keys."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier
CTRL = Qt.KeyboardModifier.ControlModifier


def drag(widget: QWidget, start: QPointF, end: QPointF, button: Qt.MouseButton = LEFT) -> None:
    """Press a button at one place of a widget, move to another and let go there."""
    send = partial(QApplication.sendEvent, widget)
    there, nothing = widget.mapToGlobal, Qt.MouseButton.NoButton
    send(QMouseEvent(QEvent.Type.MouseButtonPress, start, there(start), button, button, NONE))
    send(QMouseEvent(QEvent.Type.MouseMove, end, there(end), nothing, button, NONE))
    send(QMouseEvent(QEvent.Type.MouseButtonRelease, end, there(end), button, nothing, NONE))


def press(key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
    """Press a key where the keyboard is."""
    QTest.keyClick(_keyboard(), key, modifiers)


def type_in(text: str) -> None:
    """Type a text where the keyboard is."""
    QTest.keyClicks(_keyboard(), text)


def _keyboard() -> QWidget:
    holder = QApplication.focusWidget() or QApplication.activeWindow()
    if holder is None:
        raise RuntimeError("no window has the keyboard")
    return holder
