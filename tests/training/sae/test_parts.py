"""A batch in parts: the gradients of the whole, the same bits by whoever computes them, however often one is killed."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.cluster.crew import LocalCrew
from engine.cluster.ray_crew import RayCrew
from engine.errors import UsageError
from tests.engine.cluster import jobs
from tests.training.sae.test_fit import HELD_OUT, Killed, Stream, configuration, files, finished, new_run, some_sae
from tests.training.sae.test_fit_cli import OPTIONS, results, wait_for_step
from tests.training.sae.test_gated import dictionary_data
from training.sae.architectures import ARCHITECTURES, FIXED_K, Shape
from training.sae.architectures.base import Step, grad
from training.sae.config import FitConfig
from training.sae.encoding import Scratch
from training.sae.fit import Fit
from training.sae.parts import Design, gradients_in_parts

posix = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
has_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed (extra 'cluster')")
ROWS = 50


class Elsewhere:
    """A crew that is not this process by its type, so that weights and gradients travel."""

    size = 1

    def map(self, work: Callable[[Any, Any], Any], shared: Any, jobs: Iterable[Any]) -> Generator[Any, None, None]:
        return LocalCrew().map(work, shared, jobs)


def batch(rows: int = ROWS) -> torch.Tensor:
    return torch.from_numpy(dictionary_data(1, rows)[0])


def two_runs(config: FitConfig, tmp_path: Path, crew: Any) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """What a run leaves that this process does, and one that a crew does."""
    finished(config, tmp_path / "here")
    fit = Fit(config, Stream(config.batch), HELD_OUT, tmp_path / "there", {"data": {"rows": 2000}}, crew=crew)
    fit.begin()
    fit.run()
    return files(tmp_path / "here"), files(tmp_path / "there")


@pytest.mark.parametrize("arch", [arch for arch in ARCHITECTURES if arch not in ("batchtopk", "matryoshka-batchtopk")])
@pytest.mark.parametrize("parts", [1, 3])
def test_the_parts_gradients_make_up_the_whole(arch: str, parts: int) -> None:
    x = batch()
    shape = Shape(x.shape[1], 64, 4)
    design = Design(arch, shape, low_precision=False)
    model = design.build(Scratch())
    generator = torch.Generator().manual_seed(1)
    for value in model.parameters():
        value.normal_(0.0, 0.4, generator=generator)
    step = Step(0.05, torch.tensor([3, 9]) if arch in FIXED_K else None)
    whole = model.gradients(x, step)
    expected = {name: grad(value).clone() for name, value in model.named_parameters()}
    found = gradients_in_parts(LocalCrew(), design, model, x, step, parts=parts, threads=1, residual=True)
    for name, value in model.named_parameters():
        torch.testing.assert_close(grad(value), expected[name], atol=1e-5, rtol=1e-4)
    assert found.terms == pytest.approx(whole.terms, rel=1e-5)
    assert torch.equal(found.fires, whole.fires()) and found.mean_l0() == whole.mean_l0()
    assert found.residual is not None
    torch.testing.assert_close(found.residual, whole.residual)


def test_the_threshold_of_batchtopk_is_the_mean_of_its_parts(tmp_path: Path) -> None:
    x = batch(48)
    design = Design("batchtopk", Shape(x.shape[1], 64, 4), low_precision=False)
    model = design.build(Scratch())
    for value in model.parameters():
        value.normal_(0.0, 0.4, generator=torch.Generator().manual_seed(1))
    smallest = [model.gradients(piece, Step()).smallest for piece in x.split((32, 16))]
    assert float(model.state_dict()["running_threshold"]) == 0.0  # gradients leave everything else as it is
    found = gradients_in_parts(LocalCrew(), design, model, x, Step(), parts=2, threads=1, residual=False)
    halves = [model.gradients(piece, Step()).smallest for piece in x.split((24, 24))]
    assert None not in smallest and halves[0] is not None and halves[1] is not None
    assert found.smallest == pytest.approx((halves[0] + halves[1]) / 2, rel=1e-12)
    assert found.residual is None


@pytest.mark.parametrize("arch", list(ARCHITECTURES))
def test_one_part_elsewhere_gives_the_bits_of_none(arch: str, tmp_path: Path) -> None:
    config = configuration(some_sae(arch, n_features=256), dead_after=128)
    here, there = two_runs(config, tmp_path, Elsewhere())
    assert here == there


def test_more_parts_than_rows_are_refused() -> None:
    with pytest.raises(UsageError, match="FIT_OPTION"):
        configuration(some_sae("topk"), parts=65)


@pytest.mark.slow
@posix
@pytest.mark.parametrize("arch", list(ARCHITECTURES))
def test_workers_of_a_cluster_give_the_bits_of_one_process(arch: str, pair: RayCrew, tmp_path: Path) -> None:
    saes = (some_sae(arch, n_features=256), some_sae(arch, n_features=256, seed=3))
    here, there = two_runs(configuration(*saes, dead_after=128, parts=2), tmp_path, pair)
    assert here == there


@pytest.mark.slow
@posix
def test_workers_that_are_killed_change_nothing(pair: RayCrew, tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    workers = {pid for _, pid in pair.map(jobs.note, tmp_path / "notes", range(6))}
    assert len(workers) == 2

    class Killing(Stream):
        def next_batch(self) -> np.ndarray[Any, np.dtype[np.float32]]:
            if self.read in (15, 30):
                # Some milliseconds later, when it computes.
                threading.Timer(0.01, os.kill, (workers.pop(), signal.SIGKILL)).start()
            return super().next_batch()

    config = configuration(some_sae("batchtopk", n_features=256), dead_after=128, parts=2)
    finished(config, tmp_path / "here")
    fit = Fit(config, Killing(config.batch), HELD_OUT, tmp_path / "there", {"data": {"rows": 2000}}, crew=pair)
    fit.begin()
    fit.run()
    assert not workers
    assert files(tmp_path / "here") == files(tmp_path / "there")


def test_a_run_in_parts_that_is_killed_goes_on_exactly(tmp_path: Path) -> None:
    config = configuration(some_sae("gated", n_features=256), dead_after=128, parts=3)
    finished(config, tmp_path / "straight")
    fit = new_run(config, tmp_path / "killed", 19)
    fit.begin()
    with pytest.raises(Killed):
        fit.run()
    fit = new_run(config, tmp_path / "killed")
    fit.resume()
    fit.run()
    assert files(tmp_path / "killed") == files(tmp_path / "straight")


@pytest.mark.slow
@posix
@has_ray
def test_a_driver_that_is_killed_goes_on_anywhere(tmp_path: Path) -> None:
    tokens = tmp_path / "tokens.npy"
    np.save(tokens, dictionary_data(1, 1500)[0])

    def begin(out: Path, *more: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "training.cli", "fit", "--tokens", str(tokens), "--out", str(out), "--resume"]
        return subprocess.Popen([*command, *OPTIONS, *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    process = begin(tmp_path / "straight", "--parts", "2")
    _, err = process.communicate(timeout=300)
    assert (process.returncode, err) == (0, "")
    process = begin(tmp_path / "killed", "--cluster", "local:2")
    wait_for_step(process, tmp_path / "killed", 100)
    process.kill()
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    for logs in Path("/tmp/ray").glob(f"session_*_{process.pid}"):
        shutil.rmtree(logs, ignore_errors=True)
    # The run knows its parts: it goes on by one process.
    process = begin(tmp_path / "killed")
    _, err = process.communicate(timeout=300)
    assert (process.returncode, err) == (0, "")
    assert results(tmp_path / "killed") == results(tmp_path / "straight")
