"""The training loop: it learns, it resumes exactly, it stops when asked."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest
import torch

from tests.training.encoder.toy import toy_config, toy_data, with_steps
from training.encoder.checkpoint import load_checkpoint, load_model
from training.encoder.train import Trainer, learning_rate, run, train_encoder


@pytest.mark.slow
def test_training_learns_the_finding_and_points_at_it(tmp_path: Path) -> None:
    checkpoint = train_encoder(toy_config(150), toy_data(), tmp_path)
    rows = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    losses = [row["loss"] for row in rows if row["kind"] == "train"]
    assert losses[-1] < losses[0]
    figures = load_checkpoint(checkpoint).meta["figures"]
    assert figures["auroc/Lung Lesion"] > 0.9
    assert figures["pointing/Lung Lesion"] > 0.8


def test_resuming_continues_exactly(tmp_path: Path) -> None:
    data = toy_data()
    whole = train_encoder(toy_config(8), data, tmp_path / "whole")
    halved = Trainer(toy_config(8), data)
    for _ in range(5):
        halved.train_step()
    halved.save(tmp_path / "halved")
    resumed = train_encoder(toy_config(8), data, tmp_path / "halved")
    first, second = load_checkpoint(whole), load_checkpoint(resumed)
    assert first.step == second.step == 8
    assert first.tensors.keys() == second.tensors.keys()
    for name, tensor in first.tensors.items():
        torch.testing.assert_close(tensor, second.tensors[name], rtol=0, atol=0, msg=name)


def test_a_signal_saves_what_was_learned(tmp_path: Path) -> None:
    trainer = Trainer(with_steps(toy_config(8), 10_000), toy_data())
    step = trainer.train_step

    def interrupted() -> dict[str, float]:
        if trainer.step == 3:
            os.kill(os.getpid(), signal.SIGTERM)
        return step()

    trainer.train_step = interrupted  # type: ignore[method-assign]
    saved = load_checkpoint(run(trainer, tmp_path))
    assert saved.step == 4
    assert load_model(tmp_path).outputs == trainer.data.outputs


def test_nothing_is_built_on_a_run_that_was_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    step = Trainer.train_step

    def interrupted(trainer: Trainer) -> dict[str, float]:
        if trainer.step == 2:
            os.kill(os.getpid(), signal.SIGINT)
        return step(trainer)

    monkeypatch.setattr(Trainer, "train_step", interrupted)
    with pytest.raises(KeyboardInterrupt, match="step 3"):
        train_encoder(toy_config(8), toy_data(), tmp_path)
    monkeypatch.undo()
    assert load_checkpoint(train_encoder(toy_config(8), toy_data(), tmp_path)).step == 8


def test_the_rate_rises_then_falls_to_its_end() -> None:
    optimiser = toy_config(100).optimiser
    rates = [learning_rate(optimiser, p / 100) for p in range(101)]
    top = rates.index(max(rates))
    assert 0 < top < 10
    assert rates[:top] == sorted(rates[:top])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert rates[-1] == optimiser.final_rate
