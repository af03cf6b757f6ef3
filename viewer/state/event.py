"""The one way in which state tells views that it changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Event(Generic[T]):
    """A list of listeners called in the order in which they were connected, on the thread that emits."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[T], None]] = []

    def connect(self, listener: Callable[[T], None]) -> None:
        """Call `listener` with every value emitted from now on."""
        self._listeners.append(listener)

    def disconnect(self, listener: Callable[[T], None]) -> None:
        """Stop calling `listener`; a listener that is not connected is a mistake and raises ValueError."""
        self._listeners.remove(listener)

    def emit(self, value: T) -> None:
        """Call every listener with `value`."""
        for listener in tuple(self._listeners):
            listener(value)
