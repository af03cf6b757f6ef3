"""The pack and the study that ship: verified, analysed, drafted and refused as the README says."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from engine.dicom.files import read_radiograph
from engine.inference.analyzer import Analyzer
from engine.pack.library import load_pack
from engine.pack.manifest import OBSERVATIONS
from engine.pack.verify import verify_pack
from engine.report.compose import compose
from engine.report.grounding import check_draft


@pytest.fixture(scope="module")
def analyzer(demo_pack: Path) -> Analyzer:
    return Analyzer(load_pack(demo_pack), device="cpu")


def test_the_pack_is_whole_small_and_honest(demo_pack: Path) -> None:
    manifest = verify_pack(demo_pack)
    assert sum(path.stat().st_size for path in demo_pack.iterdir()) <= 25 * 2**20
    assert manifest.sae.n_features >= 16 * manifest.sae.d_model
    assert {readout.observation for readout in manifest.calibration.readouts} >= set(OBSERVATIONS)
    assert "not" in manifest.intended_use.lower()
    assert manifest.limits
    assert (demo_pack / "MODEL_CARD.md").read_text(encoding="utf-8").count("\n") > 20


def test_every_described_feature_has_polarity_and_evidence(demo_pack: Path) -> None:
    pack = load_pack(demo_pack)
    records = pack.features.all()
    assert len(records) > 100
    for record in records:
        assert record.polarity in {"present", "absent", "normal"}
        assert record.description
    reportable = [record for record in records if record.reportable]
    assert reportable
    assert all(pack.features.evidence(record.id) for record in reportable)


@pytest.mark.parametrize("name", ["01_chest_pa.dcm", "02_chest_pa.dcm", "03_chest_ap.dcm", "04_phantom.dcm"])
def test_the_demonstration_chests_are_analysed_and_drafted(analyzer: Analyzer, repository: Path, name: str) -> None:
    radiograph = read_radiograph(repository / "resources" / "demo" / name)
    analysis = analyzer.analyse(radiograph)
    assert analysis.gate.verdict != "refused", analysis.gate
    assert 1 <= len(analysis.features) <= 80
    assert [row.observation for row in analysis.observations if row.laterality == "none" and not row.location] == list(
        OBSERVATIONS
    )
    for feature in analysis.features:
        shown = analysis.maps[feature.id]
        total = float(shown.values.sum(dtype=np.float64)) + shown.remainder
        assert total == pytest.approx(shown.preactivation, abs=1e-4)
    draft = compose(analysis)
    assert check_draft(draft, analysis) == []
    assert all(sentence.evidence for sentence in draft.sentences())


def test_the_phantoms_truth_is_found(analyzer: Analyzer, repository: Path) -> None:
    folder = repository / "resources" / "demo"
    truth = json.loads((folder / "04_phantom.json").read_text(encoding="utf-8"))
    analysis = analyzer.analyse(read_radiograph(folder / "04_phantom.dcm"))
    stated = {
        finding.observation
        for sentence in compose(analysis).sentences()
        for finding in sentence.findings
        if finding.polarity == "present"
    }
    assert stated & {finding["observation"] for finding in truth["findings"]}


def test_the_hand_is_refused(analyzer: Analyzer, repository: Path) -> None:
    analysis = analyzer.analyse(read_radiograph(repository / "resources" / "demo" / "05_hand.dcm"))
    assert analysis.gate.verdict == "refused"
    assert analysis.gate.code == "NOT_A_CHEST"
    assert not analysis.features and not analysis.maps and not analysis.observations
