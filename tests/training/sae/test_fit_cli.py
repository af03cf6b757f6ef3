"""`saerad-train fit` in a process of its own, ended by signals."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from tests.training.sae.test_gated import dictionary_data
from training.activations.progress import ProgressBar
from training.cli import main
from training.sae.architectures import ARCHITECTURES
from training.sae.cli import NAMES
from training.sae.config import FitConfig, SaeConfig
from training.sae.fit import Fit
from training.sae.token_file import read_token_file

OPTIONS = [
    *("--arch", "batchtopk", "--features", "96", "--k", "3,5", "--lr", "0.003"),
    *("--steps", "400", "--batch", "64", "--threads", "1"),
    *("--checkpoint-every", "9", "--log-every", "10", "--evaluate-every", "100", "--no-report"),
]


@pytest.fixture
def tokens(tmp_path: Path) -> Path:
    path = tmp_path / "tokens.npy"
    np.save(path, dictionary_data(1, 1500)[0])
    return path


def begin(tokens: Path, out: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "training.cli", "fit", "--tokens", str(tokens), "--out", str(out), "--resume"]
    return subprocess.Popen([*command, *OPTIONS], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def progress(out: Path) -> int:
    """Return the last logged step."""
    logs = list(out.glob("*/metrics.jsonl"))
    lines = logs[0].read_text().splitlines() if logs else []
    return int(json.loads(lines[-1])["step"]) if lines and lines[-1].endswith("}") else 0


def wait_for_step(process: subprocess.Popen[str], out: Path, step: int) -> None:
    while process.poll() is None and progress(out) < step:
        time.sleep(0.005)


def results(out: Path) -> dict[str, bytes]:
    kept = ("safetensors", "jsonl", "result.json")
    return {str(p.relative_to(out)): p.read_bytes() for p in sorted(out.rglob("*")) if p.name.endswith(kept)}


def kill_and_go_on(begin: Callable[[Path], subprocess.Popen[str]], straight: Path, killed: Path) -> None:
    """Let one run go straight through, kill another several times, and let that one end too."""
    process, chance, kills = begin(straight), random.Random(0), 0
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    for step in (40, 150, 290):
        process = begin(killed)
        wait_for_step(process, killed, step)
        time.sleep(chance.random() * 0.02)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
        kills += process.returncode == -signal.SIGKILL
    assert kills >= 2
    process = begin(killed)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_run_killed_several_times_ends_with_the_same_bits(tokens: Path, tmp_path: Path) -> None:
    straight, killed = tmp_path / "straight", tmp_path / "killed"
    kill_and_go_on(partial(begin, tokens), straight, killed)
    assert results(killed) == results(straight)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_an_interrupt_saves_and_ends_with_130(tokens: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "run"
    process = begin(tokens, out)
    wait_for_step(process, out, 50)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, "Traceback" in errors) == (130, False), errors
    assert main(["fit", "--out", str(out), "--resume", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert sorted(found) == sorted(path.parent.name for path in out.glob("*/result.json"))
    assert all(result["steps"] == 400 for result in found.values())


def test_data_that_cannot_be_used_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def code(path: Path) -> str:
        assert main(["fit", "--tokens", str(path), "--out", str(tmp_path / "run"), *OPTIONS]) == 3
        return capsys.readouterr().err

    assert "FIT_TOKENS" in code(tmp_path / "missing.npy")
    for name, values in {
        "three": np.ones((2, 2, 2)),
        "text": np.array([["a"]]),
        "nan": np.full((9, 2), np.nan),
    }.items():
        np.save(tmp_path / f"{name}.npy", values)
        assert "FIT_TOKENS" in code(tmp_path / f"{name}.npy")
    (tmp_path / "x.csv").write_text("1,2\n3,4\n")
    assert "x.csv cannot be trained on: it is no .npy file by its first bytes" in code(tmp_path / "x.csv")
    np.save(tmp_path / "objects.npy", np.array([[{}]]), allow_pickle=True)
    assert "holds Python objects" in (told := code(tmp_path / "objects.npy")) and "pickle" not in told
    save_file({"a": np.ones((3, 3)), "b": np.ones((3, 3))}, tmp_path / "two.safetensors")
    assert "2 matrices" in code(tmp_path / "two.safetensors")
    (tmp_path / "damaged.safetensors").write_bytes(b"12")
    assert "FIT_TOKENS" in code(tmp_path / "damaged.safetensors")


def test_a_run_is_neither_overwritten_nor_invented(
    tokens: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "run")
    assert main(["fit", "--out", out, "--resume"]) == 2
    assert "FIT_OPTION" in capsys.readouterr().err
    short = [*OPTIONS, "--steps", "3"]
    assert main(["fit", "--tokens", str(tokens), "--out", out, *short]) == 0
    assert "FVU" in capsys.readouterr().out
    assert main(["fit", "--tokens", str(tokens), "--out", out, *short]) == 2
    assert "FIT_RUN_EXISTS" in capsys.readouterr().err
    assert main(["fit", "--tokens", str(tokens), "--out", out, "--resume", *OPTIONS]) == 2
    assert "FIT_OTHER_RUN" in (err := capsys.readouterr().err) and "steps (3, now 400)" in err
    assert main(["fit", "--tokens", str(tokens), "--out", out, "--resume", *short, "--k", "9"]) == 2
    assert "holds a run with other options or other data: --k (3,5, now 9);" in capsys.readouterr().err


def test_the_command_offers_every_architecture() -> None:
    assert list(NAMES) == list(ARCHITECTURES)


def test_a_full_disk_is_told_and_keeps_the_old_checkpoint(
    tokens: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("training.sae.checkpoint.save_file", full)
    assert main(["fit", "--tokens", str(tokens), "--out", str(tmp_path / "run"), *OPTIONS]) == 3
    assert "error [FIT_WRITE]" in capsys.readouterr().err


def test_a_sweep_of_which_one_diverged_says_so_and_keeps_the_others(
    tokens: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # The options of a sweep share a learning rate, so this run is begun by hand.
    good, bad = (SaeConfig("relu", 64, rate, penalty=0.1) for rate in (0.01, 1e30))
    source, out = read_token_file(tokens, 0, 0), tmp_path / "run"
    identity = {"data": source.identity, "tokens": str(tokens), "code_revision": "", "command": "fit"}
    Fit(FitConfig((good, bad), 30, 64, threads=1), source.stream(64, 0), source.held_out, out, identity).begin()
    assert main(["fit", "--out", str(out), "--resume"]) == 3
    assert f"error [FIT_DIVERGED] the loss of {bad.name}" in capsys.readouterr().err
    assert f"`{bad.name}` is missing" in (out / "README.md").read_text()
    assert (out / good.name / "sae.safetensors").is_file()
    assert main(["report", str(out)]) == 0


def test_a_run_is_gone_on_with_as_it_was_begun(
    tokens: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = ["--out", str(tmp_path / "run")]
    assert main(["fit", "--tokens", str(tokens), *out, *OPTIONS, "--steps", "3"]) == 0
    capsys.readouterr()
    assert main(["fit", *out, "--resume", "--steps", "60", "--lr", "0.5"]) == 2
    assert "--lr, --steps cannot be given again" in capsys.readouterr().err
    # Values of other than this run's, though the command's defaults.
    for option, value in (("--threads", "2"), ("--batch", "4096"), ("--tokens-kind", "class")):
        assert main(["fit", *out, "--resume", option, value]) == 2
        assert f"{option} cannot be given again" in capsys.readouterr().err
    assert main(["fit", *out, "--resume", "--no-report"]) == 0


def test_an_l0_that_was_missed_is_told(tokens: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["fit", "--tokens", str(tokens), "--arch", "relu", "--features", "64", "--steps", "3", "--threads", "1"]
    assert main([*command, "--l0", "2", "--out", str(tmp_path / "short")]) == 0
    err = capsys.readouterr().err
    assert "was asked for an L0 of 2 and has" in err and "more steps or another --lr" in err
    assert "More than a tenth beside the L0" in (tmp_path / "short" / "README.md").read_text()
    assert main([*command, "--lam", "0.1", "--out", str(tmp_path / "free")]) == 0
    assert "was asked for" not in capsys.readouterr().err


@pytest.mark.skipif(os.name != "posix", reason="terminals of POSIX")
@pytest.mark.parametrize("width", [0, 60])
def test_progress_is_shown_on_a_terminal_of_any_width(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    import fcntl
    import pty
    import struct
    import termios

    reader, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", width // 2, width, 0, 0))
    with os.fdopen(terminal, "w") as stderr:
        monkeypatch.setattr(sys, "stderr", stderr)
        with ProgressBar(4, "fit") as bar:
            bar.step(4)
        stderr.flush()
        shown = os.read(reader, 4096).decode()
    os.close(reader)
    assert "fit:" in shown and "0/4" in shown


@pytest.mark.parametrize("rows", [3, 100])
def test_tokens_that_do_not_differ_are_refused(rows: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    values = np.ones((rows, 8), np.float32) if rows > 3 else np.random.default_rng(0).random((rows, 8), np.float32)
    np.save(tmp_path / "t.npy", values)
    command = ["fit", "--tokens", str(tmp_path / "t.npy"), "--out", str(tmp_path / "run"), "--arch", "topk", "--k", "2"]
    assert main([*command, "--steps", "2", "--threads", "1"]) == 3
    assert "FIT_TOKENS" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_file_in_place_of_the_folder_is_told(
    tokens: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x.txt").write_text("mine")
    command = ["fit", "--tokens", str(tokens), "--out", str(tmp_path / "x.txt"), "--arch", "topk", "--k", "2"]
    assert main([*command, "--features", "32", "--steps", "2", "--threads", "1"]) == 3
    assert "FIT_WRITE" in capsys.readouterr().err
    assert (tmp_path / "x.txt").read_text() == "mine"


def test_a_folder_in_other_use_is_left_alone(tokens: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "thesis"
    (out / "sub").mkdir(parents=True)
    command = ["fit", "--tokens", str(tokens), "--out", str(out), *OPTIONS, "--k", "3", "--steps", "3"]
    (out / "sub" / "chapter.md").write_text("mine")
    for resume in ([], ["--resume"]):
        assert main([*command, *resume]) == 2
        assert "[FIT_OTHER_RUN]" in capsys.readouterr().err
        assert [path.name for path in out.rglob("*")] == ["sub", "chapter.md"]
    # A run killed before its first checkpoint leaves nothing that is worth keeping.
    (out / "sub" / "chapter.md").rename(out / "sub" / "metrics.jsonl")
    (out / "fit.json").write_text("{}")
    assert main(command) == 0


def test_a_batch_larger_than_the_data_is_told(tokens: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["fit", "--tokens", str(tokens), *OPTIONS, "--k", "3", "--steps", "2"]
    command.remove("--no-report")
    assert main([*command, "--out", str(tmp_path / "all"), "--batch", "4096"]) == 0
    told = "warning: --batch is 4096 tokens, and there are 1350 to train on: each step takes all"
    assert told in capsys.readouterr().err
    assert "Each step takes all 1350 tokens" in (tmp_path / "all" / "README.md").read_text()
    assert main([*command, "--out", str(tmp_path / "some")]) == 0
    assert "--batch" not in capsys.readouterr().err
    assert "Each step takes 64 of 1350 tokens" in (tmp_path / "some" / "README.md").read_text()


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--k", "500"], "--k is 500; it must be less than the 96 latents"),
        (["--k", "-3"], "--k is -3"),
        (["--k", "3,0"], "--k is 0; it must be a number greater than 0"),
        (["--lam", "0"], "--lam is 0.0; it must be a number greater than 0"),
        (["--l0", "inf"], "--l0 is inf"),
        (["--lam", "0.1"], "--k and --lam are given; give one of them"),
        (["--features", "0"], "--features"),
        (["--lr", "0"], "--lr is 0.0"),
        (["--lr", "nan"], "--lr is nan"),
        (["--seed", "-1"], "--seed is -1"),
        (["--steps", "0"], "--steps is 0"),
        (["--batch", "-5"], "--batch is -5"),
        (["--log-every", "0"], "--log-every is 0"),
        (["--parts", "65"], "--parts is 65; it must be 1 to 64"),
        (["--held-out", "-1"], "--held-out is -1"),
    ],
)
def test_an_option_out_of_range_is_named(
    tokens: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], named: str
) -> None:
    assert main(["fit", "--tokens", str(tokens), "--out", str(tmp_path / "run"), *OPTIONS, *options]) == 2
    told = capsys.readouterr().err
    assert told.startswith("error [FIT_OPTION]: ") and named in told
    assert not (tmp_path / "run").exists()
