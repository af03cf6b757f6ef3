"""Prepared images in their order, made by several processes, never more of them waiting than fit."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from types import TracebackType

import numpy as np
import numpy.typing as npt

from engine.errors import SaeRadError
from engine.pack.manifest import EncoderSpec
from engine.worker.decode import DECODE_MEMORY_BYTES, DECODE_TIME_LIMIT_S
from engine.worker.job import Job
from engine.worker.worker import Worker
from training.activations.prepare import prepare
from training.activations.rows import HarvestRow
from training.activations.shard import Failure

Pixels = npt.NDArray[np.float32]
_PER_WORKER = 4
"""Images that wait for a worker or for the encoder, a worker."""
_PASSING = ("WORKER_CRASHED", "WORKER_TIMEOUT", "OUT_OF_MEMORY")
"""What a busy machine can do to an image that is sound: it is tried a second time."""
_FATAL = ("WORKER_NOT_STARTED", "WORKER_CLOSED")
"""What says nothing about an image."""


class Feed:
    """Workers that read and preprocess images (`engine.worker`: crashes, memory and time are limited).

    Parameters
    ----------
    spec : EncoderSpec
    workers : int
        Processes; 0 works in this one, which a broken file can then take down.
    ahead : int
        Images that may be ready or in work beyond a few for each worker; the encoder's batch fits.
    """

    def __init__(self, spec: EncoderSpec, workers: int, ahead: int) -> None:
        self._spec = spec
        self._window = ahead + _PER_WORKER * workers
        self._workers = [
            Worker(
                memory_bytes=DECODE_MEMORY_BYTES,
                time_limit_s=DECODE_TIME_LIMIT_S,
                preload=("training.activations.prepare",),
                name=f"saerad-harvest-{number}",
            )
            for number in range(workers)
        ]

    def __enter__(self) -> Feed:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers:
            worker.close()

    def results(self, rows: Iterable[HarvestRow]) -> Iterator[tuple[HarvestRow, Pixels | Failure]]:
        """Give each row with its pixels, float32 (1, 3, H, W), or with why there are none; in the order of the rows.

        Raises
        ------
        WorkerError
            ``WORKER_NOT_STARTED`` when this machine cannot start processes.
        """
        if not self._workers:
            for row in rows:
                yield row, self._here(row)
            return
        waiting: deque[tuple[HarvestRow, Worker, Job[Pixels]]] = deque()
        for row in rows:
            waiting.append(self._submit(row, waiting))
            if len(waiting) >= self._window:
                yield self._collect(*waiting.popleft())
        while waiting:
            yield self._collect(*waiting.popleft())

    def _submit(
        self, row: HarvestRow, waiting: Iterable[tuple[HarvestRow, Worker, Job[Pixels]]]
    ) -> tuple[HarvestRow, Worker, Job[Pixels]]:
        """Give an image to the worker with the least to do."""
        busy = {id(worker): 0 for worker in self._workers}
        for _, worker, job in waiting:
            busy[id(worker)] += not job.done()
        worker = min(self._workers, key=lambda candidate: busy[id(candidate)])
        return row, worker, self._job(worker, row)

    def _job(self, worker: Worker, row: HarvestRow) -> Job[Pixels]:
        return worker.submit("training.activations.prepare:prepare_alone", row.path, self._spec)

    def _collect(self, row: HarvestRow, worker: Worker, job: Job[Pixels]) -> tuple[HarvestRow, Pixels | Failure]:
        error = job.error()
        if error is not None and error.code in _PASSING:
            job = self._job(worker, row)
            error = job.error()
        if error is None:
            return row, job.result()
        if error.code in _FATAL:
            raise error
        return row, failure(row, error)

    def _here(self, row: HarvestRow) -> Pixels | Failure:
        try:
            return prepare(row.path, self._spec)
        except SaeRadError as error:
            return failure(row, error)


def failure(row: HarvestRow, error: SaeRadError) -> Failure:
    """Return why an image is not in the store."""
    return Failure(row.sample_id, row.name, error.code, error.message)
