"""The queue and its door keep what they were given, once."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path

import pytest

from engine.errors import QueueLost, ServiceError
from engine.network.incoming import CANNOT_UNDERSTAND, OUT_OF_RESOURCES, STORED
from engine.service.inbox import Inbox
from engine.service.queue import Job, Queue, Result
from engine.service.sqlite_queue import SQLiteQueue
from engine.service.watch import WatchedFolder
from tests.engine.pictures import write_dicom

PATH = Path("of no account here")


def next_job(queue: Queue) -> Job:
    job = queue.next()
    assert job is not None
    return job


def test_a_job_goes_its_way_and_a_new_start_finds_it_there(tmp_path: Path) -> None:
    queue = SQLiteQueue(tmp_path, "pack 1")
    assert queue.add("1.2", PATH) and not queue.add("1.2", PATH) and queue.add("1.3", PATH)
    job = next_job(queue)
    assert (job.uid, job.state) == ("1.2", "received")
    queue.analysed(job, [Result("9.1", "2", "3", "a.dcm", False), Result("9.2", "2", "3", "b.dcm", False)], PATH)
    queue.attempt(job, ["9.1"])
    queue.sent("9.2")
    queue.close()
    again = SQLiteQueue(tmp_path, "pack 1")
    job = next_job(again)
    assert (job.uid, job.state) == ("1.2", "analysed"), "results go before images"
    assert again.unsent(job) == [Result("9.1", "2", "3", "a.dcm", True)]
    again.end(job, "done")
    again.postpone(next_job(again), "NODE_LOST", 60)
    assert again.next() is None and again.waiting() == 1 and again.counts() == {"done": 1, "received": 1}
    again.close()


def test_two_services_do_not_share_a_queue(tmp_path: Path) -> None:
    queue = SQLiteQueue(tmp_path, "pack")
    with pytest.raises(ServiceError, match="QUEUE_IN_USE"):
        SQLiteQueue(tmp_path, "pack")
    queue.close()
    SQLiteQueue(tmp_path, "pack").close()


def test_another_pack_analyses_what_waits_and_sends_what_was_made(tmp_path: Path) -> None:
    queue = SQLiteQueue(tmp_path, "old")
    for uid in ("1.1", "1.2"):
        queue.add(uid, PATH)
    queue.analysed(next_job(queue), [Result("9.1", "2", "3", "a.dcm", False)], PATH)
    queue.close()
    newer = SQLiteQueue(tmp_path, "new")
    assert newer.add("1.1", PATH) and not newer.add("1.2", PATH)
    assert [newer.states("1.1"), newer.states("1.2")] == [{"analysed", "received"}, {"received"}]
    newer.close()


def test_a_damaged_queue_is_told(tmp_path: Path) -> None:
    (tmp_path / "queue.sqlite").write_bytes(b"no database, but long enough to be read as one" * 100)
    with pytest.raises(ServiceError, match="QUEUE_UNUSABLE"):
        SQLiteQueue(tmp_path, "pack")


def test_the_door_refuses_when_the_house_is_full(tmp_path: Path) -> None:
    queue = SQLiteQueue(tmp_path, "pack")
    inbox = Inbox(tmp_path, queue, most_waiting=2, least_free=0)
    assert [inbox.take(uid, b"x") for uid in ("1.1", "1.1", "1.2", "1.3", "../1")] == [
        STORED, STORED, STORED, OUT_OF_RESOURCES, CANNOT_UNDERSTAND,
    ]  # fmt: skip
    full = Inbox(tmp_path, queue, most_waiting=9, least_free=1 << 60)
    assert full.take("1.4", b"x") == OUT_OF_RESOURCES and not full.has_room()
    queue.close()


def test_what_a_kill_left_in_the_inbox_is_put_right(tmp_path: Path) -> None:
    queue = SQLiteQueue(tmp_path, "pack")
    inbox = Inbox(tmp_path, queue, 9, 0)
    inbox.take("1.1", b"x")
    queue.end(next_job(queue), "done")
    inbox.path("1.2").write_bytes(b"written, not yet queued")
    (inbox.folder / ".saerad-1.part").write_bytes(b"half")
    inbox.reconcile()
    assert [path.name for path in inbox.folder.iterdir()] == ["1.2.dcm"]
    assert next_job(queue).uid == "1.2"
    queue.close()
    with sqlite3.connect(tmp_path / "queue.sqlite") as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    database.close()


def test_an_instance_stays_for_its_time_and_a_promise_begins_it_anew(tmp_path: Path) -> None:
    queue = SQLiteQueue(tmp_path, "pack")
    inbox = Inbox(tmp_path, queue, 9, 0, keep=100.0)
    for uid in ("1.1", "1.2", "1.3"):
        inbox.take(uid, b"x")
    for _ in range(2):
        job = next_job(queue)
        queue.end(job, "done")
        inbox.release(job.uid)
    assert len(list(inbox.folder.iterdir())) == 3
    for path in inbox.folder.iterdir():
        os.utime(path, (time.time() - 200, time.time() - 200))
    assert inbox.promise("1.1") and not inbox.promise("1.9")
    inbox.path("1.4").write_bytes(b"being taken")
    os.utime(inbox.path("1.4"), (0, 0))
    inbox.expire()
    inbox.path("1.4").unlink()  # stood there: it has no job yet
    assert sorted(path.stem for path in inbox.folder.iterdir()) == ["1.1", "1.3"], "promised, and not yet analysed"
    queue.close()


def test_a_watched_folder_gives_what_has_stopped_growing(tmp_path: Path) -> None:
    queue = SQLiteQueue(tmp_path / "state", "pack")
    folder = tmp_path / "in"
    folder.mkdir()
    watch = WatchedFolder(folder, Inbox(tmp_path / "state", queue, 9, 0))
    uid = write_dicom(folder / "a.dcm")
    (folder / "b.txt").write_text("no image", encoding="utf-8")
    assert not watch.look() and queue.waiting() == 0
    assert watch.look() and queue.waiting() == 1 and next_job(queue).uid == uid
    assert watch.look() and queue.waiting() == 1
    queue.close()


def test_what_cannot_be_written_now_is_said_so_and_can_be_written_later(tmp_path: Path) -> None:
    queue = SQLiteQueue(tmp_path, "pack")
    inbox = Inbox(tmp_path, queue, 9, 0)
    other = sqlite3.connect(tmp_path / "queue.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(QueueLost, match="QUEUE_LOST"):
        queue.add("1.1", PATH)
    assert inbox.take("1.1", b"x") == OUT_OF_RESOURCES and not queue.knows("1.1")
    other.execute("ROLLBACK")
    other.close()
    assert inbox.take("1.1", b"x") == STORED and next_job(queue).uid == "1.1"
    queue.close()
