"""Read and write ``multipart/related`` (RFC 2387, PS3.18 8.6.1.2) piece by piece, never a whole body in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from email.message import Message

from engine.errors import NetworkError
from engine.network.limits import MAX_PART_HEADER_BYTES

_MAX_BOUNDARY = 200


def boundary_of(content_type: str) -> bytes:
    """Return the boundary that a Content-Type names.

    Raises
    ------
    NetworkError
        ``NODE_ANSWER``.
    """
    header = Message()
    header["Content-Type"] = content_type
    boundary = header.get_param("boundary")
    kind = header.get_content_type()
    if kind != "multipart/related" or not isinstance(boundary, str) or not 0 < len(boundary) <= _MAX_BOUNDARY:
        raise _malformed("it is no multipart/related")
    return boundary.encode("latin-1", errors="replace")


class Parts:
    """Iterates over the parts of a body; each is an iterator of bytes that must be read before the next one is taken.

    Parameters
    ----------
    pieces : iterable of bytes
        The body, in pieces of any size.
    boundary : bytes
    """

    def __init__(self, pieces: Iterable[bytes], boundary: bytes) -> None:
        self._pieces = iter(pieces)
        self._delimiter = b"\r\n--" + boundary
        # The first delimiter may stand at the very beginning.
        self._buffer = bytearray(b"\r\n")

    def __iter__(self) -> Iterator[Iterator[bytes]]:
        for _ in self._until_delimiter():
            pass  # what precedes the first part says nothing
        while not self._is_last():
            self._skip_header()
            yield self._until_delimiter()

    def _more(self) -> None:
        piece = next(self._pieces, None)
        if piece is None:
            raise _malformed("it ends in the middle of a part")
        self._buffer += piece

    def _until_delimiter(self) -> Iterator[bytes]:
        """Yield what precedes the next delimiter, and take that away too."""
        while True:
            found = self._buffer.find(self._delimiter)
            if found >= 0:
                yield bytes(self._buffer[:found])
                del self._buffer[: found + len(self._delimiter)]
                return
            # The delimiter may be cut by the end of what has come so far.
            sure = len(self._buffer) - len(self._delimiter) + 1
            if sure > 0:
                yield bytes(self._buffer[:sure])
                del self._buffer[:sure]
            self._more()

    def _is_last(self) -> bool:
        while len(self._buffer) < 2:
            self._more()
        return self._buffer[:2] == b"--"

    def _skip_header(self) -> None:
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            if len(self._buffer) > MAX_PART_HEADER_BYTES:
                raise _malformed("a part's header is too long")
            self._more()
        del self._buffer[: end + 4]


def _malformed(what: str) -> NetworkError:
    return NetworkError(
        "NODE_ANSWER", f"the node's answer cannot be read: {what}", "try again, or ask who runs the node"
    )
