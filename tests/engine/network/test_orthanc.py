"""The client against a real archive: ask, fetch, send, with every kind of connection."""

from __future__ import annotations

import json
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path

import keyring
import pydicom
import pytest
from keyring.backend import KeyringBackend

from engine.cli.main import main
from engine.errors import Cancelled, NetworkError, UsageError
from engine.network import store
from engine.network.nodes import load_nodes
from engine.network.peer import Peer
from engine.network.query import Query
from engine.network.store import read_outgoing
from tests.engine.network.orthanc import PASSWORD, Orthanc, make_certificates, running
from tests.engine.pictures import write_dicom

STUDY = "1.2.826.0.1.3680043.10.1"


class Keyring(KeyringBackend):
    """A keyring in memory."""

    priority = 1.0  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.held[service, username]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    with running(tmp_path_factory.mktemp("orthanc")) as started:
        yield started


@pytest.fixture
def memory_keyring() -> Iterator[Keyring]:
    before = keyring.get_keyring()
    held = Keyring()
    held.set_password("saerad node", "web", PASSWORD)
    keyring.set_keyring(held)
    yield held
    keyring.set_keyring(before)


def study(folder: Path, name: str, count: int = 3) -> tuple[str, list[Path]]:
    """Files of one study of one series."""
    folder.mkdir(parents=True, exist_ok=True)
    uid = f"{STUDY}.{zlib.crc32(name.encode())}"
    paths = [folder / f"{name}{number}.dcm" for number in range(count)]
    for number, path in enumerate(paths):
        write_dicom(
            path, StudyInstanceUID=uid, SeriesInstanceUID=f"{uid}.1", SOPInstanceUID=f"{uid}.1.{number + 1}",
            PatientID=name, PatientName=f"Müller^{name}", StudyDate="20260102", AccessionNumber="A1",
            InstanceNumber=str(number + 1), SpecificCharacterSet="ISO_IR 192",
        )  # fmt: skip
    return uid, paths


@pytest.mark.parametrize(("node", "retrieve"), [("pacs", "get"), ("pacs", "move"), ("web", "get")])
def test_what_is_sent_is_found_and_comes_back(
    archive: Orthanc, memory_keyring: Keyring, tmp_path: Path, node: str, retrieve: str
) -> None:
    peer = Peer(load_nodes(archive.nodes(tmp_path / "nodes.toml", retrieve=retrieve)), node)
    peer.echo()
    name = f"{node}-{retrieve}"
    uid, paths = study(tmp_path / "in", name)
    told: list[store.Sent] = []
    outcomes = peer.send([read_outgoing(path) for path in paths], told.append)
    assert told == outcomes and [sent.stored for sent in outcomes] == [True] * 3
    (found,) = peer.find(Query("study", {"patient_id": name, "date": "20260101-20260131"}))
    assert (found["StudyInstanceUID"], found["PatientName"], found["AccessionNumber"]) == (uid, f"Müller^{name}", "A1")
    (series,) = peer.find(Query("series", {"study": uid}))
    images = peer.find(Query("image", {"study": uid, "series": series["SeriesInstanceUID"]}))
    assert sorted(image["InstanceNumber"] for image in images) == ["1", "2", "3"]
    assert len(peer.find(Query("image", {"study": uid, "series": series["SeriesInstanceUID"]}, limit=2))) == 2
    counts: list[tuple[int, int]] = []
    got = peer.retrieve(tmp_path / "out", uid, progress=lambda done, total: counts.append((done, total)))
    assert got.failed == 0 and len(got.paths) == 3 and counts[-1][0] == 3
    for path in paths:
        sent = pydicom.dcmread(path)
        back = pydicom.dcmread(tmp_path / "out" / f"{sent.SOPInstanceUID}.dcm")
        assert back.PixelData == sent.PixelData and back.PatientName == sent.PatientName
    one = peer.retrieve(tmp_path / "one", uid, f"{uid}.1", f"{uid}.1.2")
    assert [path.name for path in one.paths] == [f"{uid}.1.2.dcm"]
    assert peer.find(Query("study", {"patient_id": "nobody"})) == []


def test_the_commands(
    archive: Orthanc, memory_keyring: Keyring, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nodes = ["--nodes", str(archive.nodes(tmp_path / "nodes.toml"))]
    uid, _ = study(tmp_path / "in", "commands")
    (tmp_path / "in" / "notes.txt").write_text("no image", encoding="utf-8")
    assert main(["send", "pacs", str(tmp_path / "in"), "--json", *nodes]) == 0
    assert [row["code"] for row in json.loads(capsys.readouterr().out)] == ["OK"] * 3
    assert main(["send", "pacs", str(tmp_path / "in" / "notes.txt"), *nodes]) == 3
    assert "failed [NOT_SENDABLE]" in capsys.readouterr().out
    assert main(["query", "web", "--patient-id", "commands", "--json", *nodes]) == 0
    assert [row["StudyInstanceUID"] for row in json.loads(capsys.readouterr().out)] == [uid]
    assert main(["query", "pacs", "--study", uid, "--retrieve", str(tmp_path / "got"), "--json", *nodes]) == 0
    assert [row["objects"] for row in json.loads(capsys.readouterr().out)] == [3]
    assert len(list((tmp_path / "got" / uid).iterdir())) == 3
    assert main(["query", "pacs", "--echo", *nodes]) == 0
    assert main(["query", "elsewhere", *nodes]) == 2
    assert "error [NODE_UNKNOWN]" in capsys.readouterr().err


def test_a_cancelled_retrieval_stops_and_leaves_whole_files(archive: Orthanc, tmp_path: Path) -> None:
    peer = Peer(load_nodes(archive.nodes(tmp_path / "nodes.toml")), "pacs")
    uid, paths = study(tmp_path / "in", "cancelled", 12)
    peer.send([read_outgoing(path) for path in paths])
    with pytest.raises(Cancelled):
        peer.retrieve(tmp_path / "out", uid, cancelled=lambda: len(list((tmp_path / "out").glob("*.dcm"))) >= 2)
    for path in (tmp_path / "out").iterdir():
        pydicom.dcmread(path)
    with pytest.raises(Cancelled):
        peer.send([read_outgoing(path) for path in paths], cancelled=lambda: True)
    with pytest.raises(Cancelled):
        peer.find(Query(), lambda: True)


def test_wrong_secrets_titles_and_ports(archive: Orthanc, memory_keyring: Keyring, tmp_path: Path) -> None:
    nodes_file = archive.nodes(tmp_path / "nodes.toml")
    memory_keyring.set_password("saerad node", "web", "wrong")
    with pytest.raises(NetworkError) as caught:
        Peer(load_nodes(nodes_file), "web").echo()
    assert caught.value.code == "NODE_AUTH" and "wrong" not in str(caught.value)
    memory_keyring.held.clear()
    with pytest.raises(NetworkError) as caught:
        Peer(load_nodes(nodes_file), "web").echo()
    assert caught.value.code == "SECRET_MISSING"
    text = nodes_file.read_text(encoding="utf-8")
    nodes_file.write_text(text.replace('ae_title = "ORTHANC"', 'ae_title = "OTHER"'), encoding="utf-8")
    with pytest.raises(NetworkError) as caught:
        Peer(load_nodes(nodes_file), "pacs").echo()
    assert caught.value.code == "NODE_REJECTED"
    nodes_file.write_text(text.replace(f"port = {archive.port}", "port = 1"), encoding="utf-8")
    with pytest.raises(NetworkError) as caught:
        Peer(load_nodes(nodes_file), "pacs").echo()
    assert caught.value.code == "NODE_UNREACHABLE"


def test_sending_goes_on_after_the_archive_was_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "PAUSE_S", 0.5)
    _, paths = study(tmp_path / "in", "interrupted", 30)
    with running(tmp_path / "orthanc") as archive:
        peer = Peer(load_nodes(archive.nodes(tmp_path / "nodes.toml")), "pacs")
        restarts: list[threading.Thread] = []

        def told(_sent: store.Sent) -> None:
            if len(restarts) == 0 and len(archive.instances()) >= 10:
                archive.kill()
                restarts.append(threading.Thread(target=archive.start))
                restarts[0].start()

        outcomes = peer.send([read_outgoing(path) for path in paths], told, retries=6)
        restarts[0].join()
        assert [sent.stored for sent in outcomes] == [True] * 30
        assert sorted(archive.instances()) == sorted(sent.uid for sent in outcomes)


def test_tls_shows_and_checks_certificates(tmp_path: Path) -> None:
    made = make_certificates(tmp_path / "tls")
    (tmp_path / "other").mkdir()
    stranger = make_certificates(tmp_path / "other" / "tls")
    with running(tmp_path / "orthanc", made) as archive:

        def outcome(tls: str) -> str:
            try:
                Peer(load_nodes(archive.nodes(tmp_path / "nodes.toml", tls=tls)), "pacs").echo()
            except (NetworkError, UsageError) as error:
                return error.code
            return "OK"

        ours = f'certificate = "{made}/own.pem", key = "{made}/own.key"'
        assert outcome(f'tls = {{ ca = "tls/ca.pem", {ours} }}') == "OK"
        assert outcome(f'tls = {{ ca = "{stranger}/ca.pem", {ours} }}') == "NODE_TLS"
        assert outcome('tls = { ca = "tls/ca.pem" }') in ("NODE_UNREACHABLE", "NODE_TLS", "NODE_LOST")
        assert outcome('tls = { ca = "tls/none.pem" }') == "TLS_FILES"
        assert outcome("") in ("NODE_UNREACHABLE", "NODE_LOST")


@pytest.mark.slow
def test_the_whole_journey_of_a_radiograph(toy_pack: Path, tmp_path: Path) -> None:
    """Ask, fetch, analyse, send the results with the archive killed half way, and find them again."""
    with running(tmp_path / "orthanc") as archive:
        nodes = ["--nodes", str(archive.nodes(tmp_path / "nodes.toml"))]
        uid, paths = study(tmp_path / "in", "journey", 1)
        assert main(["send", "pacs", str(paths[0]), *nodes]) == 0
        assert main(["query", "pacs", "--patient-id", "journey", "--retrieve", str(tmp_path / "got"), *nodes]) == 0
        analyse = ["analyse", str(tmp_path / "got"), "--out", str(tmp_path / "out"), "--pack", str(toy_pack)]
        assert main([*analyse, "--device", "cpu", "--format", "all"]) == 0
        peer = Peer(load_nodes(tmp_path / "nodes.toml"), "pacs")
        results = sorted((tmp_path / "out").rglob("*.dcm"))

        def told(sent: store.Sent) -> None:
            if sent.path == results[2]:
                archive.kill()

        first = peer.send([read_outgoing(path) for path in results], told, retries=1)
        assert [sent.stored for sent in first] == [True] * 3 + [False] * (len(results) - 3)
        archive.start()
        assert main(["send", "pacs", str(tmp_path / "out"), *nodes]) == 0
        made = {str(pydicom.dcmread(path).SOPInstanceUID) for path in (tmp_path / "out").rglob("*.dcm")}
        assert set(archive.instances()) == made | {f"{uid}.1.1"} and len(archive.instances()) == len(made) + 1
        kinds = {series["Modality"] for series in peer.find(Query("series", {"study": uid}))}
        assert {"DX", "SR", "PR", "DOC", "KO"} <= kinds
