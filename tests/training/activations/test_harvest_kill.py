"""A harvest that is killed, in its own process, again and again: the store comes out the same to the last bit."""

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

from tests.training.activations.toy import write_pictures
from training.activations.store import ActivationStore

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")]
IMAGES, SHARD = 160, 4
LIMIT_S = 120.0


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Many names of a few pictures."""
    folder = write_pictures(tmp_path_factory.mktemp("many") / "p", 8)
    pictures = sorted(folder.iterdir())
    for number in range(8, IMAGES):
        os.link(pictures[number % 8], folder / f"{number:03d}.png")
    return folder


Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture(scope="module")
def start(repository: Path, toy_pack: Path, many: Path) -> Start:
    """Starts the same harvest into a folder."""

    def run(out: Path, *more: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "training.cli", "harvest", "--pack", str(toy_pack), "--images", str(many)]
        command += ["--out", str(out), "--shard-rows", str(SHARD), "--batch", "3", "--workers", "1", "--device", "cpu"]
        environment = os.environ | {"PYTHONPATH": str(repository), "OMP_NUM_THREADS": "1"}
        return subprocess.Popen(
            [*command, *more],
            cwd=out.parent,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    return run


def finish(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=LIMIT_S)
    return process.returncode, out, err


def wait(ready: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + LIMIT_S
    while not ready() and process.poll() is None and time.monotonic() < end:
        time.sleep(0.002)


def shards(out: Path) -> int:
    return len(list(out.glob("shard-*.safetensors")))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, start: Start) -> Path:
    out = tmp_path_factory.mktemp("undisturbed") / "s"
    status, _, err = finish(start(out))
    assert (status, err) == (0, "")
    return out


def test_killed_anywhere_it_goes_on_to_the_same_bytes(start: Start, undisturbed: Path, tmp_path: Path) -> None:
    out = tmp_path / "s"
    for least in (0, 1, 5, 12):
        process = start(out)
        wait(lambda n=least: out.exists() and shards(out) >= n, process)  # type: ignore[misc]
        process.kill()
        status, _, err = finish(process)
        assert (status, err) == (-signal.SIGKILL, "")
    status, told, err = finish(start(out, "--json"))
    assert (status, err) == (0, "")
    found = json.loads(told)
    assert found["complete"] and 0 < found["images_new"] <= IMAGES - 12 * SHARD + SHARD
    assert contents(out) == contents(undisturbed)
    ActivationStore(out).verify()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_asked_to_stop_it_finishes_the_shard_and_says_how_to_go_on(
    start: Start, undisturbed: Path, tmp_path: Path, number: signal.Signals
) -> None:
    out = tmp_path / "s"
    process = start(out, "--json")
    wait(lambda: out.exists() and shards(out) >= 2, process)
    process.send_signal(number)
    status, told, err = finish(process)
    assert status == 130
    assert "finishing the shard in work" in err and "the same command goes on" in err and "Traceback" not in err
    found = json.loads(told)
    assert not found["complete"] and found["images_done"] % SHARD == 0 and found["images_done"] >= 2 * SHARD
    assert not list(out.glob(".saerad-*"))
    assert finish(start(out))[0] == 0
    assert contents(out) == contents(undisturbed)
