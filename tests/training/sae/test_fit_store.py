"""`saerad-train fit --store`: from a harvested store, killed and gone on with."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from tests.training.sae.stores import store_of
from tests.training.sae.test_fit_cli import OPTIONS, kill_and_go_on, results
from tests.training.sae.test_gated import dictionary_data
from training.cli import main

SPLITS = ["val" if n % 10 == 0 else "train" for n in range(1500)]
# Windows of 500 tokens: every epoch reads several, so that a kill falls between and within them.
STORE_OPTIONS = [*OPTIONS, "--buffer", "500"]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return store_of(tmp_path / "store", dictionary_data(1, 1500)[0], SPLITS).folder


def begin(store: Path, out: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "training.cli", "fit", "--store", str(store), "--out", str(out), "--resume"]
    return subprocess.Popen([*command, *STORE_OPTIONS], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_run_on_a_store_killed_several_times_ends_with_the_same_bits(store: Path, tmp_path: Path) -> None:
    straight, killed = tmp_path / "straight", tmp_path / "killed"
    kill_and_go_on(partial(begin, store), straight, killed)
    assert results(killed) == results(straight)
    assert len(results(killed)) > 6


def test_a_run_goes_on_alone_and_refuses_another_store(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, short = str(tmp_path / "run"), [*STORE_OPTIONS, "--steps", "3"]
    assert main(["fit", "--store", str(store), "--out", out, *short]) == 0
    identity = json.loads((tmp_path / "run/fit.json").read_text())["identity"]
    assert (len(identity["data"]["sha256"]), identity["data"]["held_out_images"]) == (64, 150)
    assert main(["fit", "--out", out, "--resume"]) == 0
    shutil.rmtree(store)
    store_of(store, dictionary_data(9, 1500)[0], SPLITS)
    capsys.readouterr()
    assert main(["fit", "--out", out, "--resume"]) == 2
    assert "FIT_OTHER_RUN" in capsys.readouterr().err
    assert main(["fit", "--store", str(store), "--out", out, "--resume", *short]) == 2
    assert "FIT_OTHER_RUN" in capsys.readouterr().err


def test_patches_can_be_trained_on(store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = [*STORE_OPTIONS, "--tokens-kind", "patches", "--steps", "3", "--json"]
    assert main(["fit", "--store", str(store), "--out", str(tmp_path / "run"), *options]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 2


def test_options_of_a_store_are_checked(store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    start = ["fit", "--out", str(tmp_path / "run"), *OPTIONS]
    assert main([*start, "--store", str(store), "--held-out-share", "1.5"]) == 2
    assert main(start) == 2
    assert main([*start, "--tokens", "x.npy", "--tokens-kind", "patches"]) == 2
    assert capsys.readouterr().err.count("FIT_OPTION") == 3
