"""Jobs for the tests of crews; workers import them."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.cli.cluster_batch import RemoteImage
from engine.errors import StoreError

Array = npt.NDArray[np.float32]


def scale(shared: Array, job: int) -> Array:
    return shared * job


def refuse_odd(shared: str, job: int) -> int:
    if job % 2:
        raise StoreError("STORE_RANGE", f"{shared} {job}", "do something")
    return job


def note(shared: Path, job: int) -> tuple[int, int]:
    """Leave a file for each time that a job is begun, and take a while."""
    (shared / f"{job}-{os.getpid()}-{time.monotonic_ns()}").touch()
    time.sleep(0.2)
    return job, os.getpid()


def die_once(shared: Path, job: int) -> int:
    """Let the worker die the first time that job 2 is done."""
    mark = shared / "dead"
    if job == 2 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return 10 * job


def always_die(shared: None, job: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return job


def die_of(shared: None, path: Path) -> RemoteImage:
    """Let every worker die of one file."""
    if path.name == "deadly":
        os.kill(os.getpid(), signal.SIGKILL)
    return RemoteImage(path.name)
