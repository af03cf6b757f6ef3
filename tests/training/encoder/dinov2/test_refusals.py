"""Folders that are no encoder of the family, or not a whole one, are refused with a reason, and nothing is written."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from engine.errors import EncoderError
from tests.training.encoder.dinov2.folder import SMALL, change_json, preprocessor, write_folder
from training.cli import main
from training.encoder.dinov2.config import parse_config
from training.encoder.dinov2.files import read_json
from training.encoder.dinov2.graph import check_size, encoder_graph
from training.encoder.dinov2.importer import ImportOptions, encoder_spec
from training.encoder.dinov2.model import Dinov2
from training.encoder.dinov2.preprocessor import parse_preprocessor
from training.encoder.dinov2.proof import prove
from training.encoder.dinov2.reference import transformers_of
from training.encoder.dinov2.weights import read_weights

Change = Callable[[Path], object]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_folder(tmp_path_factory.mktemp("whole") / "dino", SMALL, crop=70)


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "dino"))


def config(**fields: Any) -> Change:
    return lambda folder: change_json(folder / "config.json", **fields)


def rule(**fields: Any) -> Change:
    return lambda folder: change_json(folder / "preprocessor_config.json", **fields)


def tensors(change: Callable[[dict[str, torch.Tensor]], object]) -> Change:
    def apply(folder: Path) -> None:
        found = load_file(folder / "model.safetensors")
        change(found)
        save_file({key: value.contiguous() for key, value in found.items()}, folder / "model.safetensors")

    return apply


def pickled(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps({"weights": 1}))


def sharded(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text("{}", encoding="utf-8")


def cut(folder: Path) -> None:
    content = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(content[: len(content) // 2])


QUERY = "encoder.layer.1.attention.attention.query.weight"
CASES: list[tuple[str, str, Change, str]] = [
    ("no folder", "IMPORT_FILE", shutil.rmtree, "there is no folder"),
    ("no config", "IMPORT_FILE", lambda f: (f / "config.json").unlink(), "has no config.json"),
    ("no rule", "IMPORT_FILE", lambda f: (f / "preprocessor_config.json").unlink(), "no preprocessor_config.json"),
    ("no weights", "IMPORT_FILE", lambda f: (f / "model.safetensors").unlink(), "has no model.safetensors"),
    ("no JSON", "IMPORT_FILE", lambda f: (f / "config.json").write_text("{"), "cannot be read"),
    ("a list", "IMPORT_FILE", lambda f: (f / "config.json").write_text("[]"), "no JSON object"),
    ("a pickle", "IMPORT_PICKLE", pickled, "pytorch_model.bin only, a pickle"),
    ("several files", "IMPORT_UNSUPPORTED", sharded, "several files"),
    ("registers", "IMPORT_UNSUPPORTED", config(model_type="dinov2_with_registers"), "register tokens"),
    ("SwiGLU", "IMPORT_UNSUPPORTED", config(use_swiglu_ffn=True), "SwiGLU"),
    ("a text model", "IMPORT_CONFIG", config(model_type="bert"), "model_type"),
    ("a classifier", "IMPORT_CONFIG", config(architectures=["Dinov2ForImageClassification"]), "not Dinov2Model"),
    ("no heads", "IMPORT_CONFIG", config(num_attention_heads=None), "num_attention_heads"),
    ("a wrong type", "IMPORT_CONFIG", config(hidden_size="48"), "hidden_size"),
    ("odd heads", "IMPORT_CONFIG", config(num_attention_heads=5), "cannot be shared by 5 heads"),
    ("another activation", "IMPORT_CONFIG", config(hidden_act="gelu_new"), "hidden_act"),
    ("one channel", "IMPORT_CONFIG", config(num_channels=1), "num_channels"),
    ("bilinear", "IMPORT_PREPROCESSOR", rule(resample=2), "resample"),
    (
        "another processor",
        "IMPORT_PREPROCESSOR",
        rule(image_processor_type="ViTImageProcessor"),
        "image_processor_type",
    ),
    ("stretched", "IMPORT_PREPROCESSOR", rule(size={"height": 70, "width": 70}), "shortest_edge"),
    ("not square", "IMPORT_PREPROCESSOR", rule(crop_size={"height": 70, "width": 56}), "not square"),
    ("no patches", "IMPORT_PREPROCESSOR", rule(**preprocessor(60, 70)), "no multiple of the patch size"),
    ("framed", "IMPORT_PREPROCESSOR", rule(**preprocessor(70, 56)), "framed in black"),
    ("no rescaling", "IMPORT_PREPROCESSOR", rule(rescale_factor=1.0), "not 1/255"),
    ("no deviation", "IMPORT_PREPROCESSOR", rule(image_std=[0, 0, 0]), "deviation"),
    ("cut", "IMPORT_WEIGHTS", cut, "cannot be read"),
    ("a missing tensor", "IMPORT_WEIGHTS", tensors(lambda t: t.pop(QUERY)), f"lacks 1 tensor: {QUERY}"),
    ("a surplus", "IMPORT_WEIGHTS", tensors(lambda t: t.update(extra=torch.ones(1))), "unasked for, 1 tensor: extra"),
    ("a shape", "IMPORT_WEIGHTS", tensors(lambda t: t.update({QUERY: t[QUERY][:, :1]})), "is (48, 1), not (48, 48)"),
    ("a type", "IMPORT_WEIGHTS", tensors(lambda t: t.update({QUERY: t[QUERY].double()})), "of type F64"),
    ("not finite", "IMPORT_WEIGHTS", tensors(lambda t: t[QUERY].fill_(float("nan"))), f"{QUERY} holds values that"),
    ("fewer layers", "IMPORT_WEIGHTS", config(num_hidden_layers=2), "and 14 more"),
    ("another size", "IMPORT_WEIGHTS", config(image_size=518), "position_embeddings"),
    ("no licence", "IMPORT_LICENCE", lambda f: (f / "LICENSE").unlink(), "does not say under which licence"),
    ("empty licence", "IMPORT_LICENCE", lambda f: (f / "LICENSE").write_text(" \n"), "is empty"),
    ("binary licence", "IMPORT_LICENCE", lambda f: (f / "LICENSE").write_bytes(b"\xff\xfe\x00"), "cannot be read"),
]


@pytest.mark.parametrize(("code", "change", "why"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_folder_that_is_not_one_is_refused(
    *, code: str, change: Change, why: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(folder)
    before = sorted(tmp_path.iterdir())
    assert main(["import-encoder", str(folder), "--out", str(tmp_path / "out")]) == 3
    told = capsys.readouterr().err
    assert f"[{code}]" in told and why in told and "Traceback" not in told
    assert sorted(tmp_path.iterdir()) == before


def test_a_pickle_beside_the_weights_is_not_opened(folder: Path, tmp_path: Path) -> None:
    (folder / "pytorch_model.bin").write_bytes(b"not even a pickle")
    assert main(["import-encoder", str(folder), "--out", str(tmp_path / "out")]) == 0


@pytest.mark.parametrize("as_file", [False, True])
def test_the_licence_can_be_given(as_file: bool, folder: Path, tmp_path: Path) -> None:
    (folder / "LICENSE").unlink()
    given = "MSRLA, for research only"
    if as_file:
        (tmp_path / "licence.txt").write_text(f"# {given}\nmore words\n", encoding="utf-8")
    licence = str(tmp_path / "licence.txt") if as_file else given
    assert main(["import-encoder", str(folder), "--out", str(tmp_path / "out"), "--licence", licence]) == 0
    assert json.loads((tmp_path / "out/encoder.json").read_text(encoding="utf-8"))["licence"] == given
    assert given in (tmp_path / "out/LICENSE").read_text(encoding="utf-8")


def test_another_folder_is_not_written_over(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("three years", encoding="utf-8")
    assert main(["import-encoder", str(folder), "--out", str(tmp_path / "out")]) == 3
    assert "[IMPORT_OUT]" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["thesis.txt"]


def test_radiographs_that_cannot_be_read_are_named(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad, good = tmp_path / "bad.png", tmp_path / "good.png"
    bad.write_bytes(b"\x89PNG\r\n\x1a\nno")
    Image.fromarray(np.arange(10000, dtype=np.uint8).reshape(100, 100)).save(good)
    arguments = ["import-encoder", str(folder), "--out", str(tmp_path / "out"), "--images", str(bad)]
    assert main(arguments) == 3
    assert "[IMPORT_IMAGES]" in capsys.readouterr().err
    assert main([*arguments, str(good)]) == 0
    assert "not part of the proof: bad.png: PICTURE_DAMAGED" in capsys.readouterr().err


def test_an_encoder_above_two_gibibytes_is_refused() -> None:
    check_size(300_000_000)
    with pytest.raises(EncoderError, match="below 2 GiB"):
        check_size(1_100_000_000)


@pytest.mark.parametrize("how", ["a weight", "not a number", "another encoder", "no reference", "another mean"])
def test_what_is_not_equal_is_refused(how: str, folder: Path, tmp_path: Path) -> None:
    sizes = parse_config(read_json(folder / "config.json"))
    rules = parse_preprocessor(read_json(folder / "preprocessor_config.json"), sizes.patch_size)
    vit = Dinov2(sizes, read_weights(folder / "model.safetensors", sizes), 70)
    spec = encoder_spec(sizes, rules, "dino", "none", ImportOptions())
    graph = encoder_graph(vit)
    if how in ("a weight", "not a number", "no reference"):
        factor = float("nan") if how == "not a number" else 1.01
        chosen = next(tensor for tensor in graph.graph.initializer if tensor.name == "block1.fc1.weight")
        chosen.CopyFrom(
            onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(chosen) * np.float32(factor), chosen.name)
        )
    other = write_folder(tmp_path / "other", SMALL, crop=70, seed=7) if how == "another encoder" else folder
    if how == "another mean":
        change_json(folder / "preprocessor_config.json", image_mean=[0.5, 0.5307, 0.5307])
    reference = None if how == "no reference" else transformers_of(other)
    image = np.random.default_rng(0).random((90, 80), dtype=np.float32)
    with pytest.raises(EncoderError, match="not equal to") as refused:
        prove(graph.SerializeToString(), vit, reference, [image], spec)
    assert refused.value.code == "IMPORT_NOT_EQUAL"
    assert ("pixels" in refused.value.message) == (how == "another mean")


def test_a_folder_changed_after_its_proof_is_not_harvested(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["import-encoder", str(folder), "--out", str(out)]) == 0
    change_json(out / "encoder.json", mean=[0.1, 0.1, 0.1])
    assert main(["harvest", "--encoder", str(out), "--list-layers"]) == 2
    assert "[ENCODER_FILE]" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_import_leaves_no_half_of_one(number: signal.Signals, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    images = tmp_path / "images"
    images.mkdir()
    for seed in range(12):
        Image.fromarray(np.random.default_rng(seed).integers(0, 255, (1500, 1500), dtype=np.uint8)).save(
            images / f"{seed}.png"
        )
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "training.cli",
            "import-encoder",
            str(folder),
            "--out",
            str(out),
            "--images",
            str(images),
        ],
        stderr=subprocess.PIPE,
    )
    time.sleep(3.0)
    process.send_signal(number)
    process.communicate(timeout=120)
    if process.returncode == 0:
        pytest.skip("the import was done before the signal came")
    assert process.returncode == (130 if number != signal.SIGKILL else -signal.SIGKILL)
    assert not out.exists()
    assert main(["import-encoder", str(folder), "--out", str(out), "--images", str(images / "0.png")]) == 0
