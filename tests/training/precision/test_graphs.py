"""The graphs of the profiles: standard operators, close to fp32, and with heat maps as exact as in fp32."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from safetensors.torch import load_file

from engine.errors import PackError
from engine.inference.attribution import LastBlock
from engine.inference.runtime import load_session, run_session
from engine.inference.tail import Tail
from engine.pack.arrays import SaeRows
from engine.pack.onnx_guard import check_onnx
from tests.engine.toy_pack import encoder_spec, sample_images
from tests.engine.toy_vit import encoder_onnx, make_toy_vit, tail_tensors
from tests.training.encoder.dinov2.folder import SMALL, write_folder
from training.cli import main
from training.encoder.export_onnx import OUTPUTS
from training.precision.fp16 import fp16_graph
from training.precision.graph import last_block, products
from training.precision.int8 import cosines, int8_graph

FloatArray = np.ndarray


@pytest.fixture(scope="module")
def dino(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An encoder of the DINOv2 family with dominating channels, imported."""
    folder = tmp_path_factory.mktemp("dino")
    source = write_folder(folder / "source", SMALL | {"num_hidden_layers": 4}, crop=70, outliers=True)
    assert main(["import-encoder", str(source), "--out", str(folder / "out")]) == 0
    return folder / "out"


@pytest.fixture(scope="module")
def content(dino: Path) -> bytes:
    return (dino / "encoder.onnx").read_bytes()


def inputs(count: int, seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    coarse = rng.standard_normal((count, 1, 3, 7, 7)).repeat(10, axis=3).repeat(10, axis=4)
    return list((coarse + 0.3 * rng.standard_normal(coarse.shape)).astype(np.float32))


def outputs(graph: bytes, pixels: np.ndarray) -> dict[str, np.ndarray]:
    session, _ = load_session(graph, "encoder.onnx", "cpu", 1)
    return dict(zip(OUTPUTS, run_session(session, list(OUTPUTS), {"pixel_values": pixels}), strict=True))


def closure(found: dict[str, np.ndarray], tail: dict[str, np.ndarray], eps: float) -> float:
    """By how much maps and remainder miss the pre-activations of some features, by their size."""
    rng, d = np.random.default_rng(0), found["class_token"].shape[1]
    rows = SaeRows(
        ids=(0, 1),
        w_enc=rng.standard_normal((2, d)).astype(np.float32),
        b_enc=np.zeros(2, np.float32),
        threshold=np.zeros(2, np.float32),
        w_dec=rng.standard_normal((2, d)).astype(np.float32),
        b_dec=np.zeros(d, np.float32),
    )
    shares = LastBlock(Tail(tail, eps), found["attn_cls"][0], found["v_last"][0], found["x0_last"][0]).messages(rows)
    z = found["class_token"][0].astype(np.float64) @ rows.w_enc.T.astype(np.float64)
    size = 1.0 + np.abs(shares.patches).sum(axis=1) + np.abs(shares.remainder)
    return float((np.abs(shares.patches.sum(axis=1) + shares.remainder - z) / size).max())


@pytest.mark.parametrize("precision", ["int8", "fp16"])
def test_a_profile_is_a_plain_graph_close_to_fp32_with_exact_maps(precision: str, dino: Path, content: bytes) -> None:
    graph = fp16_graph(content) if precision == "fp16" else int8_graph(content, inputs(4), 1).content
    check_onnx(graph, "encoder")
    onnx.checker.check_model(onnx.load_from_string(graph))
    assert len(graph) < 0.75 * len(content)
    tail = {name: value.numpy() for name, value in load_file(dino / "tail.safetensors").items()}
    for pixels in inputs(3, seed=1):
        own, found = outputs(content, pixels), outputs(graph, pixels)
        assert all(value.dtype == np.float32 and value.shape == own[name].shape for name, value in found.items())
        cosine = float(cosines(found["class_token"], own["class_token"])[0])
        assert (0.999 if precision == "int8" else 0.99999) < cosine < 1.0
        assert closure(found, tail, 1e-6) < 1e-5


def test_everything_before_the_last_block_is_rounded_and_nothing_of_it(content: bytes) -> None:
    made = int8_graph(content, inputs(2), 1, enough=0.99)
    kinds = [node.op_type for node in onnx.load_from_string(made.content).graph.node]
    assert made.kept == () and kinds.count("MatMulInteger") == 3 * 6 and kinds.count("DynamicQuantizeLinear") == 3 * 4
    model = onnx.load_from_string(content)
    names = [product.name for product in products(model)]
    assert len(names) == 18 and all(name.startswith("block") for name in names)
    assert {"class_token", "attn_cls", "v_last", "patch_tokens"} <= last_block(model)


def test_products_stay_in_fp32_until_class_tokens_are_close_enough(content: bytes) -> None:
    all_rounded = int8_graph(content, inputs(2), 1, enough=0.99)
    stricter = int8_graph(content, inputs(2), 1, enough=(1.0 + all_rounded.cosine) / 2)
    assert len(stricter.kept) > 0 and stricter.cosine > all_rounded.cosine
    with pytest.raises(PackError) as caught:
        int8_graph(content, inputs(2), 1, enough=1.1)
    assert caught.value.code == "PROFILE_BOUND"


def test_graphs_of_any_maker_are_read_by_the_pack_contract() -> None:
    """The toy encoder is written by other code, with other names."""
    graph = encoder_onnx(make_toy_vit())
    spec = encoder_spec()
    pixels = ((sample_images(3)[:, None].repeat(3, axis=1) - 0.5) / spec.std[0]).astype(np.float32)
    for made in (fp16_graph(graph), int8_graph(graph, [pixels[:1], pixels[1:2]], 1).content):
        own, found = outputs(graph, pixels[2:]), outputs(made, pixels[2:])
        assert float(cosines(found["class_token"], own["class_token"])[0]) > 0.99
        assert closure(found, tail_tensors(make_toy_vit()), spec.layer_norm_eps) < 1e-5


def test_a_graph_without_what_maps_need_is_refused(content: bytes) -> None:
    model = onnx.load_from_string(content)
    for node in model.graph.node:
        node.output[:] = ["other" if name == "x0_last" else name for name in node.output]
    with pytest.raises(PackError) as caught:
        last_block(model)
    assert caught.value.code == "PACK_ONNX"


def test_a_weight_beyond_half_precision_is_refused(content: bytes) -> None:
    model = onnx.load_from_string(content)
    for item in model.graph.initializer:
        if item.name == "patch.bias":
            item.CopyFrom(onnx.numpy_helper.from_array(np.full(item.dims, 1e5, np.float32), item.name))
    with pytest.raises(PackError) as caught:
        fp16_graph(model.SerializeToString())
    assert "patch.bias is beyond half precision" in caught.value.message
