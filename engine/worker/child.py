"""What runs in the child process: one task after another, until the pipe closes."""

from __future__ import annotations

import importlib
import inspect
import os
import pickle
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

from engine.errors import SaeRadError
from engine.worker.transport import receive, send


@dataclass(frozen=True)
class Request:
    """Call ``function`` (``package.module:name``) with these arguments."""

    number: int
    function: str
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Cancel:
    """Ask the task of this number to stop."""

    number: int


@dataclass(frozen=True)
class Ready:
    """The child has started and imported what it was told to."""


@dataclass(frozen=True)
class Progress:
    """How far the task is: a stage in words and a fraction between 0 and 1."""

    number: int
    stage: str
    fraction: float


@dataclass(frozen=True)
class Result:
    """The task's return value."""

    number: int
    value: Any


@dataclass(frozen=True)
class Failure:
    """The task's exception: its `SaeRadError` class by name; any other exception comes with its traceback."""

    number: int
    error_class: str
    code: str
    message: str
    hint: str
    traceback: str = ""


def main(connection: Connection, memory_bytes: int | None, preload: Sequence[str]) -> None:
    """Serve requests from the pipe; returns never, ends the process when the parent closes the pipe or dies."""
    # Ctrl-C goes to all processes of a terminal; the parent decides what becomes of this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if memory_bytes is not None:
        limit_memory(memory_bytes)
    for module in preload:
        importlib.import_module(module)
    requests: queue.SimpleQueue[Request] = queue.SimpleQueue()
    cancelled: set[int] = set()
    threading.Thread(target=_listen, args=(connection, requests, cancelled), daemon=True).start()
    outbox = _Outbox(connection)
    outbox.send(Ready())
    while True:
        request = requests.get()
        answer = _answer(outbox, request, cancelled)
        try:
            outbox.send(answer)
        except (pickle.PicklingError, TypeError, AttributeError) as error:  # what pickle raises for what it cannot
            outbox.send(_unexpected(request.number, error))


class _Outbox:
    """The way to the parent; one message at a time, also when a task reports progress from threads of its own."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    def send(self, message: object) -> None:
        with self._lock:
            send(self._connection, message)


def ready() -> bool:
    """Do nothing, in a child that is up: the task by which a worker is warmed."""
    return True


def limit_memory(memory_bytes: int) -> None:
    """Limit this process's address space where the system can (Linux); elsewhere only the file limits protect."""
    if sys.platform != "linux":
        return
    import resource  # noqa: PLC0415 - does not exist on Windows

    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    soft = memory_bytes if hard == resource.RLIM_INFINITY else min(memory_bytes, hard)
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _listen(connection: Connection, requests: queue.SimpleQueue[Request], cancelled: set[int]) -> None:
    """Sort what comes in, also while a task runs."""
    while True:
        try:
            message = receive(connection)
        except (EOFError, OSError):
            # The parent is gone: nothing here is worth finishing, and foreign code may be in the middle of anything.
            os._exit(0)
        if isinstance(message, Cancel):
            cancelled.add(message.number)
        else:
            requests.put(message)


def _answer(outbox: _Outbox, request: Request, cancelled: set[int]) -> Result | Failure:
    number = request.number
    try:
        function = _resolve(request.function)
        extra: dict[str, Any] = {}
        parameters = _parameters(function)
        if "progress" in parameters:
            extra["progress"] = lambda stage, fraction: outbox.send(Progress(number, str(stage), float(fraction)))
        if "cancelled" in parameters:
            extra["cancelled"] = lambda: number in cancelled
        return Result(number, function(*request.args, **request.kwargs, **extra))
    except SaeRadError as error:
        return Failure(number, type(error).__name__, error.code, error.message, error.hint)
    except MemoryError:
        return Failure(
            number,
            "WorkerError",
            "OUT_OF_MEMORY",
            "there was not enough memory for the task",
            "close other images or programs and try again",
        )
    except Exception as error:  # whatever it is, the parent has to be told
        return _unexpected(number, error)
    finally:
        cancelled.discard(number)


def _unexpected(number: int, error: Exception) -> Failure:
    return Failure(
        number,
        "WorkerError",
        "WORKER_FAILED",
        f"an unexpected {type(error).__name__} occurred",
        "run again with --debug and report what it prints",
        "".join(traceback.format_exception(error)),
    )


def _resolve(function: str) -> Callable[..., Any]:
    module, _, name = function.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return found


def _parameters(function: Callable[..., Any]) -> frozenset[str]:
    try:
        return frozenset(inspect.signature(function).parameters)
    except ValueError:  # functions written in C do not always tell
        return frozenset()
