"""A port of our own: open for a while, for our AE title only, with TLS where it is declared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from pynetdicom.presentation import PresentationContext

from engine.errors import NetworkError
from engine.network.association import Handler, application_entity, bounded
from engine.network.nodes import Local
from engine.network.tls import server_context


@contextmanager
def listening(
    local: Local,
    contexts: Sequence[PresentationContext],
    handlers: Sequence[Handler],
    *,
    timeout: float,
    most: int = 10,
) -> Iterator[None]:
    """Listen at the address of `local` until the block ends.

    Parameters
    ----------
    contexts : sequence of PresentationContext
        What is taken.
    timeout : float
        Seconds after which a silent peer is cut off.
    most : int
        Associations at a time; more are rejected.

    Raises
    ------
    NetworkError
        ``PORT_TAKEN``.
    UsageError
        ``TLS_FILES``.
    """
    entity = application_entity(local, timeout)
    entity.supported_contexts = list(contexts)
    entity.require_called_aet = True
    entity.maximum_associations = most
    tls = server_context(local.tls) if local.tls is not None else None
    try:
        entity.start_server(
            (local.host, local.port), block=False, ssl_context=tls, evt_handlers=[*bounded(timeout), *handlers]
        )
    except OSError as error:
        raise NetworkError(
            "PORT_TAKEN",
            f"the port {local.port} of {local.host} cannot be opened ({error.strerror or error})",
            "choose another port under [local] in the file of nodes",
        ) from error
    try:
        yield
    finally:
        entity.shutdown()
