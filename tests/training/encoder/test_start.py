"""Going on from an exported encoder: its weights come back whole, its heads are fitted anew."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from onnx import numpy_helper

from engine.dicom.files import read_radiograph
from engine.errors import UsageError
from engine.inference.preprocess import pixel_values
from engine.pack.manifest import Manifest
from tests.training.encoder.toy import toy_config, toy_data
from training.cli import main
from training.encoder.start import PREFIX, exported_vit, exported_weights, fit_heads, vit_config
from training.encoder.train import Trainer
from training.encoder.vit import VisionTransformer, VitConfig


def test_all_weights_of_a_shipped_encoder_come_back(demo_pack: Path) -> None:
    path = demo_pack / "encoder.onnx"
    # Proven equal to the graph by running both.
    vit = exported_vit(path)
    assert vit.config == vit_config(path) == VitConfig()
    assert exported_weights(path).keys() == VisionTransformer(VitConfig()).state_dict().keys()


def test_the_shipped_encoder_is_pytorch_s_on_real_radiographs(demo_pack: Path, shared_data: Path) -> None:
    spec = Manifest.model_validate_json((demo_pack / "pack.json").read_bytes()).encoder
    radiographs = shared_data / "dicom" / "radiographs"
    paths = [radiographs / "RG1_J2KI.dcm", *sorted((shared_data / "cxr_open" / "images").glob("cov_*.jpg"))[:3]]
    pixels = np.concatenate([pixel_values(read_radiograph(path).display(), spec) for path in paths])
    session = ort.InferenceSession(demo_pack / "encoder.onnx", providers=["CPUExecutionProvider"])
    with torch.no_grad():
        expected = exported_vit(demo_pack / "encoder.onnx").eval()(torch.from_numpy(pixels))
    found = session.run(["class_token", "patch_tokens"], {"pixel_values": pixels})
    for ours, reference in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, reference.numpy(), rtol=0, atol=1e-4)


def test_another_graph_is_refused(demo_pack: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as no_encoder:
        exported_vit(demo_pack / "sae.onnx")
    with pytest.raises(UsageError) as other_size:
        exported_vit(demo_pack / "encoder.onnx", VitConfig(depth=2))
    model = onnx.load(demo_pack / "encoder.onnx")
    (bias,) = (tensor for tensor in model.graph.initializer if tensor.name == f"{PREFIX}blocks.0.fc1.bias")
    bias.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(bias) * 0, "unknown"))
    onnx.save(model, tmp_path / "encoder.onnx")
    with pytest.raises(UsageError) as damaged:
        exported_vit(tmp_path / "encoder.onnx")
    assert {error.value.code for error in (no_encoder, other_size, damaged)} == {"ENCODER_START"}


def test_heads_learn_while_the_encoder_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = Trainer(toy_config(8), toy_data())
    before = {name: value.clone() for name, value in trainer.model.vit.state_dict().items()}
    batch = trainer.sampler.draw(48, 7)
    first, _ = trainer.model.losses(batch, trainer.config.loss)
    monkeypatch.setattr("training.encoder.start.HEAD_STEPS", 60)
    fit_heads(trainer.model, trainer.sampler, trainer.config)
    last, _ = trainer.model.losses(batch, trainer.config.loss)
    assert last.item() < 0.9 * first.item()
    for name, value in trainer.model.vit.state_dict().items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0)
    assert all(parameter.requires_grad for parameter in trainer.model.parameters())


def test_a_missing_encoder_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "phantoms").mkdir()
    command = ["demo-pack", "--out", str(tmp_path / "out"), "--phantoms", str(tmp_path / "phantoms")]
    assert main([*command, "--start-from", str(tmp_path / "no.onnx")]) == 2
    assert "error [ENCODER_START]" in capsys.readouterr().err
