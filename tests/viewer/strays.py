"""What a test of the viewer must not leave behind: log records nobody looked at, and threads."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager

LEVEL = logging.WARNING
GRACE_S = 5.0
"""Time that threads have to end."""
KEPT = "saerad-decoder"
"""Thread of the decoding process, which all tests share."""


class Collector(logging.Handler):
    """Keeps the records that a person would have to be told of."""

    def __init__(self) -> None:
        super().__init__(LEVEL)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        self.records.append(record)


@contextmanager
def collected() -> Iterator[list[logging.LogRecord]]:
    """Collect the records of warnings and worse."""
    collector = Collector()
    logging.getLogger().addHandler(collector)
    try:
        yield collector.records
    finally:
        logging.getLogger().removeHandler(collector)


def left_over(before: Collection[threading.Thread]) -> list[str]:
    """Return the names of threads that are there since, after giving them time to end.

    What Qt's pool runs is none of Python's threads; `viewer.tasks.running` counts it.
    """
    end = time.monotonic() + GRACE_S
    while (names := _since(before)) and time.monotonic() < end:
        time.sleep(0.02)
    return names


def _since(before: Collection[threading.Thread]) -> list[str]:
    return [
        thread.name
        for thread in threading.enumerate()
        if thread not in before and not isinstance(thread, threading._DummyThread) and thread.name != KEPT
    ]
