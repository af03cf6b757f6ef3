"""Packs are proven, complete, readable by the engine, and replaced as a whole."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from engine.dicom.files import read_radiograph
from engine.errors import PackError
from engine.inference.analyzer import Analyzer
from engine.pack.library import load_pack
from engine.pack.manifest import OBSERVATIONS
from tests.training.toy_pack import small_pack
from training.cli import main
from training.pack import prove_sae
from training.sae.folded import FoldedSae

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return the working folder and the pack."""
    folder = tmp_path_factory.mktemp("pack")
    small_pack(folder, folder / "toy")
    return folder, folder / "toy"


def test_the_engine_reads_and_uses_what_was_written(built: tuple[Path, Path]) -> None:
    folder, out = built
    pack = load_pack(out)
    assert {r.observation for r in pack.manifest.calibration.readouts} >= set(OBSERVATIONS)
    assert len(pack.features) > 0
    analysis = Analyzer(pack, device="cpu", threads=1).analyse(read_radiograph(folder / "phantoms/images/000000.png"))
    if analysis.gate.verdict != "refused":
        assert analysis.maps.keys() == {feature.id for feature in analysis.features}
    record = pack.features.all()[0]
    assert len(record.quantiles) == 101
    assert pack.features.search("no") == [] or pack.features.get(pack.features.search("no"))


def test_its_drafts_are_measured_beside_the_baselines(
    built: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out = built
    own = ["evaluate", "--pack", str(out), "--phantoms", str(folder / "phantoms"), "--work", str(folder / "work")]
    command = [*own, "--out", str(tmp_path / "ev"), "--no-random", "--limit", "4", "--threads", "1", "--json"]
    assert main(command) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == json.loads((tmp_path / "ev" / "evaluation.json").read_text(encoding="utf-8"))
    assert found["reports"]["reports"] == 4
    assert found["reports"]["sentences"] == found["reports"]["sentences_with_evidence"]
    page = (tmp_path / "ev.md").read_text(encoding="utf-8")
    assert "| SAE-Rad as published |" in page and "agrees with human labels" in page
    assert all((tmp_path / "ev" / name).is_file() for name in ("reports-systems.png", "reports-findings.png"))


def test_card_and_licence_come_from_the_manifest(built: tuple[Path, Path]) -> None:
    manifest = load_pack(built[1]).manifest
    card = (built[1] / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "Not for clinical use" in card
    assert all(limit in card for limit in manifest.limits)
    assert manifest.provenance.command in card
    licence = (built[1] / "LICENSE").read_text(encoding="utf-8")
    assert all(source.licence in licence for source in manifest.provenance.sources)


def test_no_test_image_is_counted_as_training_data(built: tuple[Path, Path]) -> None:
    provenance = load_pack(built[1]).manifest.provenance
    assert sum(source.images for source in provenance.sources) == provenance.splits["train"] + provenance.splits["val"]
    assert provenance.splits["test"] > 0


def test_a_graph_that_differs_is_refused(built: tuple[Path, Path]) -> None:
    sae = FoldedSae.load(built[1] / "sae.safetensors")
    tokens = np.random.default_rng(0).standard_normal((40, sae.d_model)).astype(np.float32) + sae.b_dec
    expected = sae.encode(tokens)
    assert prove_sae(built[1] / "sae.onnx", sae, tokens, expected) < 1e-4
    with pytest.raises(PackError, match="PACK_NOT_EQUAL"):
        prove_sae(built[1] / "sae.onnx", sae, tokens, expected * np.float32(1.01))


def test_a_failed_build_leaves_the_old_pack(built: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    folder, out = built
    before = (out / "pack.json").read_bytes()
    monkeypatch.setattr("training.pack.MAX_BYTES", 1000)
    import shutil

    shutil.rmtree(folder / "encoder")
    shutil.rmtree(folder / "phantoms")
    with pytest.raises(PackError, match="PACK_TOO_LARGE"):
        small_pack(folder, out)
    assert (out / "pack.json").read_bytes() == before
    assert [p.name for p in folder.iterdir() if p.name.startswith(".")] == []
