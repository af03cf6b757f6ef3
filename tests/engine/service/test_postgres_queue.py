"""Nodes that share a queue in PostgreSQL: every job is one node's, and a node that was given up changes nothing."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

import pytest

from engine.errors import JobTaken, QueueLost, SaeRadError, ServiceError
from engine.network.incoming import OUT_OF_RESOURCES, STORED
from engine.service.database_address import parse_address
from engine.service.inbox import Inbox
from engine.service.open_queue import SharedQueue, open_queue
from engine.service.postgres_link import Link
from engine.service.postgres_queue import PostgresQueue
from engine.service.queue import Job, Result
from tests.engine.network.orthanc import make_certificates
from tests.engine.service.postgres import PASSWORD, Postgres

Open = Callable[..., PostgresQueue]


@pytest.fixture
def node(server: Postgres, database: Link, tmp_path: Path) -> Iterator[Open]:
    """Opens a node of a name; all are closed at the end."""
    opened = []

    def begin(name: str, pack: str = "pack", lease: float = 60.0) -> PostgresQueue:
        queue = open_queue(tmp_path / name, pack, SharedQueue(parse_address(server.url), name, lease))
        assert isinstance(queue, PostgresQueue)
        opened.append(queue)
        return queue

    yield begin
    for queue in opened:
        queue.close()


def image(folder: Path, content: bytes = b"pixels") -> Path:
    path = folder / "image"
    path.write_bytes(content)
    return path


def next_job(queue: PostgresQueue) -> Job:
    job = queue.next()
    assert job is not None
    return job


def made(folder: Path, job: Job) -> list[Result]:
    folder.mkdir(exist_ok=True)
    results = [Result(f"9.{job.id}.{n}", "2", "3", f"{n}.dcm", False) for n in range(2)]
    for result in results:
        (folder / result.file).write_bytes(result.uid.encode())
    return results


def test_one_node_receives_another_analyses_and_a_third_sends(node: Open, database: Link, tmp_path: Path) -> None:
    first, second, third = node("first"), node("second"), node("third")
    content = bytes(range(256)) * 1000
    assert first.add("1.2", image(tmp_path, content)) and not second.add("1.2", image(tmp_path, content))
    assert first.add("1.3", image(tmp_path)) and second.knows("1.2") and first.waiting() == 2
    job = next_job(second)
    assert (job.uid, job.state, job.tries) == ("1.2", "received", 0) and second.holds(job)
    second.bring(job, tmp_path / "brought.dcm", tmp_path / "none")
    assert (tmp_path / "brought.dcm").read_bytes() == content
    results = made(tmp_path / "made", job)
    second.analysed(job, results, tmp_path / "made")
    sending = next_job(third)
    assert (sending.id, sending.state) == (job.id, "analysed"), "results go before images"
    third.bring(sending, tmp_path / "none", tmp_path / "results")
    assert {p.name: p.read_bytes() for p in (tmp_path / "results").iterdir()} == {
        result.file: result.uid.encode() for result in results
    }
    assert third.unsent(sending) == results
    third.attempt(sending, [results[0].uid])
    assert [result.attempted for result in third.unsent(sending)] == [True, False]
    for result in results:
        third.sent(result.uid)
    assert third.unsent(sending) == []
    third.end(sending, "done")
    assert first.counts() == {"done": 1, "received": 1} and first.states("1.2") == {"done"}
    assert database.run("SELECT uid FROM saerad.image") == [["1.3"]]
    assert database.run("SELECT count(*) FROM saerad.result WHERE content IS NOT NULL") == [[0]]
    rows = [(row["name"], row["alive"], row["analysed"], row["ended"], row["works_on"]) for row in first.nodes()]
    assert rows == [("first", True, 0, 0, 0), ("second", True, 1, 0, 0), ("third", True, 0, 1, 0)]


def test_no_job_is_two_nodes_at_once(node: Open, tmp_path: Path) -> None:
    nodes = [node(str(number)) for number in range(4)]
    for number in range(80):
        nodes[0].add(f"1.{number}", image(tmp_path))

    def work(queue: PostgresQueue) -> list[str]:
        done = []
        while (job := queue.next()) is not None:
            queue.end(job, "refused")
            done.append(job.uid)
        return done

    with ThreadPoolExecutor(4) as threads:
        done = list(threads.map(work, nodes))
    assert sorted(chain.from_iterable(done)) == sorted(f"1.{number}" for number in range(80))
    assert sum(bool(uids) for uids in done) > 1, "more than one node worked"


def test_what_a_silent_node_held_is_taken_up_and_its_late_steps_count_for_nothing(node: Open, tmp_path: Path) -> None:
    silent, other = node("silent", lease=1.0), node("other")
    silent._node._ended.set()  # says nothing more, as behind a cut cable
    other.add("1.1", image(tmp_path))
    late = next_job(silent)
    assert silent.holds(late) and other.next() is None
    time.sleep(0.6)
    assert not silent.holds(late) and other.next() is None, "it stops before others may begin"
    time.sleep(0.6)
    job = next_job(other)
    assert (job.id, job.claim) == (late.id, late.claim + 1)
    for step in (
        lambda: silent.analysed(late, made(tmp_path / "late", late), tmp_path / "late"),
        lambda: silent.attempt(late, ["9.1"]),
        lambda: silent.end(late, "failed"),
        lambda: silent.postpone(late, "X", 1),
    ):
        with pytest.raises(JobTaken):
            step()
    with pytest.raises(QueueLost):
        silent.add("1.2", image(tmp_path))
    other.analysed(job, made(tmp_path / "made", job), tmp_path / "made")
    assert silent.next() is None and [row["alive"] for row in other.nodes()] == [False, True]
    silent._node.beat()
    assert next_job(silent).state == "analysed" and len(silent.unsent(late)) == 2


def test_a_node_keeps_what_it_works_on_for_long_and_finds_again_what_it_forgot(node: Open, tmp_path: Path) -> None:
    queue, other = node("slow", lease=1.0), node("other")
    queue.add("1.1", image(tmp_path))
    job = next_job(queue)
    time.sleep(1.5)
    assert queue.holds(job) and other.next() is None
    again = next_job(queue)
    assert again.id == job.id and not queue.holds(job), "as after a claim whose answer was lost"
    queue.postpone(again, "NODE_LOST", 60)
    assert other.next() is None and other.counts() == {"received": 1}


def test_a_node_that_is_stopped_gives_its_job_back(node: Open, server: Postgres, tmp_path: Path) -> None:
    stopped = open_queue(tmp_path / "stopped", "pack", SharedQueue(parse_address(server.url), "stopped"))
    other = node("other")
    other.add("1.1", image(tmp_path))
    assert stopped.next() is not None and other.next() is None
    with pytest.raises(ServiceError, match="QUEUE_IN_USE"):
        node("stopped")
    stopped.close()
    assert next_job(other).uid == "1.1"


def test_nodes_have_one_pack_and_what_waits_goes_over_to_the_next(node: Open, tmp_path: Path) -> None:
    old = node("old", "pack 1", lease=1.0)
    for uid in ("1.1", "1.2"):
        old.add(uid, image(tmp_path))
    job = next_job(old)
    old.analysed(job, made(tmp_path / "made", job), tmp_path / "made")
    with pytest.raises(ServiceError, match=r"QUEUE_PACK.*node old .*pack 1"):
        node("early", "pack 2")
    old._node._ended.set()
    time.sleep(1.2)
    new = node("new", "pack 2")
    assert new.add("1.1", image(tmp_path)) and not new.add("1.2", image(tmp_path))
    assert [new.states("1.1"), new.states("1.2")] == [{"analysed", "received"}, {"received"}]
    sending = next_job(new)
    new.end(sending, "done")
    assert next_job(new).uid == "1.2", "the image of the other job is still there"
    old._node._ended.clear()
    old._node._beat_on()  # comes back, and may not
    with pytest.raises(ServiceError, match="QUEUE_PACK"):
        old.next()


def test_a_database_that_goes_and_comes_is_waited_for(node: Open, server: Postgres, tmp_path: Path) -> None:
    queue = node("node", lease=4.0)
    inbox = Inbox(tmp_path / "state", queue, 9, 0)
    assert inbox.take("1.1", b"x") == STORED
    job = next_job(queue)
    server.stop()
    for _ in range(2):
        with pytest.raises(QueueLost, match="QUEUE_LOST"):
            queue.end(job, "done")
    assert inbox.take("1.2", b"x") == OUT_OF_RESOURCES
    server.start()
    end = time.monotonic() + 30
    while inbox.take("1.2", b"x") != STORED and time.monotonic() < end:
        time.sleep(0.1)
    assert queue.counts() == {"received": 2} and next_job(queue).uid == "1.1"


def test_what_no_waiting_mends_is_told(
    node: Open, server: Postgres, database: Link, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refusal(url: str) -> str:
        with pytest.raises(SaeRadError) as error:
            open_queue(tmp_path / "x", "pack", SharedQueue(parse_address(url), "x"))
        assert PASSWORD not in str(error.value)
        return error.value.code

    node("first").close()
    database.run("UPDATE saerad.version SET number = 99")
    assert refusal(server.url) == "QUEUE_NEWER"
    assert refusal(server.url.replace("/postgres", "/nowhere")) == "QUEUE_REFUSED"
    assert refusal("postgresql://saerad@127.0.0.1:9/postgres") == "QUEUE_LOST"
    monkeypatch.setenv("PGPASSWORD", "wrong")
    assert refusal(server.url) == "QUEUE_REFUSED"
    monkeypatch.setitem(sys.modules, "pg8000.native", None)
    assert refusal(server.url) == "QUEUE_NO_DRIVER"


def test_the_server_shows_who_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = make_certificates(tmp_path / "tls")
    other = make_certificates(tmp_path / "other")
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    server = Postgres(files)
    try:
        server.start()
        address = parse_address(f"{server.url}?sslrootcert={files / 'ca.pem'}")
        queue = open_queue(tmp_path / "good", "pack", SharedQueue(address, "good"))
        queue.close()
        address = parse_address(f"{server.url}?sslrootcert={other / 'ca.pem'}")
        with pytest.raises(QueueLost, match="certificate verify failed"):
            open_queue(tmp_path / "bad", "pack", SharedQueue(address, "bad"))
    finally:
        server.remove()
