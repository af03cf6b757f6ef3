"""TLS on both sides and both ways: our own port, and a DICOMweb archive whose authority is the hospital's."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from pynetdicom import build_context, evt

from engine.errors import NetworkError, UsageError
from engine.network import dicomweb
from engine.network.commitment import commit
from engine.network.find import echo
from engine.network.listening import listening
from engine.network.nodes import TLS, DimseNode, Local, WebNode
from engine.network.query import Query
from engine.network.store import read_outgoing, store
from tests.engine.network.orthanc import free_port, make_certificates
from tests.engine.network.test_commitment import serving
from tests.engine.pictures import write_dicom

VERIFICATION = "1.2.840.10008.1.1"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificates(tmp_path_factory.mktemp("made") / "tls")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificates(tmp_path_factory.mktemp("stranger") / "tls")


def shown(folder: Path, ca: Path | None = None) -> TLS:
    """Our certificate of a folder, trusting an authority."""
    trusted = str(ca / "ca.pem") if ca is not None else ""
    return TLS(ca=trusted, certificate=str(folder / "own.pem"), key=str(folder / "own.key"))


def outcome(port: int, tls: TLS | None) -> str:
    node = DimseNode(kind="dimse", host="localhost", port=port, ae_title="SAERAD", tls=tls, timeout=5.0)
    try:
        echo(node, Local())
    except (NetworkError, UsageError) as error:
        return error.code
    return "OK"


def test_our_port_shows_its_certificate_and_with_an_authority_asks_for_one(made: Path, stranger: Path) -> None:
    for asks in (False, True):
        local = Local(port=free_port(), tls=shown(made, made if asks else None))
        with listening(local, [build_context(VERIFICATION)], [], timeout=5.0):
            assert outcome(local.port, shown(made, made)) == "OK"
            assert outcome(local.port, shown(made, stranger)) == "NODE_TLS"
            assert outcome(local.port, None) in ("NODE_UNREACHABLE", "NODE_LOST")
            nobody, wrong = (
                outcome(local.port, TLS(ca=str(made / "ca.pem"))),
                outcome(local.port, shown(stranger, made)),
            )
            if asks:
                assert {nobody, wrong} <= {"NODE_UNREACHABLE", "NODE_TLS", "NODE_LOST"}
            else:
                assert (nobody, wrong) == ("OK", "OK")
    with pytest.raises(UsageError, match="TLS_FILES"), listening(Local(tls=TLS()), [], [], timeout=5.0):
        pass


def test_storing_and_commitment_go_over_tls_in_both_directions(made: Path, tmp_path: Path) -> None:
    """The service reports to us over TLS, too; each checks the other."""
    tls = shown(made, made)
    local = Local(port=free_port(), tls=tls)
    here = DimseNode(kind="dimse", host="localhost", port=local.port, ae_title=local.ae_title, timeout=10.0, tls=tls)
    write_dicom(tmp_path / "a.dcm")
    file = read_outgoing(tmp_path / "a.dcm")
    with serving(tmp_path / "state", {local.ae_title: here}, tls) as house:
        node = house.node.model_copy(update={"tls": tls, "host": "localhost"})
        assert [sent.code for sent in store(node, local, [file])] == ["OK"]
        assert [sent.code for sent in commit(node, local, [file], 20.0)] == ["OK"]


@contextmanager
def web_archive(made: Path, *, asks: bool) -> Iterator[int]:
    """A DICOMweb archive over https that finds nothing."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    class Quiet(HTTPServer):
        def handle_error(self, *_: object) -> None:
            """A handshake that the client ends is what is tested."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made / "node.pem", made / "node.key")
    if asks:
        context.load_verify_locations(made / "ca.pem")
        context.verify_mode = ssl.CERT_REQUIRED
    server = Quiet(("127.0.0.1", free_port()), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_dicomweb_trusts_the_authority_that_is_named_and_no_other(made: Path, stranger: Path) -> None:
    def asked(port: int, tls: TLS | None) -> str:
        node = WebNode(kind="dicomweb", url=f"https://localhost:{port}/dicom-web", tls=tls, timeout=5.0)
        try:
            assert dicomweb.search("web", node, Query()) == []
        except (NetworkError, UsageError) as error:
            return error.code
        return "OK"

    trusted = TLS(ca=str(made / "ca.pem"))
    with web_archive(made, asks=False) as port:
        assert asked(port, trusted) == "OK"
        assert asked(port, TLS(ca=str(stranger / "ca.pem"))) == "NODE_TLS"
        assert asked(port, None) == "NODE_TLS", "the system does not know this authority"
        assert asked(port, TLS(ca=str(made / "none.pem"))) == "TLS_FILES"
    with web_archive(made, asks=True) as port:
        assert asked(port, shown(made, made)) == "OK"
        assert asked(port, trusted) in ("NODE_TLS", "NODE_UNREACHABLE", "NODE_LOST")


def test_a_plain_peer_on_our_tls_port_is_told_nothing(made: Path) -> None:
    told: list[evt.Event] = []
    local = Local(port=free_port(), tls=shown(made))
    with listening(local, [build_context(VERIFICATION)], [(evt.EVT_C_ECHO, told.append)], timeout=2.0):
        assert outcome(local.port, None) != "OK" and told == []
