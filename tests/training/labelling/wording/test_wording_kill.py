"""`saerad-train label --model` in a process of its own, killed; the model is a tiny one, see `tests/tiny_gguf.py`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.tiny_gguf import needs_llama, random_model
from tests.training.labelling.labelled import labelled_store, train

pytestmark = [
    needs_llama,
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals"),
]
NAMES = (
    "Cardiomegaly", "Edema", "Consolidation", "Pneumonia", "Atelectasis", "Pneumothorax", "Pleural Effusion", "Fracture"
)  # fmt: skip
LIMIT_S = 120.0


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An autoencoder in its run, on images with many findings."""
    folder = tmp_path_factory.mktemp("findings")
    store = labelled_store(folder / "store", NAMES).folder
    return train(store, folder / "run", "--arch", "batchtopk", "--features", "64", "--k", "6")


def test_killed_between_features_it_goes_on_to_the_same_bytes(findings: Path, tmp_path: Path, repository: Path) -> None:
    def start(out: Path) -> subprocess.Popen[str]:
        environment = os.environ | {"PYTHONPATH": str(repository), "OMP_NUM_THREADS": "1"}
        options = ["--run", str(findings), "--out", str(out), "--model", str(model), "--threads", "1", "--json"]
        call = [sys.executable, "-m", "training.cli", "label", *options]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(call, env=environment, text=True, **pipes)

    def lines(out: Path) -> int:
        path = out / "words.jsonl"
        return path.read_bytes().count(b"\n") if path.exists() else 0

    model = random_model(tmp_path / "random.gguf")
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    told, err = (first := start(whole)).communicate(timeout=LIMIT_S)
    assert (first.returncode, err) == (0, "")
    asked = json.loads(told)["refused"] + json.loads(told)["worded"]
    assert asked >= 6
    process, end = start(killed), time.monotonic() + LIMIT_S
    while lines(killed) < asked // 2 and process.poll() is None and time.monotonic() < end:
        time.sleep(0.005)
    process.kill()
    process.communicate(timeout=LIMIT_S)
    assert process.returncode == -signal.SIGKILL and asked // 2 <= lines(killed) < asked
    _, err = (last := start(killed)).communicate(timeout=LIMIT_S)
    assert (last.returncode, err) == (0, "")
    contents = [{path.name: path.read_bytes() for path in folder.iterdir()} for folder in (whole, killed)]
    assert contents[0] == contents[1] and sorted(contents[0]) == ["labels.json", "labels.jsonl", "readouts.json"]
