"""The same questions to a node of either kind."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from engine.errors import NetworkError
from engine.network import commitment, dicomweb, find, retrieve, store
from engine.network.find import Cancel
from engine.network.nodes import DimseNode, Nodes
from engine.network.query import Match, Query
from engine.network.retrieve import Counted, Retrieved
from engine.network.store import Outgoing, Sent, Told


class Peer:
    """A declared node; every method opens its own connection, and may be called from any thread.

    Parameters
    ----------
    nodes : Nodes
    name : str

    Raises
    ------
    UsageError
        ``NODE_UNKNOWN``.
    """

    def __init__(self, nodes: Nodes, name: str) -> None:
        self.name, self.node, self._local = name, nodes.find(name), nodes.local

    def echo(self) -> None:
        """Ask whether the node is there and lets us in; raises `NetworkError`."""
        if isinstance(self.node, DimseNode):
            find.echo(self.node, self._local)
        else:
            dicomweb.search(self.name, self.node, Query(limit=1))

    def find(self, query: Query, cancelled: Cancel | None = None) -> list[Match]:
        """Return what the node has; see `engine.network.find.find`."""
        if isinstance(self.node, DimseNode):
            return find.find(self.node, self._local, query, cancelled)
        return dicomweb.search(self.name, self.node, query, cancelled)

    def retrieve(
        self,
        folder: Path,
        study: str,
        series: str = "",
        image: str = "",
        *,
        progress: Counted | None = None,
        cancelled: Cancel | None = None,
    ) -> Retrieved:
        """Fetch a study, a series or an image; see `engine.network.retrieve.retrieve`."""
        asked = retrieve.wanted(study, series, image)
        if isinstance(self.node, DimseNode):
            return retrieve.retrieve(self.node, self._local, asked, folder, progress=progress, cancelled=cancelled)
        return dicomweb.fetch(self.name, self.node, asked, folder, progress=progress, cancelled=cancelled)

    def send(
        self,
        files: Sequence[Outgoing],
        told: Told | None = None,
        cancelled: Cancel | None = None,
        *,
        retries: int = 3,
    ) -> list[Sent]:
        """Send files; see `engine.network.store.store`."""
        if isinstance(self.node, DimseNode):
            return store.store(self.node, self._local, files, told, cancelled, retries=retries)
        return dicomweb.upload(self.name, self.node, files, told, cancelled, retries=retries, pause=_pause)

    def commit(self, files: Sequence[Outgoing], wait: float, cancelled: Cancel | None = None) -> list[Sent]:
        """Ask the node to keep what it was sent; see `engine.network.commitment.commit`."""
        if isinstance(self.node, DimseNode):
            return commitment.commit(self.node, self._local, files, wait, cancelled)
        raise NetworkError("NODE_UNSUPPORTED", "DICOMweb knows no storage commitment", "send without --commit")


def _pause(number: int) -> None:
    time.sleep(store.PAUSE_S * 2**number)
