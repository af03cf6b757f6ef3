"""A harvest by a cluster's workers: the bytes of one process, a killed worker replaced, each shard written once."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.cluster.crew import LocalCrew
from engine.cluster.ray_crew import RayCrew
from engine.errors import StoreError
from tests.engine.cluster import jobs
from tests.training.activations.test_harvest import FAILED, OPTIONS, contents, encoder_of
from tests.training.activations.test_harvest import Counter as Steps
from tests.training.activations.toy import write_pictures
from training.activations import writer
from training.activations.harvest import HarvestOptions, harvest, make_recipe
from training.activations.layout import Recipe, ShardEntry, read_store_file
from training.activations.makers import CrewMaker, LocalMaker, ShardTask, make_shard
from training.activations.opening import Opening
from training.activations.rows import HarvestRow, folder_rows
from training.activations.shard import ShardContent, write_shard
from training.activations.store import ActivationStore

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")]
MANY, SMALL = 120, HarvestOptions(dtype="float32", batch=3, shard_rows=4)


@dataclass(frozen=True)
class Many:
    """Many names of a few pictures, and the store that one process makes of them."""

    folder: Path
    rows: list[HarvestRow]
    store: Path


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory, toy_pack: Path) -> Many:
    place = tmp_path_factory.mktemp("many")
    folder = write_pictures(place / "p", 8)
    for number in range(8, MANY):
        os.link(folder / f"{number % 8:03d}.png", folder / f"{number:03d}.png")
    rows = folder_rows(folder)
    harvest(rows, LocalMaker(encoder_of(toy_pack), 0), place / "s", SMALL, progress=Steps(), stop=lambda: False)
    return Many(folder, rows, place / "s")


def opening_of(pack: Path) -> Opening:
    return Opening(str(pack), None, None, "last", "cpu", 1)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Counter[int]:
    """How often each shard is written."""
    counts: Counter[int] = Counter()

    def counted(folder: Path, number: int, recipe: Recipe, content: ShardContent) -> ShardEntry:
        counts[number] += 1
        return write_shard(folder, number, recipe, content)

    monkeypatch.setattr(writer, "write_shard", counted)
    return counts


@pytest.mark.parametrize("readers", [0, 1])
def test_the_bytes_are_those_of_one_process(
    pair: RayCrew, toy_pack: Path, pictures: Path, tmp_path: Path, readers: int
) -> None:
    rows, steps = folder_rows(pictures), Steps()
    harvest(rows, LocalMaker(encoder_of(toy_pack), 0), tmp_path / "a", OPTIONS, progress=steps, stop=lambda: False)
    there = CrewMaker(pair, opening_of(toy_pack), readers)
    result = harvest(rows, there, tmp_path / "b", OPTIONS, progress=steps, stop=lambda: False)
    assert result.complete and steps.steps == 2 * len(rows)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert len(ActivationStore(tmp_path / "b").failures()) == len(FAILED)


def test_a_worker_that_is_killed_is_replaced_and_each_shard_is_written_once(
    pair: RayCrew, toy_pack: Path, many: Many, tmp_path: Path, written: Counter[int]
) -> None:
    workers = {pid for _, pid in pair.map(jobs.note, tmp_path, range(6))}
    out, killed = tmp_path / "s", []

    class Killing(Steps):
        def step(self) -> None:
            super().step()
            # In the midst of it, and again when the next worker is at work.
            if self.steps in (20, 60) and workers:
                killed.append(workers.pop())
                os.kill(killed[-1], signal.SIGKILL)

    progress = Killing()
    result = harvest(
        many.rows, CrewMaker(pair, opening_of(toy_pack), 1), out, SMALL, progress=progress, stop=lambda: False
    )
    assert len(killed) == 2
    assert (result.complete, result.images_new, progress.steps) == (True, MANY, MANY)
    assert written == Counter(range(MANY // 4))
    assert contents(out) == contents(many.store)


def test_a_stopped_run_goes_on_with_the_missing_shards_only(
    pair: RayCrew, toy_pack: Path, many: Many, tmp_path: Path, written: Counter[int]
) -> None:
    rows, maker = many.rows, CrewMaker(pair, opening_of(toy_pack), 0)
    first = harvest(rows, maker, tmp_path / "s", SMALL, progress=Steps(), stop=lambda: sum(written.values()) == 7)
    assert (first.complete, first.images_done) == (False, 28)
    second = harvest(rows, maker, tmp_path / "s", SMALL, progress=Steps(), stop=lambda: False)
    assert (second.complete, second.images_new) == (True, MANY - 28)
    assert written == Counter(range(MANY // 4))
    assert contents(tmp_path / "s") == contents(many.store)


def test_a_worker_with_another_encoder_is_refused(toy_pack: Path, pictures: Path) -> None:
    rows = folder_rows(pictures)
    recipe = make_recipe(rows, encoder_of(toy_pack), OPTIONS).model_copy(update={"runtime": "onnxruntime 0.1"})
    with pytest.raises(StoreError, match=r"STORE_WORKER.*runtime.*0\.1"):
        list(LocalCrew().map(make_shard, ShardTask(opening_of(toy_pack), 0, recipe), [rows[:2]]))


@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed (extra 'cluster')")
def test_after_its_driver_was_killed_the_same_command_goes_on(
    repository: Path, toy_pack: Path, many: Many, tmp_path: Path
) -> None:
    out = tmp_path / "s"

    def begin() -> subprocess.Popen[str]:
        command = [
            sys.executable,
            "-m",
            "training.cli",
            "harvest",
            "--pack",
            str(toy_pack),
            "--images",
            str(many.folder),
        ]
        command += ["--out", out.name, "--shard-rows", "4", "--batch", "3", "--dtype", "float32", "--device", "cpu"]
        return subprocess.Popen(
            [*command, "--cluster", "local:2"],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(repository)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    process = begin()
    _wait(lambda: len(listed(out)) >= 3 or process.poll() is not None)
    process.kill()
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (-signal.SIGKILL, "")
    for logs in Path("/tmp/ray").glob(f"session_*_{process.pid}"):
        shutil.rmtree(logs, ignore_errors=True)
    before = listed(out)
    assert 3 <= len(before) < MANY // 4
    process = begin()
    told, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, "") and f"{MANY} images of {MANY}" in told
    assert before.items() <= listed(out).items()
    assert contents(out) == contents(many.store)


def listed(out: Path) -> dict[str, int]:
    """Finished shards, and when each was written."""
    if not (out / "store.json").exists():
        return {}
    return {entry.file: (out / entry.file).stat().st_mtime_ns for entry in read_store_file(out).shards}


def _wait(ready: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not ready() and time.monotonic() < end:
        time.sleep(0.002)
