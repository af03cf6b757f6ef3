"""What a peer sends is not to be trusted: sizes, forms and silence have limits."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from engine.errors import NetworkError
from engine.network import dicomweb, http
from engine.network.find import echo
from engine.network.multipart import Parts, boundary_of
from engine.network.nodes import DimseNode, Local, WebNode
from engine.network.query import Query
from engine.network.retrieve import wanted
from tests.engine.network.orthanc import free_port
from tests.engine.pictures import write_dicom


@contextmanager
def listening(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """A port on which one connection is talked to."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                talk(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        thread.join(10)


def code_of_echo(talk: Callable[[socket.socket], None]) -> str:
    with listening(talk) as port:
        node = DimseNode(kind="dimse", host="127.0.0.1", port=port, ae_title="BAD", timeout=1.0)
        with pytest.raises(NetworkError) as caught:
            echo(node, Local())
    return caught.value.code


def test_a_unit_that_announces_gigabytes_is_not_waited_for() -> None:
    sent = [0]

    def talk(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(struct.pack(">BBL", 2, 0, 0xFFFFFFF0))
        try:
            for _ in range(256):
                connection.sendall(b"\0" * (1 << 20))
                sent[0] += 1
        except OSError:
            return

    assert code_of_echo(talk) == "NODE_UNREACHABLE"
    assert sent[0] < 64


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.0 400 Bad Request\r\n\r\n", struct.pack(">BBL", 2, 0, 100) + b"x" * 50]
)
def test_silence_and_nonsense_end_the_association(answer: bytes) -> None:
    gone = threading.Event()

    def talk(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(answer)
        gone.wait(3)

    assert code_of_echo(talk) == "NODE_UNREACHABLE"
    gone.set()


@contextmanager
def web(status: int, kind: str, body: bytes) -> Iterator[WebNode]:
    """A web server that gives the same answer to everything."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Location", "http://127.0.0.1:1/")
            self.end_headers()
            try:
                self.wfile.write(body)
            except OSError:
                return

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", free_port()), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield WebNode(kind="dicomweb", url=f"http://127.0.0.1:{server.server_port}", timeout=5.0)
    finally:
        server.shutdown()
        server.server_close()


STUDY = {"0020000D": {"vr": "UI", "Value": ["1.2.3"]}}


def test_answers_to_a_web_query(monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(status: int, body: bytes) -> str | list[str]:
        with web(status, "application/dicom+json", body) as node:
            try:
                return [match["StudyInstanceUID"] for match in dicomweb.search("web", node, Query(limit=5))]
            except NetworkError as error:
                return error.code

    assert ask(200, json.dumps([STUDY] * 5).encode()) == ["1.2.3"]
    assert ask(200, json.dumps([{"0020000D": {"vr": "UI", "Value": ["../../etc"]}}, 7, {}]).encode()) == []
    assert ask(200, json.dumps([STUDY | {"00100010": {"vr": "SQ", "Value": "x"}}]).encode()) == ["1.2.3"]
    assert ask(200, b"[" * 100_000) == "NODE_ANSWER"
    assert ask(200, b"<html>") == "NODE_ANSWER"
    assert ask(302, b"") == "NODE_ANSWER"
    assert ask(403, b"") == "NODE_AUTH"
    monkeypatch.setattr(http, "MAX_JSON_BYTES", 1000)
    assert ask(200, b" " * 2000) == "NODE_TOO_MUCH"


def test_web_retrievals_write_objects_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uid = write_dicom(tmp_path / "a.dcm")
    good = (tmp_path / "a.dcm").read_bytes()
    kind = 'multipart/related; type="application/dicom"; boundary=b'

    def part(content: bytes) -> bytes:
        return b"\r\n--b\r\nContent-Type: application/dicom\r\n\r\n" + content

    def fetch(body: bytes, content_type: str = kind) -> tuple[int, int] | str:
        with web(200, content_type, body) as node:
            try:
                got = dicomweb.fetch("web", node, wanted("1.2.3"), tmp_path / "out")
            except NetworkError as error:
                return error.code
            return len(got.paths), got.failed

    assert fetch(part(good) + part(b"no object") + b"\r\n--b--") == (1, 1)
    assert [path.name for path in (tmp_path / "out").iterdir()] == [f"{uid}.dcm"]
    assert (tmp_path / "out" / f"{uid}.dcm").read_bytes() == good
    assert fetch(part(good)) == "NODE_ANSWER"
    assert fetch(b"\r\n--b\r\n" + b"X: y\r\n" * 10_000) == "NODE_ANSWER"
    assert fetch(b"{}", "application/json") == "NODE_ANSWER"
    monkeypatch.setattr(dicomweb, "MAX_OBJECT_BYTES", 1000)
    assert fetch(part(good) + b"\r\n--b--") == "NODE_TOO_MUCH"
    assert [path.name for path in (tmp_path / "out").iterdir()] == [f"{uid}.dcm"]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_parts_are_found_however_the_body_is_cut(size: int) -> None:
    body = b"preamble\r\n--b!\r\nA: 1\r\n\r\none\r\n--b?\r\n--b!\r\n\r\n\r\n--b!\r\nB: 2\r\n\r\n\r\n\r\n--b!--\r\nrest"
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    boundary = boundary_of('multipart/related; boundary="b!"')
    assert [b"".join(part) for part in Parts(pieces, boundary)] == [b"one\r\n--b?", b"", b"\r\n"]
