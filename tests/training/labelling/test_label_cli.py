"""`saerad-train label` as a person calls it."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.pack.manifest import Readout
from tests.training.labelling.labelled import NAMES, SPLITS, WIDTH, tokens_of, train
from training.activations.shard import file_sha256
from training.calibration import CalibrationResult
from training.cli import main
from training.data.manifest import IndexRow, write_manifest
from training.labelling import build, finish
from training.labelling.cases import NORMAL
from training.labelling.finished import FinishedLabels
from training.labelling.label import FeatureLabel
from training.sae.folded import FoldedSae
from training.sae.trained import split_name

TRAIN = np.array(SPLITS) == "train"


@pytest.fixture(scope="module")
def labels(sae: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Finished labels; read-only for tests."""
    out = tmp_path_factory.mktemp("labels") / "labels"
    assert main(["label", "--run", str(sae), "--out", str(out), "--chunk", "10"]) == 0
    return out


def images(label: FeatureLabel) -> dict[str, object]:
    return {"firing": label.firing, "near_misses": label.near_misses}


def goodness(name: str, label: FeatureLabel) -> float:
    return label.label_score if (label.observation, label.polarity) == (name, "present") else 0.0


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_every_feature_that_fires_is_labelled_with_its_figures_and_images(sae: Path, labels: Path) -> None:
    tokens = tokens_of(WIDTH)[0]
    activations = FoldedSae.load(sae / "sae.safetensors").encode(tokens)
    fires = activations > 0
    found = list(FinishedLabels(labels))
    assert [label.id for label in found] == np.flatnonzero(fires[TRAIN].any(0)).tolist()
    assert {label.observation for label in found} >= set(NAMES)
    for label in found:
        here = fires[:, label.id]
        assert label.statistics.firing == here[TRAIN].sum()
        assert label.statistics.held_out_firing == here[~TRAIN].sum()
        assert label.firing_rate == pytest.approx(here[TRAIN].mean(), abs=1e-6)
        firing = [int(witness.image.removeprefix("store/image-")) for witness in label.firing]
        near = [int(miss.image.removeprefix("store/image-")) for miss in label.near_misses]
        assert TRAIN[firing].all() and TRAIN[near].all()
        assert here[firing].all() and not here[near].any()
        values = [witness.activation for witness in label.firing]
        assert values == sorted(values, reverse=True) == pytest.approx(activations[firing, label.id], abs=1e-4)
        assert label.firing[0].percentile == 100.0
        assert len(firing) == min(10, here.sum(where=TRAIN)) or len(firing) > 5


def test_a_description_names_the_finding_of_its_direction_and_may_be_cited(labels: Path) -> None:
    found = list(FinishedLabels(labels))
    best = {name: max(found, key=partial(goodness, name)) for name in NAMES}
    for name, label in best.items():
        assert label.observation == name and label.polarity == "present" and label.reportable
        assert label.label_score > 0.7 and label.statistics.scored
        assert label.statistics.q_value < 1e-6 and label.statistics.bound > 2


def test_the_size_of_chunks_changes_nothing_and_a_second_call_does_nothing(
    sae: Path, labels: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "labels"
    command = ["label", "--run", str(sae), "--out", str(out), "--json"]
    assert main([*command, "--chunk", "64"]) == 0
    first = told(capsys)
    assert (first["complete"], first["features_new"]) == (True, 64)
    # Products of other sizes are rounded otherwise.
    for one, other in zip(FinishedLabels(out), FinishedLabels(labels), strict=True):
        assert one.model_copy(update={"quantiles": other.quantiles, **images(other)}) == other
        np.testing.assert_allclose(one.quantiles, other.quantiles, atol=2e-5)
        assert [witness.image for witness in one.firing] == [witness.image for witness in other.firing]
    before = {path.name: path.stat().st_mtime_ns for path in out.iterdir()}
    assert main([*command, "--chunk", "64"]) == 0
    second = told(capsys)
    assert (second["features_done"], second["features_new"]) == (64, 0)
    assert {path.name: path.stat().st_mtime_ns for path in out.iterdir()} == before
    assert sorted(before) == ["labels.json", "labels.jsonl", "readouts.json"]


def test_a_page_is_written_beside_finished_labels(
    sae: Path, labels: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = shutil.copytree(labels, tmp_path / "labels")
    assert main(["label", "--out", str(out), "--report", "--json"]) == 0
    summary = told(capsys)
    page = (out / "README.md").read_text()
    assert (out / "scores.png").read_bytes().startswith(b"\x89PNG")
    described = [label for label in FinishedLabels(out) if label.observation]
    assert f"| whose images have a finding in common | {len(described)} |" in page
    assert "22 %" in page and "9.7 %" in page and "1.5 %" in page
    names = {tuple(sorted(label.description.split())) for label in described}
    assert summary["share_repeated"] == pytest.approx(1 - len(names) / len(described), abs=1e-5)
    assert page.count("pleural effusion") >= 2
    assert main(["label", "--out", str(out)]) == 2
    assert "[USAGE]" in capsys.readouterr().err


def test_the_page_says_where_nothing_could_be_scored_and_shows_no_figure(labels: Path, tmp_path: Path) -> None:
    out = shutil.copytree(labels, tmp_path / "labels")
    assert main(["label", "--out", str(out), "--report"]) == 0
    unscored = [
        label.model_copy(update={"statistics": label.statistics.model_copy(update={"scored": False})})
        for label in FinishedLabels(out)
    ]
    (out / "labels.jsonl").write_text("".join(label.model_dump_json() + "\n" for label in unscored))
    fields = json.loads((out / "labels.json").read_text())
    fields["finished"]["labels_sha256"] = file_sha256(out / "labels.jsonl")
    (out / "labels.json").write_text(json.dumps(fields))
    assert main(["label", "--out", str(out), "--report"]) == 0
    page = (out / "README.md").read_text()
    described = [label for label in unscored if label.observation]
    assert f"None of the {len(described)} descriptions has a score." in page and "scores.png" not in page
    assert "5 held-out images that fire" in page and "more silent ones" in page and "at least 20" in page
    assert all(f"| {label.id} | {label.description} | – |" in page for label in described[:20])
    found = FinishedLabels(out).labels()
    counts = build.summary(found.records, found.scored, found.ranks)
    assert counts["features scored"] == 0.0 and "median label score" not in counts
    assert not (out / "scores.png").exists()


def test_the_page_the_summary_and_the_pack_count_the_same_features_as_citable(
    sae: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fit = finish.calibrate

    def silenced(readout: Readout) -> Readout:
        return readout.model_copy(update={"reportable": False})

    def no_edema(*arguments: Any, **named: Any) -> CalibrationResult:
        found = fit(*arguments, **named)
        # An edema could also be told as an opacity.
        kept = [r if r.observation in (NAMES[0], NORMAL) else silenced(r) for r in found.readouts]
        return replace(found, readouts=tuple(kept))

    monkeypatch.setattr(finish, "calibrate", no_edema)
    out = tmp_path / "labels"
    assert main(["label", "--run", str(sae), "--out", str(out), "--report", "--json"]) == 0
    summary = told(capsys)
    found = FinishedLabels(out)
    citable = [record for record in found.labels().records if record.reportable]
    assert citable and {record.observation for record in citable if record.polarity == "present"} == {NAMES[0]}
    edema = [label for label in found if label.observation == NAMES[1] and label.label_score > 0.7]
    assert edema  # good enough, and yet nothing may state it
    assert summary["reportable"] == found.counts.reportable == len(citable)
    assert f"| that a draft may cite | {len(citable)} |" in (out / "README.md").read_text()


def test_a_run_of_several_autoencoders_asks_for_one_by_its_name(
    store: Path, sae: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    several = train(store, tmp_path / "run", "--arch", "topk", "--features", "32", "--k", "2,4", "--steps", "3").parent
    assert main(["label", "--run", str(several), "--out", str(tmp_path / "labels")]) == 2
    told = capsys.readouterr().err
    assert "[FIT_NO_NAME]" in told and all(str(path.parent) in told for path in several.glob("*/result.json"))
    assert split_name(sae) == split_name(sae.parent) == (sae.parent.resolve(), sae.name)


def test_labels_made_otherwise_are_not_gone_on_with(
    sae: Path, labels: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["label", "--run", str(sae), "--out", str(labels), "--chunk", "10"]
    assert main([*command, "--seed", "1"]) == 2
    assert "[LABEL_OTHER]" in (err := capsys.readouterr().err) and "seed (0, now 1)" in err
    assert main([*command, "--minimum-images", "20"]) == 2
    assert "[LABEL_OTHER]" in (err := capsys.readouterr().err) and "rules: minimum images (15, now 20)" in err
    (tmp_path / "thesis.txt").write_text("mine")
    assert main([*command, "--out", str(tmp_path)]) == 2
    assert "[LABEL_OTHER]" in capsys.readouterr().err


def test_what_is_damaged_unfinished_or_missing_is_told(
    sae: Path, labels: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def report(folder: Path) -> str:
        assert main(["label", "--out", str(folder), "--report"]) in (2, 3)
        return capsys.readouterr().err

    assert "[LABEL_MISSING]" in report(tmp_path / "none")
    out = shutil.copytree(labels, tmp_path / "labels")
    text = (out / "labels.jsonl").read_text()
    (out / "labels.jsonl").write_text(text.replace("effusion", "Effusion", 1))
    assert "[LABEL_DAMAGED]" in report(out)
    (out / "labels.jsonl").unlink()
    assert "[LABEL_DAMAGED]" in report(out)
    assert main(["label", "--run", str(sae), "--out", str(out), "--chunk", "10"]) == 3
    assert "[LABEL_DAMAGED]" in capsys.readouterr().err
    fields = json.loads((out / "labels.json").read_text())
    (out / "labels.json").write_text(json.dumps(fields | {"finished": None}))
    assert "[LABEL_UNFINISHED]" in report(out)
    (out / "labels.json").write_text(json.dumps(fields | {"schema_version": 9}))
    assert "[LABEL_DAMAGED]" in report(out)


def test_a_chunk_that_is_none_is_made_again(
    sae: Path, labels: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = shutil.copytree(labels, tmp_path / "labels")
    fields = json.loads((out / "labels.json").read_text())
    (out / "labels.json").write_text(json.dumps(fields | {"finished": None}))
    (out / "chunks").mkdir()
    (out / "chunks/chunk-00002.json").write_text('{"recipe_sha256": "0", "chunk": {"number": 2')
    assert main(["label", "--run", str(sae), "--out", str(out), "--chunk", "10"]) == 0
    assert "made again: chunk-00002.json" in capsys.readouterr().err
    assert (out / "labels.json").read_bytes() == (labels / "labels.json").read_bytes()


def test_what_there_is_nothing_to_label_by_is_told(
    store: Path, sae: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def error(sae: Path, *more: str) -> str:
        assert main(["label", "--run", str(sae), "--out", str(tmp_path / "labels"), *more]) in (2, 3)
        assert not (tmp_path / "labels").exists()
        return capsys.readouterr().err

    patches = train(
        store, tmp_path / "patches", "--arch", "topk", "--features", "32", "--k", "4", "--tokens-kind", "patches"
    )
    assert "[LABEL_DATA]" in error(patches)
    free = ["--arch", "gated-sae-rad", "--variant", "sae-rad-free", "--features", "32", "--l0", "4", "--steps", "3"]
    assert "[SAE_NOT_FOLDABLE]" in error(train(store, tmp_path / "free", *free))
    np.save(tmp_path / "t.npy", tokens_of(WIDTH)[0])
    options = ["--arch", "topk", "--features", "32", "--k", "4", "--steps", "3", "--no-report"]
    assert main(["fit", "--tokens", str(tmp_path / "t.npy"), "--out", str(tmp_path / "file"), *options]) == 0
    assert "[LABEL_DATA]" in error(next(path.parent for path in (tmp_path / "file").glob("*/result.json")))
    row = IndexRow("image-0", "dicom", "0.png", "", 1, "patient-0", "study-0", "val", labels_present=("Edema",))
    write_manifest([row], tmp_path / "m.parquet", source="dicom", root="r", command="c", split_rule="hash")
    assert "[LABEL_IMAGES]" in error(sae, "--manifest", str(tmp_path / "m.parquet"))


def test_a_manifest_says_more_than_the_index_of_the_store(
    sae: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    present = tokens_of(WIDTH)[1]
    rows = [
        IndexRow(
            *(f"image-{n}", "dicom", f"{n}.png", "", 1, f"patient-{n}", f"study-{n}", "train" if TRAIN[n] else "val"),
            labels_present=names,
            # Of edema nothing is known where it is not named.
            labels_absent=tuple({"Pleural Effusion"} - set(names)),
            findings="A report that may not be for everybody.",
        )
        for n, names in enumerate(present)
    ]
    write_manifest(rows, tmp_path / "m.parquet", source="dicom", root="r", command="c", split_rule="hash")
    out = tmp_path / "labels"
    assert main(["label", "--run", str(sae), "--out", str(out), "--manifest", str(tmp_path / "m.parquet")]) == 0
    found = list(FinishedLabels(out))
    assert {label.observation for label in found} == {"Pleural Effusion", ""}
    assert "may not be" not in (out / "labels.jsonl").read_text()
    # Other knowledge is other labels.
    rows[1] = replace(rows[1], labels_present=(), labels_absent=("Pleural Effusion", "Edema"))
    write_manifest(rows, tmp_path / "m.parquet", source="dicom", root="r", command="c", split_rule="hash")
    capsys.readouterr()
    assert main(["label", "--run", str(sae), "--out", str(out), "--manifest", str(tmp_path / "m.parquet")]) == 2
    assert "cases sha256" in capsys.readouterr().err


def test_reports_say_more_than_labels(sae: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = {"Pleural Effusion": "Small left pleural effusion.", "Edema": "The edema has increased."}
    rows = [
        IndexRow(
            *(f"image-{n}", "dicom", f"{n}.png", "", 1, f"patient-{n}", f"study-{n}", "train" if TRAIN[n] else "val"),
            findings=words["Pleural Effusion"] if "Pleural Effusion" in names else "No effusion.",
            unsupported=(f"findings: {words['Edema']}",) if "Edema" in names else (),
        )
        for n, names in enumerate(tokens_of(WIDTH)[1])
    ]
    write_manifest(rows, tmp_path / "m.parquet", source="dicom", root="r", command="c", split_rule="hash")
    out = tmp_path / "labels"
    command = ["label", "--run", str(sae), "--out", str(out), "--manifest", str(tmp_path / "m.parquet")]
    assert main(command) == 2
    assert "[LABEL_DATA]" in (err := capsys.readouterr().err) and "--reports" in err
    assert main([*command, "--reports"]) == 0
    found = list(FinishedLabels(out))
    assert FinishedLabels(out).recipe.knowledge == "reports"
    assert {label.observation for label in found} >= set(NAMES)
    for name in NAMES:
        assert max(goodness(name, label) for label in found) > 0.7
    text = (out / "labels.jsonl").read_text()
    assert "has increased" not in text and "Small left" not in text
    capsys.readouterr()
    assert main(["label", "--run", str(sae), "--out", str(tmp_path / "more"), "--reports"]) == 2
    assert "[USAGE]" in capsys.readouterr().err
