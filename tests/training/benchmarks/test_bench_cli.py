"""`saerad-train bench` as a person calls it, without other libraries."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from training.benchmarks.encoder import flops
from training.benchmarks.peers import environment
from training.cli import main
from training.encoder.dinov2.config import Dinov2Config

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


def test_the_encoder_is_measured_beside_others_or_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    options = ["--quick", "--outliers", "--no-peers", "--threads", "1"]
    assert main(["bench", "encoder", *options, "--json", "--out", str(out)]) == 0
    values = json.loads(capsys.readouterr().out)
    cases = {case: values["ours"][case] for case in values["ours"] if case.startswith("one image")}
    assert [case.rpartition(", ")[2] for case in cases] == ["fp32", "int8"]
    features = [values["ours"][case] for case in values["ours"] if case not in cases]
    assert [case for case in values["ours"] if case.startswith("SAE and all maps (15 active of 1,024)")] == list(
        values["ours"]
    )[2:]
    assert len(features) == 2 and all(row["ms"] > 0 and row["encoder_share"] > 0 for row in features)
    assert values["peers"] == {} and values["ratio"] is None
    for figures in cases.values():
        assert figures["ms"] >= figures["least_ms"] > 0 and 20 < figures["peak_mib"] < 2000
    assert 0.999 < values["ours"]["one image of 70 x 70, int8"]["cosine"] < 1.0
    assert sorted(path.name for path in out.iterdir()) == [f"encoder.{end}" for end in ("json", "md", "png")]


@pytest.mark.slow
def test_the_encoder_is_measured_beside_transformers(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("transformers")
    assert main(["bench", "encoder", "--quick", "--json", "--threads", "1", "--rounds", "1"]) == 0
    values = json.loads(capsys.readouterr().out)
    assert {"transformers, eager", "plain export, onnxruntime"} <= set(values["peers"])
    assert values["ratio"] == min(case["ours_against"] for cases in values["peers"].values() for case in cases.values())


def test_operations_are_those_of_the_matrix_products() -> None:
    config = Dinov2Config.model_validate(
        {
            "model_type": "dinov2",
            "architectures": ["Dinov2Model"],
            "hidden_size": 768,
            "num_hidden_layers": 12,
            "num_attention_heads": 12,
            "image_size": 518,
            "patch_size": 14,
        }
    )
    assert flops(config, 518) == pytest.approx(302e9, rel=0.02)  # 233 G of linear layers, 69 G of attention
    assert 0.91 < flops(config, 518, class_row_only=True) / flops(config, 518) < 0.95
