"""The queue of a service: its own in SQLite, or the one that it shares with other nodes in PostgreSQL."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from engine.service.database_address import DatabaseAddress, read_password
from engine.service.postgres_link import Link
from engine.service.postgres_node import PostgresNode
from engine.service.postgres_queue import PostgresQueue
from engine.service.queue import Queue
from engine.service.sqlite_queue import SQLiteQueue, own


@dataclass(frozen=True)
class SharedQueue:
    """What a node says of itself and where.

    Attributes
    ----------
    address : DatabaseAddress
    name : str
        The node's, for people.
    lease : float
        Seconds without a sign of life after which others take its job up.
    """

    address: DatabaseAddress
    name: str
    lease: float = 120.0


def open_queue(folder: Path, pack: str, shared: SharedQueue | None) -> Queue:
    """Open the queue for a pack; `folder` is this process's own in either case.

    Raises
    ------
    ServiceError
        ``QUEUE_IN_USE``, ``QUEUE_UNUSABLE``; of a shared one ``QUEUE_LOST``, ``QUEUE_REFUSED``, ``QUEUE_PACK``,
        ``QUEUE_NEWER``.
    UsageError
        ``QUEUE_PASSFILE``, ``QUEUE_NO_DRIVER``, ``TLS_FILES``.
    """
    if shared is None:
        return SQLiteQueue(folder, pack)
    password = read_password(shared.address)
    with ExitStack() as opened:
        owner = own(folder)
        opened.callback(owner.close)
        link = Link(shared.address, password, f"saerad serve {shared.name}")
        opened.callback(link.close)
        beats = Link(shared.address, password, f"saerad serve {shared.name} (beats)")
        opened.callback(beats.close)
        node = PostgresNode(beats, shared.name, pack, shared.lease)
        opened.pop_all()
    return PostgresQueue(owner, link, node, pack)
