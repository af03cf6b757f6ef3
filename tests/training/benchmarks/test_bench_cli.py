"""`saerad-train bench` as a person calls it, without other libraries."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from training.benchmarks.peers import environment
from training.cli import main

TINY = ["--features", "96", "--d-model", "16", "--batch", "32", "--rounds", "1", "--threads", "1", "--arch", "topk"]


def test_json_is_one_object_with_the_promised_keys(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert main(["bench", "sae-throughput", "--no-peers", "--json", "--out", str(out), *TINY]) == 0
    values = json.loads(capsys.readouterr().out)
    assert set(values["ours"]) == {"topk 96"} and values["peers"] == {} and values["ratio"] is None
    assert values["notes"] == ["the other libraries were left out (--no-peers)"]
    assert values["settings"]["command"].startswith("saerad-train bench sae-throughput")
    assert sorted(path.name for path in out.iterdir()) == [f"sae-throughput.{end}" for end in ("json", "md", "png")]


def test_quality_prints_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--steps", "5", "--rates", "0.003", "--arch", "topk", "--threads", "1", "--no-peers"]
    assert main(["bench", "sae-quality", *options]) == 0
    assert "| topk | ours | " in capsys.readouterr().out


def test_libraries_that_cannot_be_installed_are_noted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "_run", lambda command: "no network" if "install" in command else "")
    assert main(["bench", "sae-throughput", "--json", "--env", str(tmp_path / "env"), *TINY]) == 0
    values = json.loads(capsys.readouterr().out)
    assert values["ratio"] is None and "no network" in values["notes"][0]


def test_an_environment_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []

    def record(command: list[str]) -> str:
        commands.append(command)
        python = tmp_path / "env" / ("Scripts/python.exe" if environment.os.name == "nt" else "bin/python")
        python.parent.mkdir(parents=True, exist_ok=True)
        python.touch()
        return ""

    monkeypatch.setattr(environment, "_run", record)
    first, again = (environment.prepare(tmp_path / "env") for _ in range(2))
    assert first == again and first.python is not None
    assert [command[1:4] for command in commands] == [
        ["-m", "venv", str(tmp_path / "env")],
        *[["-m", "pip", w] for w in ("install", "uninstall")],
    ]


@pytest.mark.parametrize(
    "options",
    [
        ["sae-throughput", "--arch", "relu"],
        ["sae-throughput", "--features", "0"],
        ["sae-throughput", "--features", "32"],
        ["sae-throughput", "--threads", "0"],
        ["sae-throughput", "--l0", "0"],
        ["sae-quality", "--steps", "-1"],
        ["sae-quality", "--rates", "0"],
    ],
)
def test_options_out_of_range_are_usage_errors(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", *options, "--no-peers"]) == 2
    assert capsys.readouterr().err.startswith("error [BENCH_OPTION]: ")


@pytest.mark.parametrize("options", [[], ["viewer"], ["sae-quality", "--rates", "fast"]])
def test_what_cannot_be_read_is_refused(options: list[str]) -> None:
    assert main(["bench", *options]) == 2
