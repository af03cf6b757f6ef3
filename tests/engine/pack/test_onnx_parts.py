"""A graph that was taken apart computes what the whole one does, without what nobody asked for."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from engine.inference.runtime import load_session, needed_graph, run_session
from engine.pack.library import load_pack
from engine.pack.onnx_guard import check_onnx
from engine.pack.onnx_parts import only_outputs, take_apart

X = np.random.default_rng(0).standard_normal((4, 64)).astype(np.float32)


def model(*, inner: bool = False) -> bytes:
    """Outputs a and b share a product; only b needs a second one, and `inner` adds a graph within the graph."""
    rng = np.random.default_rng(1)
    weights = {
        "shared": rng.standard_normal((64, 64)).astype(np.float32),
        "second": rng.standard_normal((64, 64)).astype(np.float32),
        "shape": np.array([0, 8, 8], dtype=np.int64),
        "small": np.array([2.0], dtype=np.float32),
    }
    nodes = [
        helper.make_node("MatMul", ["x", "shared"], ["product"]),
        helper.make_node("MatMul", ["product", "second"], ["more"]),
        helper.make_node("Softmax", ["more"], ["b"]),
        helper.make_node("Mul", ["product", "small"], ["scaled"]),
        helper.make_node("Reshape", ["scaled", "shape"], ["a"]),
    ]
    if inner:
        body = helper.make_graph(
            [helper.make_node("Identity", ["b"], ["inside"])],
            "body",
            [],
            [helper.make_tensor_value_info("inside", TensorProto.FLOAT, None)],
        )
        weights["yes"] = np.array(True)
        nodes.append(helper.make_node("If", ["yes"], ["c"], then_branch=body, else_branch=body))
    shapes = {"a": ["n", 8, 8], "b": ["n", 64], **({"c": ["n", 64]} if inner else {})}
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 64])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    return bytes(made.SerializeToString())


def names(content: bytes) -> tuple[set[str], set[str], set[str]]:
    graph = onnx.load_from_string(content).graph
    return (
        {name for node in graph.node for name in node.output},
        {weight.name for weight in graph.initializer},
        {output.name for output in graph.output},
    )


def kernels(session: ort.InferenceSession) -> int:
    session.run(None, {"x": X})
    with Path(session.end_profiling()).open(encoding="utf-8") as file:
        return sum(event.get("cat") == "Node" for event in json.load(file))


def test_only_what_an_output_needs_stays() -> None:
    smaller = only_outputs(model(), ["a"])
    onnx.checker.check_model(smaller, full_check=True)
    check_onnx(smaller, "smaller")
    assert names(smaller) == ({"product", "scaled", "a"}, {"shared", "shape", "small"}, {"a"})
    assert names(only_outputs(model(), ["a", "b"])) == names(model())


def test_the_runtime_has_less_to_do(tmp_path: Path) -> None:
    counts = []
    for content in (model(), only_outputs(model(), ["a"])):
        options = ort.SessionOptions()
        options.enable_profiling, options.profile_file_prefix = True, str(tmp_path / "profile")
        counts.append(kernels(ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])))
    assert counts[1] < counts[0]


def test_a_graph_with_inner_graphs_stays_whole() -> None:
    assert names(only_outputs(model(inner=True), ["a"])) == names(model(inner=True))


def test_large_weights_are_taken_out_and_nothing_else() -> None:
    parts = take_apart(model(), ["a", "b"])
    whole = {w.name: numpy_helper.to_array(w) for w in onnx.load_from_string(model()).graph.initializer}
    assert set(parts.weights) == {"shared", "second"}
    for name, value in parts.weights.items():
        np.testing.assert_array_equal(value, whole[name])
        assert value.flags.aligned and value.flags.c_contiguous
    assert len(parts.graph) < 2000


@pytest.mark.parametrize("outputs", [["a"], ["b"], ["a", "b"]])
def test_the_parts_give_the_same_bits(outputs: list[str]) -> None:
    whole, _ = load_session(model(), "whole", "cpu", 1)
    apart, _ = load_session(needed_graph(model(), outputs, "cpu"), "apart", "cpu", 1)
    for one, other in zip(run_session(whole, outputs, {"x": X}), run_session(apart, outputs, {"x": X}), strict=True):
        np.testing.assert_array_equal(one, other)


def test_so_do_those_of_the_demo_pack(demo_pack: Path) -> None:
    pack = load_pack(demo_pack)
    spec, outputs = pack.manifest.encoder, ["class_token", "attn_cls", "v_last", "x0_last"]
    pixels = np.random.default_rng(0).standard_normal((1, 3, spec.input_height, spec.input_width)).astype(np.float32)
    whole, _ = load_session(pack.encoder_bytes, "whole", "cpu", 1)
    apart, _ = load_session(needed_graph(pack.encoder_bytes, outputs, "cpu"), "apart", "cpu", 1)
    results = [run_session(session, outputs, {"pixel_values": pixels}) for session in (whole, apart)]
    for one, other in zip(*results, strict=True):
        np.testing.assert_array_equal(one, other)
