"""A trained autoencoder becomes a pack that the engine reads, and never with an encoder that is not its own."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
from PIL import Image

from engine.cli.main import main as saerad
from engine.errors import UsageError
from engine.pack.library import load_pack
from engine.pack.manifest import OBSERVATIONS, GateSpec
from engine.pack.reliability import RELIABILITY_PLOT
from tests.engine.pictures import picture
from tests.engine.toy_pack import build_toy_pack
from tests.training.sae.stores import store_of
from training.activations.store import ActivationStore
from training.activations.stream import FloatArray
from training.cli import main
from training.export_encoder import from_pack, gate_for
from training.export_pack import check_encoder
from training.labelling.finished import FinishedLabels
from training.model_card import model_card
from training.sae.folded import FoldedSae
from training.sae.trained import load_trained

COMMON = ["--features", "32", "--lr", "0.003", "--steps", "60", "--batch", "64", "--threads", "1", "--no-report"]


def tokens_of(width: int, count: int = 600) -> tuple[FloatArray, list[tuple[str, ...]]]:
    """Sparse sums of directions; the first direction is an effusion, the second an edema."""
    rng = np.random.default_rng(0)
    active = rng.random((count, 2 * width)) < 0.15
    directions = rng.standard_normal((2 * width, width))
    labels = [
        tuple(name for name, here in zip(("Pleural Effusion", "Edema"), row[:2], strict=True) if here) for row in active
    ]
    return (active * (1 + rng.random(active.shape)) @ directions).astype(np.float32), labels


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pack, a store of its encoder's tokens and a run on it; read-only for tests."""
    folder = tmp_path_factory.mktemp("export")
    pack = load_pack(build_toy_pack(folder / "toy"))
    tokens, labels = tokens_of(pack.manifest.encoder.d_model)
    splits = ["val" if n % 3 == 0 else "train" for n in range(len(tokens))]
    store_of(folder / "store", tokens, splits, labels=labels, taken=pack)
    start = ["fit", "--store", str(folder / "store"), *COMMON]
    assert main([*start, "--out", str(folder / "run"), "--arch", "batchtopk", "--k", "4"]) == 0
    assert main([*start, "--out", str(folder / "topk"), "--arch", "topk", "--k", "4"]) == 0
    return folder


def only(run: Path) -> str:
    """Folder of a run's only autoencoder."""
    return str(next(path.parent for path in run.glob("*/result.json")))


def test_the_pack_is_sound_and_computes_what_was_trained(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, sae = tmp_path / "My Pack", only(made / "run")
    assert main(["export", "--run", sae, "--pack-from", str(made / "toy"), "--out", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["name"], told["features_described"]) == ("my-pack", 0) and told["largest_difference"] < 1e-4
    assert saerad(["packs", "verify", str(out)]) == 0
    pack = load_pack(out)
    pack.open_all()
    tokens = tokens_of(pack.manifest.encoder.d_model)[0]
    session = ort.InferenceSession(pack.sae_bytes, providers=["CPUExecutionProvider"])
    (given,) = session.run(None, {"class_token": tokens[:50]})
    expected = load_trained(made / "run", Path(sae).name).native.encode(tokens[:50])
    same = (given > 0) == (expected > 0)
    assert same.mean() > 0.999
    np.testing.assert_allclose(given[same], expected[same], atol=1e-3)
    records = pack.features.all()
    assert records and {record.description for record in records} == {
        f"feature {record.id} (not described)" for record in records
    }
    assert not any(record.reportable or record.observation for record in records)
    assert pack.manifest.sae.architecture == "batchtopk"
    assert [r.observation for r in pack.manifest.calibration.readouts] == list(OBSERVATIONS)
    assert not any(readout.reportable for readout in pack.manifest.calibration.readouts)
    assert RELIABILITY_PLOT not in pack.manifest.files, "there is nothing to draw"
    card = (out / "MODEL_CARD.md").read_text()
    assert "nothing is known of what they mean" in card and "against images that" not in card
    assert "decides on the licence" in (out / "LICENSE").read_text()


def test_rates_and_quantiles_are_those_of_the_training_images(made: Path, tmp_path: Path) -> None:
    sae = only(made / "run")
    assert main(["export", "--run", sae, "--pack-from", str(made / "toy"), "--out", str(tmp_path / "p")]) == 0
    tokens = tokens_of(load_pack(tmp_path / "p").manifest.encoder.d_model)[0]
    train = tokens[[n % 3 != 0 for n in range(len(tokens))]]
    activations = FoldedSae.load(Path(sae) / "sae.safetensors").encode(train)
    for record in load_pack(tmp_path / "p").features.all():
        positive = activations[:, record.id][activations[:, record.id] > 0]
        assert record.firing_rate == pytest.approx(len(positive) / len(train), abs=1e-5)
        assert record.quantiles[50] == pytest.approx(float(np.median(positive)), abs=1e-2)


def test_an_image_is_analysed_with_the_pack(made: Path, tmp_path: Path) -> None:
    out = tmp_path / "p"
    assert main(["export", "--run", only(made / "run"), "--pack-from", str(made / "toy"), "--out", str(out)]) == 0
    Image.fromarray((picture(seed=1) // 16).astype(np.uint8)).save(tmp_path / "a.png")
    assert saerad(["analyse", str(tmp_path / "a.png"), "--pack", str(out), "--out", str(tmp_path / "results")]) in (
        0,
        3,
    )
    assert (tmp_path / "results/summary.json").is_file()


def test_one_that_explains_nothing_is_told_and_makes_no_pack(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    start = ["fit", "--store", str(made / "store"), *COMMON, "--arch", "topk", "--k", "4", "--out", str(tmp_path / "r")]
    start.remove("--no-report")
    assert main([*start, "--lr", "1e6"]) == 3
    err = capsys.readouterr().err
    assert "explains nothing of the held-out tokens" in err and "lower learning rate" in err
    assert "was asked for" not in err
    page = (tmp_path / "r" / "README.md").read_text()
    assert "Not to be used, and" in page and "lower learning rate" in page and "beside the L0" not in page
    command = ["export", "--run", only(tmp_path / "r"), "--pack-from", str(made / "toy")]
    assert main([*command, "--out", str(tmp_path / "p")]) == 3
    assert "[SAE_EXPLAINS_NOTHING]" in capsys.readouterr().err
    assert not (tmp_path / "p").exists()


def test_topk_says_that_its_form_is_not_exact(made: Path, tmp_path: Path) -> None:
    out = tmp_path / "p"
    assert main(["export", "--run", only(made / "topk"), "--pack-from", str(made / "toy"), "--out", str(out)]) == 0
    assert "Jaccard index of 0." in (out / "MODEL_CARD.md").read_text()


def test_labels_of_the_store_make_descriptions(made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "p"
    command = ["export", "--run", only(made / "run"), "--pack-from", str(made / "toy"), "--out", str(out), "--describe"]
    assert main(command) == 0
    pack = load_pack(out)
    described = {record.observation for record in pack.features.all() if record.observation}
    assert described & {"Pleural Effusion", "Edema"}
    card, manifest = (out / "MODEL_CARD.md").read_text(), load_pack(out).manifest
    assert "made by statistics" in card
    fitted = [readout for readout in manifest.calibration.readouts if readout.reliability]
    assert {readout.observation for readout in fitted} == described
    assert RELIABILITY_PLOT in manifest.files and f"]({RELIABILITY_PLOT})" in card
    assert (out / RELIABILITY_PLOT).read_bytes().startswith(b"\x89PNG")
    capsys.readouterr()
    assert saerad(["packs", "info", str(out)]) == 0
    told = capsys.readouterr().out
    assert str(out / RELIABILITY_PLOT) in told and f"{fitted[0].title}: 200 validation images" in told
    for scored, said in ((4.0, "; each was scored on"), (3.0, "; 3 of 4 could be"), (0.0, "; none of 4 could be")):
        counts = {"features described": 4.0, "features scored": scored}
        assert said in model_card(manifest.model_copy(update={"metrics": counts}))


def test_labels_that_were_made_before_are_those_that_are_made_in_place(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sae, labels = only(made / "run"), str(tmp_path / "labels")
    assert main(["label", "--run", sae, "--out", labels]) == 0
    start = ["export", "--run", sae, "--pack-from", str(made / "toy")]
    assert main([*start, "--out", str(tmp_path / "a"), "--labels", labels]) == 0
    assert main([*start, "--out", str(tmp_path / "b"), "--describe"]) == 0
    before, there = load_pack(tmp_path / "a"), load_pack(tmp_path / "b")
    assert before.features.all() == there.features.all()
    assert before.manifest.calibration == there.manifest.calibration
    assert before.manifest.limits == there.manifest.limits
    assert any(record.observation and record.reportable for record in before.features.all())
    capsys.readouterr()
    other = ["export", "--run", only(made / "topk"), "--pack-from", str(made / "toy"), "--out", str(tmp_path / "c")]
    assert main([*other, "--labels", labels]) == 2
    assert "LABEL_OTHER" in capsys.readouterr().err
    assert main([*start, "--out", str(tmp_path / "c"), "--labels", str(tmp_path)]) == 2
    assert "LABEL_MISSING" in capsys.readouterr().err
    assert not (tmp_path / "c").exists()
    assert main([*start, "--out", str(tmp_path / "c"), "--labels", labels, "--describe"]) == 2
    tokens, names = tokens_of(before.manifest.encoder.d_model)
    store_of(tmp_path / "store", -tokens, ["val", "train"] * 300, labels=names, taken=load_pack(made / "toy"))
    with pytest.raises(UsageError, match="another store"):
        sha256 = ActivationStore(tmp_path / "store").sha256
        FinishedLabels(Path(labels)).check(FoldedSae.load(Path(sae) / "sae.safetensors"), sha256)


def test_an_encoder_that_is_not_its_own_is_refused(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = build_toy_pack(tmp_path / "other")
    fields = json.loads((other / "pack.json").read_text())
    (tmp_path / "spec.json").write_text(json.dumps(fields["encoder"] | {"std": [0.3, 0.3, 0.3]}))
    start = ["export", "--run", only(made / "run"), "--out", str(tmp_path / "p")]
    taken = ["--encoder", str(other), "--spec", str(tmp_path / "spec.json")]
    assert main([*start, *taken]) == 2
    assert "EXPORT_ENCODER" in capsys.readouterr().err
    assert main([*start, *taken, "--trust-encoder"]) == 0
    assert "maker's word" in (tmp_path / "p/MODEL_CARD.md").read_text()
    assert load_pack(tmp_path / "p").gate is None  # an encoder alone has none


def test_patches_and_inner_layers_are_refused_even_where_the_encoder_is_trusted(made: Path) -> None:
    taken = from_pack(str(made / "toy"))
    right = {"encoder": taken.identity, "layer": "last", "kind": "class"}
    check_encoder(right, taken.spec.d_model, taken, trust=False)
    for wrong in ({"layer": "block0"}, {"kind": "patches"}):
        with pytest.raises(UsageError, match="EXPORT_ENCODER"):
            check_encoder(right | wrong, taken.spec.d_model, taken, trust=True)
    with pytest.raises(UsageError, match="dimensions"):
        check_encoder(right, taken.spec.d_model + 1, taken, trust=True)


def test_the_gate_comes_along_with_limits_of_its_own_for_the_new_features(made: Path, tmp_path: Path) -> None:
    old = GateSpec(mahalanobis_refusal=9.0, reconstruction_warning=0.01, reconstruction_refusal=0.02)
    taken = from_pack(str(build_toy_pack(tmp_path / "gated", gate=old)))
    sae = FoldedSae.load(Path(only(made / "run")) / "sae.safetensors")
    held_out = tokens_of(taken.spec.d_model)[0][::3]
    found = gate_for(taken, sae, held_out)
    assert found is not None and taken.gate is not None
    assert found.arrays is taken.gate.arrays and found.spec.mahalanobis_refusal == 9.0
    assert found.spec.reconstruction_warning is not None and found.spec.reconstruction_warning > 0.02
    assert found.spec.reconstruction_refusal is not None and found.spec.reconstruction_refusal >= 1.0


def test_a_pack_is_replaced_when_that_is_asked_for_and_never_with_what_lies_beside_it(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    start = ["export", "--pack-from", str(made / "toy"), "--run", only(made / "run"), "--out"]
    out = tmp_path / "p"
    assert main([*start, str(out)]) == 0
    before = (out / "pack.json").read_bytes()
    assert main([*start, str(out), "--version", "2.0.0"]) == 2
    assert "holds a pack; name another folder, or add --overwrite" in capsys.readouterr().err
    assert (out / "pack.json").read_bytes() == before
    (out / "notes").mkdir()
    (out / "notes" / "mine.txt").write_text("mine")
    assert main([*start, str(out), "--version", "2.0.0", "--overwrite"]) == 2
    assert "such as notes/mine.txt" in capsys.readouterr().err
    (out / "notes" / "mine.txt").rename(tmp_path / "mine.txt")
    assert main([*start, str(tmp_path / "mine.txt"), "--overwrite"]) == 2
    assert (tmp_path / "mine.txt").read_text() == "mine"
    assert main([*start, str(out), "--version", "2.0.0", "--overwrite"]) == 0
    assert load_pack(out).manifest.version == "2.0.0"


def test_what_cannot_be_exported_is_told(made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    start = ["export", "--pack-from", str(made / "toy"), "--run", only(made / "run")]
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine.txt").write_text("mine")
    assert main([*start, "--out", str(tmp_path / "full")]) == 2
    assert "EXPORT_OUT" in capsys.readouterr().err
    assert main([*start, "--out", str(tmp_path / "p"), "--version", "one"]) == 2
    assert "EXPORT_OPTION" in capsys.readouterr().err
    assert main([*start[:-1], str(made / "run/other"), "--out", str(tmp_path / "p")]) == 2
    assert "FIT_NO_RUN" in capsys.readouterr().err
    np.save(tmp_path / "t.npy", tokens_of(load_pack(made / "toy").manifest.encoder.d_model)[0])
    fit = ["fit", "--tokens", str(tmp_path / "t.npy"), "--out", str(tmp_path / "file"), "--arch", "gated-sae-rad"]
    assert main([*fit, "--l0", "4", "--variant", "sae-rad-free,sae-rad", *COMMON]) == 0
    names = {path.parent.name: str(path.parent) for path in (tmp_path / "file").glob("*/result.json")}
    free, tied = (next(v for k, v in names.items() if ("free" in k) == wanted) for wanted in (True, False))
    capsys.readouterr()
    here = ["--pack-from", str(made / "toy"), "--out", str(tmp_path / "p"), "--trust-encoder"]
    assert main(["export", "--run", free, *here]) == 3
    assert "SAE_NOT_FOLDABLE" in capsys.readouterr().err
    assert main(["export", "--run", tied, *here, "--describe"]) == 2
    assert "EXPORT_LABELS" in capsys.readouterr().err
