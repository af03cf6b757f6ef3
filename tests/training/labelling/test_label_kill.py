"""`saerad-train label` in a process of its own, ended by signals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from training.labelling.finished import FinishedLabels

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")]
FEATURES = 64
LIMIT_S = 120.0

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture(scope="module")
def start(repository: Path, sae: Path) -> Start:
    """Starts the same labelling into a folder, one feature a chunk."""

    def run(out: Path, *more: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "training.cli", "label", "--run", str(sae), "--out", str(out), "--chunk", "1"]
        environment = os.environ | {"PYTHONPATH": str(repository), "OMP_NUM_THREADS": "1"}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen([*command, *more], cwd=out.parent, env=environment, text=True, **pipes)

    return run


def finish(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=LIMIT_S)
    return process.returncode, out, err


def chunks(out: Path) -> dict[str, int]:
    """Return when each chunk that is there was written."""
    return {path.name: path.stat().st_mtime_ns for path in (out / "chunks").glob("chunk-*.json")}


def wait(process: subprocess.Popen[str], ready: Callable[[], bool]) -> None:
    end = time.monotonic() + LIMIT_S
    while not ready() and process.poll() is None and time.monotonic() < end:
        time.sleep(0.001)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, start: Start) -> Path:
    out = tmp_path_factory.mktemp("undisturbed") / "labels"
    status, _, err = finish(start(out))
    assert (status, err) == (0, "")
    return out


def test_killed_anywhere_it_goes_on_to_the_same_bytes_and_labels_nothing_twice(
    start: Start, undisturbed: Path, tmp_path: Path
) -> None:
    out, before = tmp_path / "labels", dict[str, int]()
    for least in (1, 10, 30, 50):
        process = start(out)
        wait(process, lambda n=least: len(chunks(out)) >= n)  # type: ignore[misc]
        process.kill()
        assert finish(process)[::2] == (-signal.SIGKILL, "")
        now = chunks(out)
        assert len(now) >= least and before.items() <= now.items()
        before = now
    status, told, err = finish(start(out, "--json"))
    assert (status, err) == (0, "")
    assert json.loads(told)["features_new"] == FEATURES - len(before)
    assert contents(out) == contents(undisturbed)


def test_killed_while_the_labels_are_put_together_it_does_that_again(
    start: Start, undisturbed: Path, tmp_path: Path
) -> None:
    kills = 0
    for number, sign in enumerate(("labels.jsonl", "readouts.json", "chunks/chunk-00063.json")):
        out = tmp_path / str(number)
        process = start(out)
        wait(process, (out / sign).exists)
        process.kill()
        kills += finish(process)[0] == -signal.SIGKILL
        status, _, err = finish(start(out))
        assert (status, err) == (0, "")
        assert contents(out) == contents(undisturbed)
    assert kills >= 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_asked_to_stop_it_finishes_the_chunk_and_says_how_to_go_on(
    start: Start, undisturbed: Path, tmp_path: Path, number: signal.Signals
) -> None:
    out = tmp_path / "labels"
    process = start(out, "--json")
    wait(process, lambda: len(chunks(out)) >= 5)
    process.send_signal(number)
    status, told, err = finish(process)
    assert status == 130
    assert "finishing the chunk in work" in err and "the same command goes on" in err and "Traceback" not in err
    found = json.loads(told)
    assert (found["complete"], found["features_done"]) == (False, len(chunks(out)))
    assert not list(out.rglob(".saerad-*"))
    assert finish(start(out))[0] == 0
    assert contents(out) == contents(undisturbed)


def test_two_commands_do_not_write_one_folder(start: Start, undisturbed: Path, tmp_path: Path) -> None:
    out = tmp_path / "labels"
    first = start(out)
    wait(first, lambda: len(chunks(out)) >= 1)
    second = finish(start(out))
    status = finish(first)[0]
    assert status == 0 and contents(out) == contents(undisturbed)
    # Where the first was done before the second began, there was nothing left to do.
    assert second[0] == 0 or "[STORE_BUSY]" in second[2]
    assert len(list(FinishedLabels(out))) > 40
