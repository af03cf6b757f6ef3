"""Listening to the state for as long as a widget is there: state knows no Qt, and would call what Qt has deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QObject
from shiboken6 import isValid

from viewer.state.event import Event

T = TypeVar("T")


def listen(listener: QObject, event: Event[T], call: Callable[[T], object]) -> None:
    """Call with every value of an event until the listener is deleted."""

    def pass_on(value: T) -> None:
        if isValid(listener):
            call(value)
        else:
            event.disconnect(pass_on)

    event.connect(pass_on)
