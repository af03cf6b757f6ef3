"""One association with a node: limits, timeouts, TLS, and the failures of a network in plain words."""

from __future__ import annotations

import contextlib
import logging
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pydicom.uid import UID
from pynetdicom import AE, _config, evt
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext
from pynetdicom.transport import AssociationSocket

from engine.errors import NetworkError
from engine.network.limits import MAX_OBJECT_BYTES, MAX_PDU_BYTES, OFFERED_PDU_BYTES
from engine.network.nodes import DimseNode, Local
from engine.network.tls import client_context

Handler = tuple[evt.EventType, Callable[..., Any]] | tuple[evt.EventType, Callable[..., Any], list[Any]]
IMPLEMENTATION = UID("2.25.290811735209823817362018456723019384756")

# Their logs quote identifiers and file names; what went wrong is told by our own errors.
for _name in ("pynetdicom", "pydicom"):
    logging.getLogger(_name).setLevel(logging.CRITICAL + 1)
_config.LOG_RESPONSE_IDENTIFIERS = _config.LOG_REQUEST_IDENTIFIERS = False


def _close(connection: AssociationSocket | None) -> None:
    """Close a socket also when it cannot be shut down since the peer has gone; the library would leave it open then."""
    opened = connection.socket if connection is not None else None
    if opened is not None:
        with contextlib.suppress(OSError):
            opened.shutdown(socket.SHUT_RDWR)
        opened.close()


AssociationSocket._shutdown_socket = _close  # type: ignore[method-assign,assignment]


def application_entity(local: Local, timeout: float) -> AE:
    """Return this program as an application entity that waits no longer than `timeout` seconds for anything."""
    entity = AE(ae_title=local.ae_title)
    entity.connection_timeout = entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = timeout
    entity.maximum_pdu_size = OFFERED_PDU_BYTES
    entity.implementation_class_uid = IMPLEMENTATION
    entity.implementation_version_name = "SAERAD"
    return entity


def bounded(timeout: float) -> list[Handler]:
    """Return the handlers that cut a peer off that sends too long a unit or object, or stops in the middle."""
    return [(evt.EVT_CONN_OPEN, _bound, [timeout]), (evt.EVT_DIMSE_RECV, _restart)]


def _bound(event: evt.Event, timeout: float) -> None:
    connection: Any = event.assoc.dul.socket
    connection.socket.settimeout(timeout)
    receive, taken = connection.recv, [0]
    event.assoc.saerad_taken = taken  # type: ignore[attr-defined]

    def limited(size: int) -> bytearray:
        taken[0] += size
        if size > MAX_PDU_BYTES or taken[0] > MAX_OBJECT_BYTES:
            raise OSError("the peer sends more than is taken")
        data: bytearray = receive(size)
        return data

    connection.recv = limited


def _restart(event: evt.Event) -> None:
    """A whole message has come: the next one has its own allowance."""
    event.assoc.saerad_taken[0] = 0  # type: ignore[attr-defined]


@contextmanager
def associated(
    node: DimseNode,
    local: Local,
    contexts: Sequence[PresentationContext],
    *,
    roles: Sequence[Any] = (),
    handlers: Sequence[Handler] = (),
) -> Iterator[Association]:
    """Open an association; it is released at the end, aborted after an error.

    Parameters
    ----------
    contexts : sequence of PresentationContext
        At most 128.
    roles : sequence of SCP_SCU_RoleSelectionNegotiation
        Of what this program takes on the association itself (C-GET).

    Raises
    ------
    NetworkError
        ``NODE_UNREACHABLE``, ``NODE_TLS``, ``NODE_REJECTED``, ``NODE_UNSUPPORTED``.
    UsageError
        ``TLS_FILES``.
    """
    tls = (client_context(node.tls), node.host) if node.tls is not None else None
    address = _address(node)
    entity = application_entity(local, node.timeout)
    try:
        association = entity.associate(
            address,
            node.port,
            contexts=list(contexts),
            ae_title=node.ae_title,
            max_pdu=OFFERED_PDU_BYTES,
            ext_neg=list(roles),
            tls_args=tls,
            evt_handlers=[*bounded(node.timeout), *handlers],
        )
    except (OSError, RuntimeError) as error:
        raise unreachable(node, str(error)) from error
    if not association.is_established:
        _close(association.dul.socket)
        raise _refused(node, association)
    try:
        yield association
    except BaseException:
        association.abort()
        raise
    if association.is_established:
        association.release()


def _address(node: DimseNode) -> str:
    try:
        found = socket.getaddrinfo(node.host, node.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise unreachable(node, error.strerror or str(error)) from error
    # IPv4 first: what archives listen on.
    return str(min(found, key=lambda one: one[0] != socket.AF_INET)[4][0])


def _refused(node: DimseNode, association: Association) -> NetworkError:
    if association.is_rejected:
        answer = association.acceptor.primitive
        reason = getattr(answer, "reason_str", "") if answer is not None else ""
        return NetworkError(
            "NODE_REJECTED",
            f"{place(node)} does not accept us ({reason or 'no reason given'})",
            "check both AE titles, and that the node knows this program's",
        )
    if association.rejected_contexts:  # all of them; the library leaves then
        return NetworkError(
            "NODE_UNSUPPORTED", f"{place(node)} offers nothing of what was asked for", "ask who runs it what it offers"
        )
    if node.tls is not None and (problem := _tls_problem(node)):
        return NetworkError(
            "NODE_TLS",
            f"no trusted TLS connection to {place(node)} ({problem})",
            "check the authority (ca), the node's certificate and its host name",
        )
    return unreachable(node, "no association")


def _tls_problem(node: DimseNode) -> str:
    """Ask the port once more: the library keeps the reason of a failed TLS handshake to itself."""
    assert node.tls is not None
    try:
        with (
            socket.create_connection((node.host, node.port), node.timeout) as plain,
            client_context(node.tls).wrap_socket(plain, server_hostname=node.host),
        ):
            return ""
    except ssl.SSLError as error:
        return getattr(error, "verify_message", "") or error.reason or "handshake failed"
    except OSError:
        return ""


def unreachable(node: DimseNode, reason: str) -> NetworkError:
    """Say that a node does not answer."""
    return NetworkError(
        "NODE_UNREACHABLE",
        f"{place(node)} cannot be reached ({reason})",
        "check host, port and network, and that TLS is used on both sides or on none",
    )


def broken(node: DimseNode) -> NetworkError:
    """Say that the connection ended, or the node fell silent, in the middle."""
    return NetworkError(
        "NODE_LOST", f"{place(node)} ended the connection or did not answer in {node.timeout:g} s", "try again"
    )


def place(node: DimseNode) -> str:
    """Return how a node is called in messages."""
    return f"{node.ae_title} at {node.host}:{node.port}"
