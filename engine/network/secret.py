"""Passwords and tokens of nodes, which only the system's keyring holds."""

from __future__ import annotations

import keyring
from keyring.errors import KeyringError

from engine.errors import NetworkError

_SERVICE = "saerad node"


def has_secret(node: str) -> bool:
    """Whether the keyring holds a secret of a node.

    Raises
    ------
    NetworkError
        ``KEYRING``.
    """
    return bool(_found(node))


def read_secret(node: str) -> str:
    """Return the secret of a node.

    Raises
    ------
    NetworkError
        ``SECRET_MISSING``, ``KEYRING``.
    """
    found = _found(node)
    if not found:
        raise NetworkError(
            "SECRET_MISSING",
            f"the system's keyring holds no secret for the node {node}",
            f"store it with: saerad query {node} --set-secret",
        )
    return found


def store_secret(node: str, secret: str) -> None:
    """Keep the secret of a node in the keyring.

    Raises
    ------
    NetworkError
        ``KEYRING``.
    """
    try:
        keyring.set_password(_SERVICE, node, secret)
    except KeyringError as error:
        raise _unusable(error) from error


def remove_secret(node: str) -> None:
    """Take the secret of a node out of the keyring, if it is there.

    Raises
    ------
    NetworkError
        ``KEYRING``.
    """
    if not has_secret(node):
        return
    try:
        keyring.delete_password(_SERVICE, node)
    except KeyringError as error:
        raise _unusable(error) from error


def _found(node: str) -> str | None:
    try:
        return keyring.get_password(_SERVICE, node)
    except KeyringError as error:
        raise _unusable(error) from error


def _unusable(error: KeyringError) -> NetworkError:
    return NetworkError(
        "KEYRING",
        f"the system's keyring cannot be used ({type(error).__name__})",
        "unlock it, or install one (Secret Service on Linux); secrets are kept nowhere else",
    )
