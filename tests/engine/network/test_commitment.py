"""Storage commitment: what a node says of each object is told, and nothing that it did not say."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pynetdicom import build_context, evt

from engine.cli.main import main
from engine.errors import Cancelled, NetworkError
from engine.network.association import associated
from engine.network.commitment import COMMITMENT, REQUEST, WELL_KNOWN, commit, commitment_context, references
from engine.network.listening import listening
from engine.network.nodes import TLS, DimseNode, Local, load_nodes
from engine.network.peer import Peer
from engine.network.retrieve import merged_contexts
from engine.network.store import Outgoing, read_outgoing, store
from engine.service.commitment import Commitment
from engine.service.inbox import Inbox
from engine.service.promises import Promises
from engine.service.sqlite_queue import SQLiteQueue
from tests.engine.network.orthanc import free_port, running
from tests.engine.pictures import write_dicom

SERVER = "PROVIDER"


class House:
    """The door and the commitment of a service, without its work."""

    def __init__(self, folder: Path, callers: dict[str, DimseNode], tls: TLS | None) -> None:
        self.local = Local(ae_title=SERVER, port=free_port(), tls=tls)
        self.queue, self.promises = SQLiteQueue(folder, "pack"), Promises(folder)
        self.inbox = Inbox(folder, self.queue, 99, 0, 3600.0)
        self.commitment = Commitment(self.promises, self.inbox, self.local, callers)
        self.node = DimseNode(kind="dimse", host="127.0.0.1", port=self.local.port, ae_title=SERVER, timeout=10.0)

    def close(self) -> None:
        self.promises.close()
        self.queue.close()


@contextmanager
def serving(folder: Path, callers: dict[str, DimseNode], tls: TLS | None = None) -> Iterator[House]:
    with ExitStack() as stack:
        house = House(folder, callers, tls)
        stack.callback(house.close)
        stack.enter_context(house.commitment.answering())
        handlers = [(evt.EVT_C_STORE, house.inbox.handle), (evt.EVT_N_ACTION, house.commitment.handle)]
        contexts = [*merged_contexts(), commitment_context()]
        stack.enter_context(listening(house.local, contexts, handlers, timeout=10.0))
        yield house


def image(path: Path, **elements: str) -> Outgoing:
    write_dicom(path, **elements)
    return read_outgoing(path)


@pytest.mark.parametrize("declared", [True, False], ids=["on a new association", "on the caller's own"])
def test_kept_is_what_lies_in_the_inbox_and_nothing_else(tmp_path: Path, declared: bool) -> None:
    local = Local(port=free_port())
    here = DimseNode(kind="dimse", host="127.0.0.1", port=local.port, ae_title=local.ae_title, timeout=10.0)
    with serving(tmp_path / "state", {local.ae_title: here} if declared else {}) as house:
        sent, never = image(tmp_path / "a.dcm"), image(tmp_path / "b.dcm")
        other = Outgoing(sent.path, "1.2.840.10008.5.1.4.1.1.7", sent.uid, sent.syntax)
        assert [one.code for one in store(house.node, local, [sent])] == ["OK"]
        assert [one.code for one in commit(house.node, local, [sent, never], 20.0)] == ["OK", "NODE_NOT_KEPT"]
        (refused,) = commit(house.node, local, [other], 20.0)
        assert refused.code == "NODE_NOT_KEPT" and "another class" in refused.message
        (job,) = [house.queue.next()]
        assert job is not None
        house.queue.end(job, "done")
        house.inbox.release(sent.uid)
        assert [one.code for one in commit(house.node, local, [sent], 20.0)] == ["OK"], "it stays for its time"
        house.inbox.path(sent.uid).unlink()
        assert [one.code for one in commit(house.node, local, [sent], 20.0)] == ["NODE_NOT_KEPT"]
        assert house.promises.waiting() == 0


def test_a_request_survives_a_kill_and_is_answered_when_the_caller_is_back(tmp_path: Path) -> None:
    local = Local(port=free_port())
    here = DimseNode(kind="dimse", host="127.0.0.1", port=local.port, ae_title=local.ae_title, timeout=5.0)
    first = Promises(tmp_path / "state")
    first.add("2.25.7", local.ae_title, [("1.2.840.10008.5.1.4.1.1.1", "1.2.3")])
    first.close()
    told: list[Dataset] = []
    come = threading.Event()

    def handle(event: evt.Event) -> tuple[int, None]:
        told.append(event.event_information)
        come.set()
        return 0, None

    with serving(tmp_path / "state", {local.ae_title: here}) as house:
        time.sleep(0.3)
        assert house.promises.waiting() == 1, "nobody listens there yet"
        with listening(local, [commitment_context()], [(evt.EVT_N_EVENT_REPORT, handle)], timeout=5.0):
            assert come.wait(20)
            end = time.monotonic() + 10
            while house.promises.waiting() and time.monotonic() < end:
                time.sleep(0.05)
        assert house.promises.waiting() == 0
    assert told[0].TransactionUID == "2.25.7" and told[0].FailedSOPSequence[0].FailureReason == 0x0112
    assert "ReferencedSOPSequence" not in told[0]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (lambda asked: setattr(asked, "TransactionUID", ""), 0x0115),
        (lambda asked: setattr(asked, "ReferencedSOPSequence", []), 0x0115),
        (lambda asked: setattr(asked, "ReferencedSOPSequence", references([("1.2", "")])), 0x0115),
        (lambda asked: setattr(asked, "ReferencedSOPSequence", references([("1.2", "1.3")] * 10_001)), 0x0213),
    ],
)
def test_requests_that_make_no_sense_are_refused(
    tmp_path: Path, change: Callable[[Dataset], None], status: int
) -> None:
    asked = Dataset()
    asked.TransactionUID, asked.ReferencedSOPSequence = "1.2", references([("1.2", "1.3")])
    change(asked)
    with serving(tmp_path / "state", {}) as house:
        with associated(house.node, Local(), [build_context(COMMITMENT)]) as association:
            answer, _ = association.send_n_action(asked, REQUEST, COMMITMENT, WELL_KNOWN)
            assert answer.Status == status
            answer, _ = association.send_n_action(asked, 2, COMMITMENT, WELL_KNOWN)
            assert answer.Status == 0x0123
        assert house.promises.waiting() == 0


def test_silence_strangers_and_nodes_without_commitment(tmp_path: Path) -> None:
    local = Local(port=free_port())
    file = image(tmp_path / "a.dcm")
    asked: list[Dataset] = []
    lie = Dataset()
    lie.TransactionUID, lie.ReferencedSOPSequence = "2.25.1", references([(file.sop_class, file.uid)])

    def silent(event: evt.Event) -> tuple[int, None]:
        asked.append(event.action_information)
        return 0, None

    def lying() -> None:
        while not asked:
            time.sleep(0.02)
        own = DimseNode(kind="dimse", host="127.0.0.1", port=local.port, ae_title=local.ae_title, timeout=5.0)
        with associated(own, Local(), [build_context(COMMITMENT)]) as association:
            answers.append(int(association.send_n_event_report(lie, 1, COMMITMENT, WELL_KNOWN)[0].Status))

    answers: list[int] = []
    server = Local(ae_title=SERVER, port=free_port())
    node = DimseNode(kind="dimse", host="127.0.0.1", port=server.port, ae_title=SERVER, timeout=5.0)
    with listening(server, [commitment_context()], [(evt.EVT_N_ACTION, silent)], timeout=5.0):
        stranger = threading.Thread(target=lying)
        stranger.start()
        (late,) = commit(node, local, [file], 1.5)
        stranger.join()
        assert late.code == "COMMIT_LATE" and answers == [0x0115], "another transaction's word is not believed"
        with pytest.raises(Cancelled):
            commit(node, local, [file], 10.0, lambda: True)
        with listening(local, [commitment_context()], [], timeout=5.0), pytest.raises(NetworkError, match="PORT_TAKEN"):
            commit(node, local, [file], 1.0)
    with (
        listening(server, [build_context("1.2.840.10008.1.1")], [], timeout=5.0),
        pytest.raises(NetworkError, match="NODE_UNSUPPORTED"),
    ):
        commit(node, local, [file], 1.0)


def test_a_node_that_takes_no_such_objects_says_so_of_each(tmp_path: Path) -> None:
    server = Local(ae_title=SERVER, port=free_port())
    node = DimseNode(kind="dimse", host="127.0.0.1", port=server.port, ae_title=SERVER, timeout=5.0)
    files = [image(tmp_path / "a.dcm"), image(tmp_path / "b.dcm")]
    with listening(server, [build_context("1.2.840.10008.1.1")], [], timeout=5.0):
        assert [sent.code for sent in store(node, Local(), files)] == ["NODE_UNSUPPORTED"] * 2


def test_orthanc_says_what_it_keeps(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in").mkdir()
    files = [image(tmp_path / "in" / f"{number}.dcm") for number in range(2)]
    with running(tmp_path / "orthanc") as archive:
        nodes = archive.nodes(tmp_path / "nodes.toml")
        command = ["send", "pacs", str(tmp_path / "in"), "--commit", "--json", "--nodes", str(nodes)]
        assert main(command) == 0
        assert [row["code"] for row in json.loads(capsys.readouterr().out)] == ["OK", "OK"]
        peer = Peer(load_nodes(nodes), "pacs")
        stray = Outgoing(files[0].path, files[0].sop_class, "1.2.3.4", files[0].syntax)
        said = peer.commit([files[1], stray], 30.0)
        assert [sent.code for sent in said] == ["OK", "NODE_NOT_KEPT"]
        text = nodes.read_text(encoding="utf-8").replace(f"port = {archive.move_port}", f"port = {free_port()}")
        nodes.write_text(text, encoding="utf-8")
        assert main([*command, "--wait", "1"]) == 3
        assert {row["code"] for row in json.loads(capsys.readouterr().out)} == {"COMMIT_LATE"}


def test_requests_are_written_through_to_the_disk(tmp_path: Path) -> None:
    promises = Promises(tmp_path)
    with closing(sqlite3.connect(tmp_path / "commitment.sqlite")) as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    promises.add("1.2", "A", [("1.3", "1.4")])
    promises.add("1.2", "A", [("1.3", "1.5")])
    request = promises.next()
    assert request is not None and request.instances == (("1.3", "1.5"),), "asked again: the last one counts"
    promises.postpone("1.2", 60)
    assert promises.next() is None and promises.waiting() == 1
    promises.close()
