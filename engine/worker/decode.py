"""Open images in a warm child process."""

from __future__ import annotations

import atexit
import threading
from pathlib import Path

from engine.dicom.radiograph import Radiograph
from engine.worker.job import Job, ProgressCallback
from engine.worker.worker import Worker

# 150 million pixels of 16 bits several times over, beside the address space that libraries reserve.
DECODE_MEMORY_BYTES = 4 << 30
DECODE_TIME_LIMIT_S = 60.0

_lock = threading.Lock()
_shared: Worker | None = None


def new_decoder() -> Worker:
    """Return a worker of its own for decoding; the caller closes it."""
    return Worker(
        memory_bytes=DECODE_MEMORY_BYTES,
        time_limit_s=DECODE_TIME_LIMIT_S,
        preload=("engine.dicom.files",),
        name="saerad-decoder",
    )


def shared_decoder() -> Worker:
    """Return the process-wide decoding worker, made on first use; call ``warm_up()`` on it early."""
    global _shared  # noqa: PLW0603 - one warm process is the point
    with _lock:
        if _shared is None:
            _shared = new_decoder()
            atexit.register(close_shared_decoder)
        return _shared


def close_shared_decoder() -> None:
    """End the process-wide decoding worker; the next use makes a new one."""
    global _shared
    with _lock:
        worker, _shared = _shared, None
    if worker is not None:
        worker.close()


def submit_decode(
    path: Path, worker: Worker | None = None, progress: ProgressCallback | None = None
) -> Job[Radiograph]:
    """Queue the opening of a file and return its handle at once; see `engine.dicom.files.read_radiograph`."""
    chosen = shared_decoder() if worker is None else worker
    return chosen.submit("engine.dicom.files:read_radiograph", path, progress=progress)


def decode_in_worker(path: Path, worker: Worker | None = None) -> Radiograph:
    """Open a file in a child process and wait for it.

    Raises
    ------
    ReadError
        As `engine.dicom.files.read_radiograph`.
    WorkerError
        ``WORKER_CRASHED``, ``WORKER_TIMEOUT`` and the other codes of `Job.result`.
    """
    return submit_decode(path, worker).result()
