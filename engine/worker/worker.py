"""A child process that does tasks one after another, kept warm, and replaced when it dies."""

from __future__ import annotations

import itertools
import logging
import multiprocessing
import pickle
import queue
import threading
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Any

from engine import errors
from engine.errors import Cancelled, SaeRadError, WorkerError
from engine.worker.child import Cancel, Failure, Progress, Ready, Request, Result, main
from engine.worker.job import Job, ProgressCallback
from engine.worker.transport import receive_data, send

logger = logging.getLogger(__name__)

DEFAULT_MEMORY_BYTES = 6 << 30
DEFAULT_TIME_LIMIT_S = 120.0
_START_LIMIT_S = 120.0
_CANCEL_GRACE_S = 1.0
# How often a running task is looked at for cancellation and time; its messages are taken at once.
_TICK_S = 0.05


class Worker:
    """Runs functions of the engine in a child process.

    Parameters
    ----------
    memory_bytes : int or None
        Address space of the child (Linux); None for no limit.
    time_limit_s : float
        Wall-clock limit of a task, unless `submit` says another.
    preload : sequence of str
        Modules that the child imports when it starts.
    name : str
        For logs and process lists.

    Notes
    -----
    Thread-safe. The child is started by `warm_up` or the first task, and again after a crash, time-out or forced
    cancellation; tasks that wait are not affected by that.
    """

    def __init__(
        self,
        *,
        memory_bytes: int | None = DEFAULT_MEMORY_BYTES,
        time_limit_s: float = DEFAULT_TIME_LIMIT_S,
        preload: Sequence[str] = (),
        name: str = "saerad-worker",
    ) -> None:
        self._memory_bytes = memory_bytes
        self._time_limit_s = time_limit_s
        self._preload = tuple(preload)
        self._name = name
        self._numbers = itertools.count(1)
        self._jobs: queue.SimpleQueue[Job[Any] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._process: BaseProcess | None = None
        self._connection: Connection | None = None

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def submit(
        self,
        function: str,
        *args: Any,
        progress: ProgressCallback | None = None,
        time_limit_s: float | None = None,
        **kwargs: Any,
    ) -> Job[Any]:
        """Queue a call of ``package.module:function`` and return its handle at once.

        Parameters
        ----------
        function : str
            If it has parameters named ``progress`` or ``cancelled`` it is given ``progress(stage, fraction)`` and
            ``cancelled() -> bool``. It may return plain values, arrays and the engine's data classes.
        progress : callable, optional
            Called with stage and fraction, in this worker's thread.
        time_limit_s : float, optional

        Raises
        ------
        WorkerError
            ``WORKER_CLOSED`` after `close`.
        """
        request = Request(next(self._numbers), function, args, kwargs)
        job: Job[Any] = Job(request, self._time_limit_s if time_limit_s is None else time_limit_s, progress)
        with self._lock:
            if self._closed:
                raise _closed()
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name=self._name, daemon=True)
                self._thread.start()
            self._jobs.put(job)
        return job

    def warm_up(self) -> Job[Any]:
        """Start the child now, so that the first task finds it ready."""
        return self.submit("engine.worker.child:ready")

    def close(self) -> None:
        """End the child and its thread; tasks that wait end with ``WORKER_CLOSED``, a running one is stopped."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            thread = self._thread
            self._jobs.put(None)
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _serve(self) -> None:
        while (job := self._jobs.get()) is not None:
            if self._closed:
                job.settle(error=_closed())
            elif job.start():
                self._do(job)
        self._stop_child()

    def _do(self, job: Job[Any]) -> None:
        """Do one task and settle it whatever happens: nobody may wait for ever."""
        try:
            value = self._execute(job)
        except SaeRadError as error:
            job.settle(error=error)
        except Exception as error:  # such as a progress callback that fails: the caller's fault, told to the caller
            logger.exception("task %s could not be carried out", job.request.function)
            self._stop_child()
            job.settle(error=error)
        else:
            job.settle(value)

    def _execute(self, job: Job[Any]) -> Any:
        connection = self._child()
        try:
            send(connection, job.request)
            return self._follow(job, connection)
        except (EOFError, OSError) as error:
            raise self._crash() from error
        except pickle.UnpicklingError as error:
            self._stop_child()
            raise WorkerError(
                "WORKER_BAD_RESULT",
                "the worker process gave back something that is not data",
                "the file it worked on is not to be trusted",
            ) from error

    def _follow(self, job: Job[Any], connection: Connection) -> Any:
        """Take the child's messages until the result, watching the clock and the wish to cancel."""
        deadline = time.monotonic() + job.time_limit_s
        killed_at: float | None = None
        while True:
            if connection.poll(_TICK_S):
                message = receive_data(connection)
                if isinstance(message, Result):
                    return message.value
                if isinstance(message, Failure):
                    raise _error(message)
                if isinstance(message, Progress) and job.progress is not None:
                    job.progress(message.stage, message.fraction)
            now = time.monotonic()
            if (job.cancel_requested or self._closed) and killed_at is None:
                send(connection, Cancel(job.request.number))
                killed_at = now + (0.0 if self._closed else _CANCEL_GRACE_S)
            if killed_at is not None and now >= killed_at:
                self._stop_child()
                raise _closed() if self._closed else Cancelled()
            if now >= deadline:
                self._stop_child()
                raise WorkerError(
                    "WORKER_TIMEOUT",
                    f"the task took longer than {job.time_limit_s:g} s and was stopped",
                    "the file may be damaged; try again when the computer is less busy",
                )

    def _child(self) -> Connection:
        """Return the pipe to a living child, started if need be."""
        if self._process is not None and self._connection is not None:
            if self._process.is_alive():
                return self._connection
            self._stop_child()
        context = multiprocessing.get_context("spawn")
        here, there = context.Pipe(duplex=True)
        process = context.Process(
            target=main, args=(there, self._memory_bytes, self._preload), name=self._name, daemon=True
        )
        try:
            process.start()
            there.close()
            self._process, self._connection = process, here
            deadline = time.monotonic() + _START_LIMIT_S
            while time.monotonic() < deadline and not self._closed:
                if here.poll(_TICK_S) and isinstance(receive_data(here), Ready):
                    return here
        except (EOFError, OSError) as error:
            there.close()
            here.close()
            self._stop_child()
            raise _not_started() from error
        self._stop_child()
        raise _closed() if self._closed else _not_started()

    def _crash(self) -> WorkerError:
        process = self._process
        if process is not None:
            process.join(_CANCEL_GRACE_S)
        status = None if process is None else process.exitcode
        self._stop_child()
        how = f"signal {-status}" if status is not None and status < 0 else f"status {status}"
        return WorkerError(
            "WORKER_CRASHED",
            f"the process working on the task crashed ({how})",
            "the program goes on; the file is probably damaged or not to be trusted",
        )

    def _stop_child(self) -> None:
        if self._connection is not None:
            self._connection.close()
        if self._process is not None and self._process.pid is not None:
            self._process.kill()
            self._process.join()
            self._process.close()
        self._process = self._connection = None


def _closed() -> WorkerError:
    return WorkerError("WORKER_CLOSED", "the worker was closed before the task was done", "")


def _not_started() -> WorkerError:
    return WorkerError(
        "WORKER_NOT_STARTED", "the process that does the work could not be started", "see `saerad doctor`"
    )


def _error(failure: Failure) -> SaeRadError:
    """Return the child's exception as it was raised there."""
    kind = getattr(errors, failure.error_class, WorkerError)
    if kind is Cancelled:
        return Cancelled()
    error: SaeRadError = kind(failure.code, failure.message, failure.hint)
    if failure.traceback:
        error.add_note(f"In the worker process:\n{failure.traceback}")
    return error
