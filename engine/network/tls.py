"""TLS of a connection: the peer's certificate is always checked, and its name too."""

from __future__ import annotations

import ssl

from engine.errors import UsageError
from engine.network.nodes import TLS


def client_context(tls: TLS) -> ssl.SSLContext:
    """Return the settings of a connection that this program opens (TLS 1.2 or newer, BCP 195).

    Raises
    ------
    UsageError
        ``TLS_FILES`` when certificate, key or authority cannot be read or do not fit together.
    """
    try:
        context = ssl.create_default_context(cafile=tls.ca or None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if tls.certificate:
            context.load_cert_chain(tls.certificate, tls.key)
    except (OSError, ValueError) as error:
        raise _refusal(error) from error
    return context


def server_context(tls: TLS) -> ssl.SSLContext:
    """Return the settings of a port that this program opens; with `ca` only peers that it vouches for may connect.

    Raises
    ------
    UsageError
        ``TLS_FILES``.
    """
    try:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=tls.ca or None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(tls.certificate, tls.key)
        if tls.ca:
            context.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ValueError) as error:
        raise _refusal(error) from error
    return context


def _refusal(error: Exception) -> UsageError:
    reason = getattr(error, "strerror", None) or type(error).__name__
    return UsageError(
        "TLS_FILES",
        f"certificate, key or authority of the connection cannot be used ({reason})",
        "each is a PEM file; the key is the certificate's and has no password",
    )
