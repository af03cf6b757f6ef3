"""The whole chain at toy size, as CI runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.pack.library import load_pack
from training.cli import main
from training.data.phantom.dataset import write_phantoms


@pytest.mark.slow
def test_from_nothing_to_a_measured_pack_and_again_from_its_stages(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "toy"
    command = ["demo-pack", "--toy", "--out", str(out), "--threads", "1"]
    assert main(command) == 0
    printed = capsys.readouterr().out
    assert "draft of the pack" in printed
    assert "random-weight encoder" in printed
    pack = load_pack(out)
    assert pack.manifest.sae.n_features == 16 * pack.manifest.sae.d_model
    assert pack.manifest.sae.mean_l0 == pytest.approx(10.0, rel=0.1)
    assert pack.manifest.metrics["largest difference of sae.onnx and torch"] <= 1e-4
    work = tmp_path / "toy-work"
    measured = json.loads((work / "evaluation" / "evaluation.json").read_text(encoding="utf-8"))
    assert set(measured["phantoms"]) == {"draft of the pack", "dense linear probe", "random-weight encoder"}
    reports = measured["reports"]
    assert set(reports["systems"]) == {
        "draft of the pack",
        "SAE-Rad as published",
        "dense linear probe",
        "nearest report",
        "always normal",
        "the phantoms' own reports",
    }
    assert reports["sentences"] == reports["sentences_with_evidence"]
    assert reports["faults"] == 0
    assert (work / "evaluation.md").read_text(encoding="utf-8").count("![") == 4
    encoder = (out / "encoder.onnx").read_bytes()
    stamp = (work / "encoder" / "encoder.onnx").stat().st_mtime_ns
    first = {name: entry.sha256 for name, entry in pack.manifest.files.items()}
    assert main([*command, "--no-evaluation"]) == 0
    again = load_pack(out)
    assert (work / "encoder" / "encoder.onnx").stat().st_mtime_ns == stamp
    assert (out / "encoder.onnx").read_bytes() == encoder
    assert again.manifest.files["sae.safetensors"].sha256 == first["sae.safetensors"]
    assert again.manifest.files["features.sqlite"].sha256 == first["features.sqlite"]


def test_it_does_not_write_over_something_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    assert main(["demo-pack", "--toy", "--out", str(tmp_path), "--work", str(tmp_path / "work")]) == 2
    assert "error [DEMO_PACK_OUT]" in capsys.readouterr().err
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_an_encoder_that_is_none_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "phantoms").mkdir()
    command = ["demo-pack", "--out", str(tmp_path / "out"), "--encoder", str(tmp_path / "empty")]
    assert main([*command, "--phantoms", str(tmp_path / "phantoms")]) == 2
    assert "error [DEMO_PACK_ENCODER]" in capsys.readouterr().err


def test_what_evaluate_cannot_measure_is_told(
    tmp_path: Path, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    phantoms = tmp_path / "phantoms"
    records = write_phantoms(phantoms, 12, 0, size=64, progress=False)
    pack = str(repository / "resources" / "packs" / "demo")
    out = ["--out", str(tmp_path / "out"), "--no-random"]
    whole = ["evaluate", "--pack", pack, "--phantoms", str(phantoms), *out]
    assert main([*whole, "--data", str(phantoms)]) == 2
    assert "error [DATA_TABLE]" in capsys.readouterr().err
    assert main(["evaluate", "--pack", str(phantoms), "--phantoms", str(phantoms), *out]) != 0
    assert "error [PACK_MISSING]" in capsys.readouterr().err
    records[3].image_path.unlink()
    assert main(whole) == 2
    assert "error [PHANTOM_FILES]: 1 of " in capsys.readouterr().err
    assert main([*whole, "--limit", "0"]) == 2
    assert not (tmp_path / "out").exists() and not (tmp_path / "out.md").exists()


def test_a_missing_folder_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["evaluate", "--pack", str(tmp_path / "no"), "--phantoms", str(tmp_path), "--out", str(tmp_path / "o")]
    assert main(command) == 2
    assert "error [NO_FOLDER]" in capsys.readouterr().err
