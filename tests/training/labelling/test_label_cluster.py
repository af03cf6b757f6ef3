"""`saerad-train label --cluster`: the same labels, whoever makes them and whoever dies of it."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import sys
from pathlib import Path

import pytest

from engine.cluster.ray_crew import RayCrew
from training.cli import main
from training.labelling import run
from training.labelling.chunk import ChunkJob, ChunkTask, label_chunk
from training.labelling.images import CaseSource, label_images
from training.labelling.label import ChunkLabels
from training.sae.folded import FoldedSae
from training.sae.store_tokens import StoreChoice, StoreTokens

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals"),
    pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed (extra 'cluster')"),
]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_two_workers_make_the_same_labels_as_one_process(
    sae: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["label", "--run", str(sae), "--chunk", "8", "--json"]
    assert main([*command, "--out", str(tmp_path / "one")]) == 0
    assert main([*command, "--out", str(tmp_path / "two"), "--cluster", "local:2"]) == 0
    one, two = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert one["features_new"] == two["features_new"] == 64
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_a_killed_worker_is_replaced_and_nothing_is_lost(
    sae: Path, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = tmp_path / "dead"

    def dying(task: ChunkTask, job: ChunkJob) -> ChunkLabels:
        if job.number == 3 and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return label_chunk(task, job)

    monkeypatch.setattr(run, "label_chunk", dying)
    images = label_images(StoreTokens(store, StoreChoice()), CaseSource())
    with RayCrew("local:2") as crew:
        run.label_dictionary(
            sae.name,
            FoldedSae.load(sae / "sae.safetensors"),
            images,
            tmp_path / "killed",
            run.LabelOptions(chunk=8),
            crew=crew,
            progress=run.Silent(),
            stop=lambda: False,
        )
    assert mark.exists()
    assert main(["label", "--run", str(sae), "--out", str(tmp_path / "one"), "--chunk", "8"]) == 0
    assert contents(tmp_path / "one") == contents(tmp_path / "killed")
