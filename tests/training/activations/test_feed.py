"""Prepared images in their order, whatever becomes of the processes that prepare them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import ReadError, SaeRadError, WorkerError
from engine.worker.child import Request
from engine.worker.job import Job
from tests.engine.toy_pack import encoder_spec
from tests.training.activations.toy import toy_rows
from training.activations import feed as feed_module
from training.activations.feed import Feed
from training.activations.shard import Failure

ENDS: dict[str, list[SaeRadError | None]] = {}
"""How the tasks on each file end, one after another; after the last they succeed."""


class FakeWorker:
    """Answers at once as `ENDS` says."""

    def __init__(self, **_: object) -> None:
        self.closed = False

    def submit(self, function: str, path: Path, spec: object) -> Job[Any]:
        job: Job[Any] = Job(Request(0, function, (path, spec)), 1.0, None)
        ends = ENDS.get(path.name, [])
        job.settle(np.full((1, 3, 2, 2), float(path.stem), np.float32), ends.pop(0) if ends else None)
        return job

    def close(self) -> None:
        self.closed = True


@pytest.fixture(autouse=True)
def fake(monkeypatch: pytest.MonkeyPatch) -> None:
    ENDS.clear()
    monkeypatch.setattr(feed_module, "Worker", FakeWorker)


def results(count: int) -> list[Failure | float]:
    with Feed(encoder_spec(), workers=2, ahead=3) as feed:
        found = list(feed.results(toy_rows(count)))
    assert [row.sample_id for row, _ in found] == [f"image-{n}" for n in range(count)]
    return [value if isinstance(value, Failure) else float(value[0, 0, 0, 0]) for _, value in found]


def test_many_more_images_than_wait_come_in_order() -> None:
    assert results(100) == list(range(100))


def test_an_error_of_the_file_is_its_failure() -> None:
    ENDS["2.png"] = [ReadError("NOT_DICOM", "it is a poem")]
    assert results(4) == [0, 1, Failure("image-2", "2.png", "NOT_DICOM", "it is a poem"), 3]


@pytest.mark.parametrize("code", ["WORKER_CRASHED", "WORKER_TIMEOUT", "OUT_OF_MEMORY"])
def test_what_may_be_the_machines_fault_is_tried_again(code: str) -> None:
    ENDS["1.png"] = [WorkerError(code, "first")]
    ENDS["2.png"] = [WorkerError(code, "first"), WorkerError(code, "second")]
    assert results(3) == [0, 1, Failure("image-2", "2.png", code, "second")]


def test_a_machine_that_starts_no_processes_is_nobodys_failure() -> None:
    ENDS["1.png"] = [WorkerError("WORKER_NOT_STARTED", "no")]
    with pytest.raises(WorkerError) as error:
        results(3)
    assert error.value.code == "WORKER_NOT_STARTED"
