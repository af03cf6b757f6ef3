"""Any layer of an encoder: read off the ONNX graph, by a hook in torch, the same numbers by both."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from engine.errors import SaeRadError
from engine.inference.runtime import load_session
from engine.pack.library import load_pack
from tests.engine.toy_pack import encoder_spec
from tests.engine.toy_vit import SIDE, WIDTH, encoder_onnx, forward, make_toy_vit
from tests.training.encoder.toy import CHANNELS, OUTPUTS, VIT
from training.activations.encoders import FloatArray, OnnxEncoder
from training.activations.layers import layer_tensors
from training.activations.opening import layer_names, open_encoder
from training.activations.torch_encoder import TorchEncoder
from training.encoder.checkpoint import Checkpoint, save_checkpoint
from training.encoder.export_onnx import export_encoder
from training.encoder.model import SupervisedEncoder

TOY = encoder_onnx(make_toy_vit())


def pixels(side: int, count: int = 3) -> FloatArray:
    return np.random.default_rng(3).standard_normal((count, 3, side, side)).astype(np.float32)


def code(error: pytest.ExceptionInfo[SaeRadError]) -> str:
    return error.value.code


def test_the_layers_of_a_graph_are_its_blocks() -> None:
    assert list(layer_tensors(TOY, encoder_spec())) == ["embeddings", "block0", "block1"]


def test_the_demo_packs_encoder_has_three_blocks(demo_pack: Path) -> None:
    names = layer_names(str(demo_pack), None, None)
    assert names == ["last", "embeddings", "block0", "block1", "block2"]
    pack = load_pack(demo_pack)
    x = pixels(192, 2)
    before_last = OnnxEncoder(pack.encoder_bytes, pack.manifest.encoder, "block1", "cpu", 1).tokens(x, patches=True)
    session, _ = load_session(pack.encoder_bytes, "encoder.onnx", "cpu", 1)
    (x0_last,) = session.run(["x0_last"], {"pixel_values": x})
    np.testing.assert_allclose(before_last.class_token, x0_last, atol=1e-5)
    assert before_last.patch_tokens is not None and before_last.patch_tokens.shape == (2, 256, 192)


def test_a_layer_of_a_graph_is_what_the_next_block_takes() -> None:
    x = pixels(SIDE)
    expected = forward(make_toy_vit(), x)
    block0 = OnnxEncoder(TOY, encoder_spec(), "block0", "cpu", 1).tokens(x, patches=True)
    np.testing.assert_allclose(block0.class_token, expected["x0_last"], atol=1e-5)
    last = OnnxEncoder(TOY, encoder_spec(), "last", "cpu", 1).tokens(x, patches=True)
    np.testing.assert_allclose(last.class_token, expected["class_token"], atol=1e-5)
    assert last.patch_tokens is not None and block0.patch_tokens is not None
    np.testing.assert_allclose(last.patch_tokens, expected["patch_tokens"], atol=1e-5)
    assert block0.patch_tokens.shape == last.patch_tokens.shape
    # The last block's output, normalised, is the class token.
    raw = OnnxEncoder(TOY, encoder_spec(), "block1", "cpu", 1).tokens(x, patches=False)
    vit = make_toy_vit()
    centred = raw.class_token - raw.class_token.mean(-1, keepdims=True)
    normed = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-6) * vit["norm.weight"] + vit["norm.bias"]
    np.testing.assert_allclose(normed, expected["class_token"], atol=1e-4)
    assert raw.patch_tokens is None


def test_a_layer_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(SaeRadError) as error:
        OnnxEncoder(TOY, encoder_spec(), "block7", "cpu", 1)
    assert code(error) == "LAYER_UNKNOWN" and "block1" in error.value.hint


def test_a_graph_without_norms_has_its_outputs_only() -> None:
    model = onnx.load_from_string(TOY)
    for node in model.graph.node:
        if node.op_type == "LayerNormalization":
            node.op_type = "SomethingElse"
            node.domain = "elsewhere"
    assert layer_tensors(model.SerializeToString(), encoder_spec()) == {}


def test_what_is_no_graph_is_refused() -> None:
    with pytest.raises(SaeRadError) as error:
        OnnxEncoder(b"no graph", encoder_spec(), "block0", "cpu", 1)
    assert code(error) == "PACK_ONNX"


def test_a_specification_of_another_encoder_is_found() -> None:
    wrong = encoder_spec().model_copy(update={"d_model": WIDTH + 1})
    with pytest.raises(SaeRadError) as error:
        OnnxEncoder(TOY, wrong, "last", "cpu", 1).tokens(pixels(SIDE), patches=False)
    assert code(error) == "MODEL_FAILED"


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of random weights."""
    torch.manual_seed(1)
    model = SupervisedEncoder(VIT, OUTPUTS, CHANNELS)
    tensors = {f"average.{name}": value for name, value in model.state_dict().items()}
    meta = {"vit": VIT.to_dict(), "outputs": OUTPUTS, "channels": CHANNELS}
    folder = tmp_path_factory.mktemp("checkpoint")
    save_checkpoint(folder, Checkpoint(1, 1.0, meta, tensors))
    return folder


@pytest.mark.slow
def test_torch_and_the_exported_graph_agree_at_every_layer(checkpoint: Path, tmp_path: Path) -> None:
    content = export_encoder(checkpoint, tmp_path).onnx.read_bytes()
    x = pixels(VIT.image_size)
    names = layer_names(None, checkpoint, None)
    assert names == ["last", "embeddings", "block0", "block1"]
    for layer in names:
        by_torch = TorchEncoder(checkpoint, layer, "cpu", 1)
        by_graph = OnnxEncoder(content, by_torch.spec, layer, "cpu", 1)
        ours, theirs = by_torch.tokens(x, patches=True), by_graph.tokens(x, patches=True)
        np.testing.assert_allclose(ours.class_token, theirs.class_token, atol=1e-4)
        assert ours.patch_tokens is not None and theirs.patch_tokens is not None
        np.testing.assert_allclose(ours.patch_tokens, theirs.patch_tokens, atol=1e-4)
        assert by_torch.tokens(x, patches=False).patch_tokens is None


def test_checkpoints_are_opened_and_told_apart(checkpoint: Path, tmp_path: Path) -> None:
    opened = open_encoder(None, checkpoint, None, layer="block0", device="cpu", threads=1)
    assert opened.spec.d_model == VIT.width and opened.layer == "block0" and opened.runtime.startswith("torch ")
    for wrong, expected in (("block9", "LAYER_UNKNOWN"), ("last", "DEVICE_UNKNOWN")):
        with pytest.raises(SaeRadError) as error:
            open_encoder(None, checkpoint, None, layer=wrong, device="tensorrt", threads=1)
        assert code(error) == expected
    (tmp_path / "checkpoint.safetensors").write_bytes(b"nothing")
    with pytest.raises(SaeRadError) as error:
        open_encoder(None, tmp_path, None, layer="last", device="cpu", threads=1)
    assert code(error) == "ENCODER_FILE"


def test_a_graph_needs_to_be_described(toy_pack: Path, tmp_path: Path) -> None:
    graph = toy_pack / "encoder.onnx"
    of_pack = open_encoder(str(toy_pack), None, None, layer="last", device="cpu", threads=1)
    described = open_encoder(None, graph, toy_pack / "pack.json", layer="last", device="cpu", threads=1)
    assert (described.sha256, described.spec) == (of_pack.sha256, of_pack.spec)
    (tmp_path / "spec.json").write_text(of_pack.spec.model_dump_json())
    assert open_encoder(None, graph, tmp_path / "spec.json", layer="last", device="cpu", threads=1).spec == of_pack.spec
    (tmp_path / "bad.json").write_text("[]")
    for spec, expected in (
        (None, "ENCODER_SPEC"),
        (tmp_path / "bad.json", "ENCODER_SPEC"),
        (tmp_path / "gone.json", "ENCODER_FILE"),
    ):
        with pytest.raises(SaeRadError) as error:
            open_encoder(None, graph, spec, layer="last", device="cpu", threads=1)
        assert code(error) == expected
