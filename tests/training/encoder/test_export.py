"""The exported graph equals torch and carries what the heat maps need."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from safetensors.numpy import load_file

from engine.inference.preprocess import pixel_values
from tests.training.encoder.toy import VIT, trained
from training.encoder import export_onnx
from training.encoder.checkpoint import load_model
from training.encoder.embed import describe_images, embed_batches, open_encoder
from training.encoder.export_onnx import OUTPUTS, ExportedEncoder, export_encoder
from training.encoder.sources import encoder_spec

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ExportedEncoder]:
    folder = tmp_path_factory.mktemp("encoder")
    checkpoint = trained(folder, steps=5)
    return checkpoint, export_encoder(checkpoint, folder / "export")


def test_the_graph_is_one_plain_file_with_the_contract_outputs(exported: tuple[Path, ExportedEncoder]) -> None:
    _, result = exported
    model = onnx.load(result.onnx, load_external_data=False)
    assert [output.name for output in model.graph.output] == list(OUTPUTS)
    assert model.opset_import[0].version == 18
    assert all(not tensor.external_data for tensor in model.graph.initializer)
    assert {node.domain for node in model.graph.node} <= {"", "ai.onnx"}
    assert not any(node.op_type == "IsNaN" for node in model.graph.node)
    assert sorted(path.name for path in result.onnx.parent.iterdir()) == ["encoder.onnx", "tail.safetensors"]
    assert result.max_difference <= 1e-4


def test_engine_input_gives_the_same_tokens_alone_and_in_a_batch(exported: tuple[Path, ExportedEncoder]) -> None:
    import torch

    checkpoint, result = exported
    spec = encoder_spec(VIT, 0.5, 0.25)
    rng = np.random.default_rng(0)
    images = [rng.random((90, 70), dtype=np.float32), rng.random((64, 128), dtype=np.float32)] * 3
    tokens = describe_images(result.onnx.parent, images, spec, "class_token", batch_size=4)
    assert tokens.shape == (6, VIT.width)
    np.testing.assert_allclose(tokens[:2], tokens[2:4], atol=1e-5)
    with torch.no_grad():
        expected, _ = load_model(checkpoint).vit(torch.from_numpy(pixel_values(images[1], spec)))
    np.testing.assert_allclose(tokens[1], expected[0].numpy(), atol=1e-4)


def test_tail_and_outputs_rebuild_the_class_token(exported: tuple[Path, ExportedEncoder]) -> None:
    from scipy.special import erf

    _, result = exported
    tail = {name: value.astype(np.float64) for name, value in load_file(result.tail).items()}
    image = np.random.default_rng(1).random((60, 60), dtype=np.float32)
    part = next(embed_batches(open_encoder(result.onnx), [image], encoder_spec(VIT, 0.5, 0.25)))

    def norm(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
        return weight * (x - x.mean()) / np.sqrt(x.var() + 1e-6) + bias

    heads = (part.attn_cls[0].T[:, :, None] * part.v_last[0]).sum(axis=0).ravel()
    y = part.x0_last[0] + tail["lambda1"] * (tail["w_o"] @ heads + tail["b_o"])
    hidden = tail["fc1_weight"] @ norm(y, tail["ln2_weight"], tail["ln2_bias"]) + tail["fc1_bias"]
    gelu = hidden * 0.5 * (1 + erf(hidden / np.sqrt(2)))
    z = y + tail["lambda2"] * (tail["fc2_weight"] @ gelu + tail["fc2_bias"])
    np.testing.assert_allclose(norm(z, tail["norm_weight"], tail["norm_bias"]), part.class_token[0], atol=1e-4)


def test_a_graph_that_differs_is_not_accepted(
    exported: tuple[Path, ExportedEncoder], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint, _ = exported
    write = export_onnx.write_onnx

    def spoiled(vit: export_onnx.VisionTransformer, path: Path) -> None:
        write(vit, path)
        model = onnx.load(path)
        largest = max(model.graph.initializer, key=lambda tensor: len(tensor.raw_data))
        values = onnx.numpy_helper.to_array(largest) * 1.01
        largest.CopyFrom(onnx.numpy_helper.from_array(values, largest.name))
        onnx.save(model, path)

    monkeypatch.setattr(export_onnx, "write_onnx", spoiled)
    with pytest.raises(RuntimeError, match="differs from torch"):
        export_encoder(checkpoint, tmp_path)
