"""HTTP to one DICOMweb node: authentication, TLS, time and size limits, and its failures in plain words."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import requests
from requests.auth import HTTPBasicAuth

from engine.errors import NetworkError
from engine.network.limits import MAX_JSON_BYTES
from engine.network.nodes import TLS, WebNode
from engine.network.secret import read_secret
from engine.network.tls import client_context

CHUNK = 1 << 16
_MAX_ANSWER_S = 3600.0


class _Bearer(requests.auth.AuthBase):
    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Web:
    """A session with a node.

    The environment's proxies and ``.netrc`` are not used, redirects not followed: the secret goes to the node that was
    declared and nowhere else.

    Raises
    ------
    NetworkError
        ``SECRET_MISSING``, ``KEYRING``.
    UsageError
        ``TLS_FILES``.
    """

    def __init__(self, name: str, node: WebNode) -> None:
        self.node = node
        self._session = requests.Session()
        self._session.trust_env = False
        tls = node.tls or TLS()
        if node.url.startswith("https:"):
            client_context(tls)  # says what is wrong with the files; the library's own message would not
        self._session.verify = tls.ca or True
        self._session.cert = (tls.certificate, tls.key) if tls.certificate else None
        if node.auth == "basic":
            self._session.auth = HTTPBasicAuth(node.user.encode(), read_secret(name).encode())
        elif node.auth == "bearer":
            self._session.auth = _Bearer(read_secret(name))

    def __enter__(self) -> Web:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    @contextmanager
    def ask(
        self, method: str, path: str, accept: str, *, parameters: Mapping[str, str] | None = None, **more: Any
    ) -> Iterator[requests.Response]:
        """Send a request and hand out the answer, whose body is not yet read.

        Raises
        ------
        NetworkError
            ``NODE_UNREACHABLE``, ``NODE_TLS``, ``NODE_LOST``, ``NODE_AUTH``, ``NODE_ANSWER``.
        """
        headers = {"Accept": accept, "Accept-Encoding": "identity", **more.pop("headers", {})}
        url = f"{self.node.url.rstrip('/')}/{path}"
        try:
            with self._session.request(
                method, url, params=parameters, headers=headers, stream=True, allow_redirects=False,
                timeout=self.node.timeout, **more,
            ) as response:  # fmt: skip
                self._check(response)
                yield response
        except requests.exceptions.SSLError as error:
            raise NetworkError(
                "NODE_TLS",
                f"no trusted TLS connection to {self.node.url}",
                "check the authority (ca), the node's certificate and its host name",
            ) from error
        except requests.exceptions.ConnectionError as error:
            raise NetworkError(
                "NODE_UNREACHABLE", f"{self.node.url} cannot be reached", "check the URL and the network"
            ) from error
        except requests.exceptions.RequestException as error:
            raise NetworkError(
                "NODE_LOST",
                f"{self.node.url} ended the connection or did not answer in {self.node.timeout:g} s",
                "try again",
            ) from error

    def _check(self, response: requests.Response) -> None:
        status = response.status_code
        if status in (401, 403):
            raise NetworkError(
                "NODE_AUTH", f"{self.node.url} refuses us (HTTP {status})", "check auth, user and the stored secret"
            )
        # 409 of a STOW-RS says which objects were refused; 404 of a retrieval that there are none.
        if status not in (200, 202, 204, 206, 409):
            raise NetworkError("NODE_ANSWER", f"{self.node.url} answers HTTP {status}", "check the URL of the node")


def body(response: requests.Response, limit: int) -> Iterator[bytes]:
    """Yield the body in pieces, of at most `limit` bytes together.

    Raises
    ------
    NetworkError
        ``NODE_TOO_MUCH``.
    """
    taken, end = 0, time.monotonic() + _MAX_ANSWER_S
    for piece in response.iter_content(CHUNK):
        taken += len(piece)
        if taken > limit or time.monotonic() > end:
            raise NetworkError("NODE_TOO_MUCH", "the node sends more than is taken", "ask for less at a time")
        yield piece


def json_body(response: requests.Response) -> Any:
    """Return the body as JSON.

    Raises
    ------
    NetworkError
        ``NODE_TOO_MUCH``, ``NODE_ANSWER``.
    """
    content = b"".join(body(response, MAX_JSON_BYTES))
    try:
        return json.loads(content) if content.strip() else None
    except (ValueError, RecursionError) as error:
        raise NetworkError("NODE_ANSWER", "the node's answer is no JSON", "check the URL of the node") from error
