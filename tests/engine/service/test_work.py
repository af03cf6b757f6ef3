"""A job from the image to the archive, in one process, with an archive in memory that can be cut off."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from engine.dicom.radiograph import Radiograph
from engine.errors import Cancelled, NetworkError
from engine.inference.analyzer import Analyzer
from engine.network.find import Cancel
from engine.network.peer import Peer
from engine.network.query import Match, Query
from engine.network.store import Outgoing, Sent, Told
from engine.pack.library import load_pack
from engine.service import work
from engine.service.database_address import parse_address
from engine.service.inbox import Inbox
from engine.service.open_queue import SharedQueue, open_queue
from engine.service.postgres_link import Link
from engine.service.postgres_queue import PostgresQueue
from engine.service.work import Work
from engine.worker.decode import decode_in_worker
from tests.engine.pictures import write_dicom
from tests.engine.service.postgres import Postgres


class Kill(BaseException):
    """What no code catches, as if the process had ended here."""


class Archive:
    """Counts what it is sent; ends the process after a number of objects, the last of which is not confirmed."""

    def __init__(self) -> None:
        self.got = Counter[str]()
        self.asked = 0
        self.kill_after = -1
        self.away = False

    def find(self, query: Query) -> list[Match]:
        self.asked += 1
        uid = query.keys["image"]
        return [Match("image", {"SOPInstanceUID": uid})] if uid in self.got else []

    def send(self, files: Sequence[Outgoing], told: Told, cancelled: Cancel, *, retries: int) -> list[Sent]:
        if self.away:
            raise NetworkError("NODE_UNREACHABLE", f"away after {retries}")
        outcomes = []
        for file in files:
            if cancelled():
                raise Cancelled
            self.got[file.uid] += 1
            if len(self.got) == self.kill_after:
                raise Kill
            outcomes.append(Sent(file.path, file.uid, "OK"))
            told(outcomes[-1])
        return outcomes


@pytest.fixture(scope="module")
def analyzer(toy_pack: Path) -> Analyzer:
    return Analyzer(load_pack(str(toy_pack)), "cpu", 1)


class House:
    """The parts of the service on one folder; a new one is what a new start, or another node, finds."""

    def __init__(self, folder: Path, analyzer: Analyzer, archive: Archive, shared: SharedQueue | None = None) -> None:
        self.queue = open_queue(folder, "toy", shared)
        self.inbox = Inbox(folder, self.queue, 99, 0)
        self.inbox.reconcile()
        self.work = Work(folder, self.queue, self.inbox, analyzer, cast(Peer, archive))

    def step(self) -> bool:
        job = self.queue.next()
        if job is not None:
            self.work.do(job)
        return job is not None


def receive(house: House, path: Path, **elements: Any) -> str:
    uid = write_dicom(path, **elements)
    house.inbox.take(uid, path.read_bytes())
    return uid


def test_what_a_kill_left_in_doubt_is_asked_for_and_not_sent_again(analyzer: Analyzer, tmp_path: Path) -> None:
    archive = Archive()
    archive.kill_after = 3
    house = House(tmp_path / "state", analyzer, archive)
    receive(house, tmp_path / "a.dcm")
    house.step()
    made = {result.uid for result in house.queue.unsent(cast(Any, house.queue.next()))}
    with pytest.raises(Kill):
        house.step()
    house.queue.close()
    again = House(tmp_path / "state", analyzer, archive)
    assert again.step() and not again.step()
    assert archive.got == Counter(made) and len(made) >= 5 and archive.asked == len(made) - 2
    assert again.queue.counts() == {"done": 1}
    assert list((tmp_path / "state" / "inbox").iterdir()) == list((tmp_path / "state" / "results").iterdir()) == []
    again.queue.close()


def test_results_that_nobody_has_seen_are_made_again(
    analyzer: Analyzer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = Archive()
    house = House(tmp_path / "state", analyzer, archive)
    receive(house, tmp_path / "a.dcm")

    def killed(*_: object) -> None:
        raise Kill

    monkeypatch.setattr(house.queue, "analysed", killed)
    with pytest.raises(Kill):
        house.step()
    house.queue.close()
    again = House(tmp_path / "state", analyzer, archive)
    assert again.step() and again.step() and not again.step()
    assert set(archive.got.values()) == {1} and again.queue.counts() == {"done": 1}
    again.queue.close()


def test_each_end_of_a_job(analyzer: Analyzer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = Archive()
    archive.away = True
    house = House(tmp_path / "state", analyzer, archive)
    receive(house, tmp_path / "good.dcm")
    house.step()
    house.step()
    assert house.queue.next() is None and house.queue.counts() == {"analysed": 1}, "it waits for the archive"
    receive(house, tmp_path / "hand.dcm", BodyPartExamined="HAND")
    house.inbox.take("1.2.3", b"no DICOM")
    fault = receive(house, tmp_path / "fault.dcm")
    house.step()
    house.step()

    def failing(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(work, "decode_in_worker", failing)
    house.step()
    assert house.queue.counts() == {"analysed": 1, "refused": 1, "failed": 2}
    assert {path.stem for path in (tmp_path / "state" / "inbox").iterdir()} >= {"1.2.3", fault}
    house.queue.close()


def test_what_a_dead_node_left_in_doubt_another_asks_for_and_sends(
    analyzer: Analyzer, tmp_path: Path, server: Postgres, database: Link
) -> None:
    archive = Archive()
    archive.kill_after = 3
    address = parse_address(server.url)
    first = House(tmp_path / "first", analyzer, archive, SharedQueue(address, "first", lease=1.0))
    receive(first, tmp_path / "a.dcm")
    first.step()
    made = {str(uid) for (uid,) in database.run("SELECT uid FROM saerad.result")}
    with pytest.raises(Kill):
        first.step()
    assert isinstance(first.queue, PostgresQueue)
    first.queue._node._ended.set()  # dead: nothing more is heard of it
    second = House(tmp_path / "second", analyzer, archive, SharedQueue(address, "second"))
    assert not second.step(), "it may still be alive"
    time.sleep(1.1)
    assert second.step() and not second.step()
    assert archive.got == Counter(made) and len(made) >= 5 and archive.asked == len(made) - 2
    assert second.queue.counts() == {"done": 1}
    first.inbox.expire()
    for folder in ("first", "second"):
        assert list((tmp_path / folder / "inbox").iterdir()) == []
    assert list((tmp_path / "second" / "results").iterdir()) == []
    first.queue.close()
    second.queue.close()


def test_a_node_that_wakes_up_too_late_throws_its_work_away_and_sends_nothing(
    analyzer: Analyzer, tmp_path: Path, server: Postgres, database: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = Archive()
    address = parse_address(server.url)
    late = House(tmp_path / "late", analyzer, archive, SharedQueue(address, "late", lease=1.0))
    assert isinstance(late.queue, PostgresQueue)
    late.queue._node._ended.set()
    receive(late, tmp_path / "a.dcm")
    other = House(tmp_path / "other", analyzer, archive, SharedQueue(address, "other"))

    def asleep(path: Path) -> Radiograph:
        monkeypatch.undo()
        time.sleep(1.1)
        assert other.step()
        return decode_in_worker(path)

    monkeypatch.setattr(work, "decode_in_worker", asleep)
    assert late.step()
    assert list((tmp_path / "late" / "results").iterdir()) == [] and archive.got == Counter()
    late.queue._node.beat()
    monkeypatch.setattr(late.queue._node, "_seconds", 0.0)  # its lease may be over at any moment
    assert late.step() and archive.got == Counter() and late.queue.counts() == {"analysed": 1}
    late.queue.close()
    assert other.step() and not other.step()
    assert set(archive.got.values()) == {1} and other.queue.counts() == {"done": 1}
    other.queue.close()
