"""A connection to PostgreSQL that is opened again after it was lost, with growing pauses."""

from __future__ import annotations

import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any, Protocol

from engine.errors import QueueLost, ServiceError, UsageError
from engine.network.tls import client_context
from engine.service.database_address import DatabaseAddress

TIMEOUT_S = 30.0
"""Without an answer of the server."""

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 30.0
_SETTINGS = {
    # A step is durable before it is acted upon, whatever the server's default.
    "synchronous_commit": "on",
    # Locks of a node that vanished in the middle of a step.
    "idle_in_transaction_session_timeout": "60s",
}
_REFUSALS = ("28", "3D", "3F", "42501")
"""SQLSTATE of what no waiting mends: who we are, no such database or schema, no permission."""

_PASSING = ("08", "25P03", "40", "53", "57P")
"""SQLSTATE of what passes: connection, idle too long, deadlock, resources, start and stop of the server."""


class Session(Protocol):
    """What a transaction may do."""

    row_count: int

    def run(self, sql: str, **values: Any) -> list[list[Any]]:
        """Run a statement with ``:name`` for its values."""


class Link:
    """One connection, used by one thread at a time; a step that fails closes it, by which the server undoes the step.

    Parameters
    ----------
    address : DatabaseAddress
    password : str or None
    name : str
        What the server's administrator sees.

    Raises
    ------
    UsageError
        ``QUEUE_NO_DRIVER``.
    NetworkError
        ``TLS_FILES``.
    """

    def __init__(self, address: DatabaseAddress, password: str | None, name: str) -> None:
        try:
            self._driver: Any = import_module("pg8000.native")  # an extra
        except ModuleNotFoundError as error:
            raise UsageError(
                "QUEUE_NO_DRIVER",
                "a queue in PostgreSQL needs the library pg8000, which is not installed",
                "install it with: pip install 'saerad-workstation[postgres]'",
            ) from error
        self._address, self._lock = address, threading.RLock()
        self._connection: Any = None
        self._options: dict[str, Any] = {
            "user": address.user,
            "host": address.host,
            "port": address.port,
            "database": address.database,
            "password": password,
            "timeout": TIMEOUT_S,
            "ssl_context": client_context(address.tls) if address.tls is not None else False,
            "application_name": name,
            "startup_params": _SETTINGS,
        }
        self._pause, self._again = _FIRST_PAUSE_S, 0.0

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Do several statements as one step, durable when the block has ended.

        Raises
        ------
        QueueLost
            ``QUEUE_LOST``: the step was not done, or was done and its confirmation was lost.
        ServiceError
            ``QUEUE_REFUSED``, ``QUEUE_UNUSABLE``.
        """
        with self._lock, self._told():
            session = self._connected()
            try:
                session.run("START TRANSACTION")
                yield session
                session.run("COMMIT")
            except BaseException:
                self._drop()
                raise

    def run(self, sql: str, **values: Any) -> list[list[Any]]:
        """Do one statement; raises as `transaction`."""
        with self._lock, self._told():
            session = self._connected()
            try:
                return session.run(sql, **values)
            except BaseException:
                self._drop()
                raise

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._drop()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except self._driver.DatabaseError as error:
            raise self._error(error) from error
        except (self._driver.InterfaceError, OSError, struct.error) as error:
            raise self._lost(str(error.__cause__ or error)) from error

    def _connected(self) -> Session:
        if self._connection is None:
            if time.monotonic() < self._again:
                raise self._lost("it is tried again in a while")
            self._again = time.monotonic() + self._pause
            self._pause = min(2 * self._pause, _LONGEST_PAUSE_S)
            self._connection = self._driver.Connection(**self._options)
            self._pause, self._again = _FIRST_PAUSE_S, 0.0
        session: Session = self._connection
        return session

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(self._driver.InterfaceError, OSError):  # where it was lost already
                connection.close()

    def _lost(self, reason: str) -> QueueLost:
        return QueueLost(
            "QUEUE_LOST",
            f"the queue's database {self._address} cannot be used now ({reason})",
            "is the server running?",
        )

    def _error(self, error: Exception) -> ServiceError:
        told = error.args[0] if error.args and isinstance(error.args[0], dict) else {}
        state, text = str(told.get("C", "")), str(told.get("M", error))
        if state.startswith(_PASSING):
            return self._lost(text)
        if state.startswith(_REFUSALS):
            return ServiceError(
                "QUEUE_REFUSED",
                f"the queue's database {self._address} does not let us in ({text})",
                "check user, password and permissions; see docs/several-machines.md",
            )
        return ServiceError(
            "QUEUE_UNUSABLE", f"the queue in the database {self._address} cannot be used ({text})", "ask who runs it"
        )
