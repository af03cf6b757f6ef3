"""Ray's workers keep the contract of a crew, whatever becomes of them."""

from __future__ import annotations

import importlib.util
import os
import pickle
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import engine.errors
from engine.cluster.crew import LocalCrew
from engine.cluster.ray_crew import AHEAD, RayCrew
from engine.errors import SaeRadError, UsageError
from tests.engine.cluster import jobs

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals"),
]
needs_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed (extra 'cluster')")


def test_results_are_those_of_one_process_in_the_order_of_the_jobs(pair: RayCrew) -> None:
    shared = np.arange(200_000, dtype=np.float32)
    assert pair.size == 2
    here = list(LocalCrew().map(jobs.scale, shared, range(7)))
    there = list(pair.map(jobs.scale, shared, range(7)))
    assert all(np.array_equal(a, b) for a, b in zip(here, there, strict=True)) and len(there) == 7


def test_both_workers_work_and_are_kept_and_jobs_are_read_as_they_are_needed(pair: RayCrew, tmp_path: Path) -> None:
    read = []

    def source() -> list[int]:
        for job in range(12):
            read.append(job)
            yield job  # type: ignore[misc]

    results = pair.map(jobs.note, tmp_path, source())
    first = next(results)
    assert first[0] == 0 and len(read) == AHEAD * pair.size
    done = [first, *results]
    assert [job for job, _ in done] == list(range(12))
    assert len({process for _, process in done}) == 2
    assert len(list(tmp_path.iterdir())) == 12  # each once


def test_what_is_no_longer_wanted_is_not_done(pair: RayCrew, tmp_path: Path) -> None:
    results = pair.map(jobs.note, tmp_path, range(12))
    next(results)
    results.close()  # type: ignore[attr-defined]
    time.sleep(1.0)
    begun = len(list(tmp_path.iterdir()))
    time.sleep(1.0)
    assert begun == len(list(tmp_path.iterdir())) <= AHEAD * pair.size


def test_an_error_arrives_as_itself_and_is_not_tried_again(pair: RayCrew) -> None:
    results = pair.map(jobs.refuse_odd, "job", range(4))
    assert next(results) == 0
    with pytest.raises(engine.errors.StoreError) as error:
        next(results)
    assert type(error.value) is engine.errors.StoreError
    assert (error.value.code, error.value.message, error.value.hint) == ("STORE_RANGE", "job 1", "do something")


def test_a_job_whose_worker_was_killed_is_done_by_another(
    pair: RayCrew, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert list(pair.map(jobs.die_once, tmp_path, range(5))) == [0, 10, 20, 30, 40]
    time.sleep(1.0)
    told = capfd.readouterr()
    assert "warning: a worker died; its job is given to another" in told.err
    assert told.out == ""


def test_a_job_that_kills_every_worker_is_given_up(pair: RayCrew) -> None:
    with pytest.raises(SaeRadError, match="CLUSTER_WORKER_DIED"):
        list(pair.map(jobs.always_die, None, [1]))
    assert list(pair.map(jobs.scale, np.ones(1, np.float32), [3])) == [np.float32(3)]


def test_all_errors_can_travel() -> None:
    kinds = [kind for kind in vars(engine.errors).values() if isinstance(kind, type) and issubclass(kind, SaeRadError)]
    assert len(kinds) > 5
    for kind in kinds:
        error = kind() if kind is engine.errors.Cancelled else kind("CODE", "what", "do")
        found = pickle.loads(pickle.dumps(error))
        assert (type(found), found.args) == (kind, error.args)


@needs_ray
@pytest.mark.parametrize(
    "address",
    ["local:0", "local:x", "local:", "nonsense", "host:port", "127.0.0.1:9", "ray://127.0.0.1:9", ":6379"],
)
def test_where_no_cluster_is_the_message_says_so(address: str) -> None:
    with pytest.raises(UsageError, match="CLUSTER_ADDRESS"):
        RayCrew(address)


@needs_ray
def test_where_something_else_listens_ray_writes_nothing_of_its_own(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("engine.cluster.address.ANSWER_S", 8.0)
    told = r"CLUSTER_ADDRESS.* gives no answer within 8 s"
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(UsageError, match=told):
        RayCrew(f"127.0.0.1:{silent.getsockname()[1]}")
    assert capfd.readouterr() == ("", "")


def test_without_ray_the_message_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UsageError, match=r"CLUSTER_NO_RAY.*saerad-workstation\[cluster\]"):
        RayCrew("local")


ALONE = """
import os
from engine.cluster.ray_crew import RayCrew
try:
    RayCrew("local:1", cpus=2)
except Exception as error:
    print(error)
with RayCrew("local:1") as crew:
    print(crew.size, os.environ["RAY_USAGE_STATS_ENABLED"])
"""


@needs_ray
def test_a_cluster_too_small_is_refused_and_nothing_is_left(repository: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", ALONE],
        env=os.environ | {"PYTHONPATH": str(repository)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, "")
    assert "CLUSTER_SMALL" in out and out.splitlines()[-1] == "1 0"
    assert not list(Path("/tmp/ray").glob(f"session_*_{process.pid}"))
    processes = subprocess.run(["ps", "-eo", "args"], check=True, capture_output=True, text=True).stdout
    assert f"_{process.pid}/" not in processes
