"""A tiny vision transformer with random weights: one set of arrays, its forward pass in NumPy, and the same as ONNX."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

Array = npt.NDArray[np.float32]

SIDE, PATCH, WIDTH, HEADS, HIDDEN, EPS = 32, 4, 16, 2, 32, 1e-6
GRID = SIDE // PATCH
HEAD_WIDTH = WIDTH // HEADS
_erf = np.vectorize(math.erf, otypes=[np.float64])


@dataclass(frozen=True)
class ToyVit:
    """Weights by name; blocks are ``block0.`` and ``block1.`` (the last)."""

    weights: dict[str, Array]

    def __getitem__(self, name: str) -> Array:
        return self.weights[name]


def make_toy_vit(seed: int = 7) -> ToyVit:
    """Draw the weights; attention is sharp enough that patches get different shares."""
    rng = np.random.default_rng(seed)

    def draw(*shape: int, scale: float) -> Array:
        return (rng.standard_normal(shape) * scale).astype(np.float32)

    weights = {
        "patch.weight": draw(WIDTH, 3, PATCH, PATCH, scale=0.25),
        "patch.bias": draw(WIDTH, scale=0.1),
        "cls": draw(1, 1, WIDTH, scale=0.5),
        "position": draw(1, GRID * GRID + 1, WIDTH, scale=0.3),
        "norm.weight": 1.0 + draw(WIDTH, scale=0.1),
        "norm.bias": draw(WIDTH, scale=0.1),
    }
    for block in ("block0", "block1"):
        for name in ("q", "k", "v", "o"):
            weights[f"{block}.{name}.weight"] = draw(WIDTH, WIDTH, scale=0.5)  # rows out, columns in
            weights[f"{block}.{name}.bias"] = draw(WIDTH, scale=0.1)
        for name in ("ln1", "ln2"):
            weights[f"{block}.{name}.weight"] = 1.0 + draw(WIDTH, scale=0.1)
            weights[f"{block}.{name}.bias"] = draw(WIDTH, scale=0.1)
        weights[f"{block}.fc1.weight"] = draw(HIDDEN, WIDTH, scale=0.3)
        weights[f"{block}.fc1.bias"] = draw(HIDDEN, scale=0.1)
        weights[f"{block}.fc2.weight"] = draw(WIDTH, HIDDEN, scale=0.3)
        weights[f"{block}.fc2.bias"] = draw(WIDTH, scale=0.1)
        weights[f"{block}.lambda1"] = 0.8 + draw(WIDTH, scale=0.1)
        weights[f"{block}.lambda2"] = 0.5 + draw(WIDTH, scale=0.1)
    return ToyVit(weights)


def tail_tensors(vit: ToyVit) -> dict[str, Array]:
    """The arrays of ``tail.safetensors``."""
    last = {
        "w_o": "o.weight",
        "b_o": "o.bias",
        "lambda1": "lambda1",
        "ln2_weight": "ln2.weight",
        "ln2_bias": "ln2.bias",
        "fc1_weight": "fc1.weight",
        "fc1_bias": "fc1.bias",
        "fc2_weight": "fc2.weight",
        "fc2_bias": "fc2.bias",
        "lambda2": "lambda2",
    }
    tensors = {name: vit[f"block1.{source}"] for name, source in last.items()}
    return tensors | {"norm_weight": vit["norm.weight"], "norm_bias": vit["norm.bias"]}


def _norm(x: npt.NDArray[np.float64], weight: Array, bias: Array) -> npt.NDArray[np.float64]:
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + EPS) * weight + bias


def forward(vit: ToyVit, pixels: Array) -> dict[str, npt.NDArray[np.float64]]:
    """Run the encoder in float64; same outputs as ``encoder.onnx``."""
    n = pixels.shape[0]
    tiles = pixels.astype(np.float64).reshape(n, 3, GRID, PATCH, GRID, PATCH).transpose(0, 2, 4, 1, 3, 5)
    tokens = tiles.reshape(n, GRID * GRID, -1) @ vit["patch.weight"].reshape(WIDTH, -1).T + vit["patch.bias"]
    x = np.concatenate([np.repeat(vit["cls"].astype(np.float64), n, axis=0), tokens], axis=1) + vit["position"]
    for block in ("block0", "block1"):
        entering = x
        u = _norm(x, vit[f"{block}.ln1.weight"], vit[f"{block}.ln1.bias"])
        q, k, v = (
            (u @ vit[f"{block}.{name}.weight"].T + vit[f"{block}.{name}.bias"]).reshape(n, -1, HEADS, HEAD_WIDTH)
            for name in ("q", "k", "v")
        )
        scores = np.einsum("nihd,njhd->nhij", q, k) / math.sqrt(HEAD_WIDTH)
        attention = np.exp(scores - scores.max(-1, keepdims=True))
        attention /= attention.sum(-1, keepdims=True)
        mixed = np.einsum("nhij,njhd->nihd", attention, v).reshape(n, -1, WIDTH)
        x = x + vit[f"{block}.lambda1"] * (mixed @ vit[f"{block}.o.weight"].T + vit[f"{block}.o.bias"])
        hidden = _norm(x, vit[f"{block}.ln2.weight"], vit[f"{block}.ln2.bias"]) @ vit[f"{block}.fc1.weight"].T
        hidden = hidden + vit[f"{block}.fc1.bias"]
        hidden = 0.5 * hidden * (1.0 + _erf(hidden / math.sqrt(2.0)))
        x = x + vit[f"{block}.lambda2"] * (hidden @ vit[f"{block}.fc2.weight"].T + vit[f"{block}.fc2.bias"])
    final = _norm(x, vit["norm.weight"], vit["norm.bias"])
    return {
        "class_token": final[:, 0],
        "patch_tokens": final[:, 1:],
        "attn_cls": attention[:, :, 0],
        "v_last": v,
        "x0_last": entering[:, 0],
    }


class _Graph:
    """Collects nodes and constants; every method returns the name of its result."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, value: npt.NDArray[np.generic]) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value, order="C"), name))
        return name

    def op(
        self, kind: str, *inputs: str | npt.NDArray[np.generic], output: str | None = None, **attributes: object
    ) -> str:
        name = output or f"t{len(self.nodes)}"
        names = [i if isinstance(i, str) else self.constant(i) for i in inputs]
        self.nodes.append(helper.make_node(kind, names, [name], **attributes))
        return name

    def linear(self, x: str, weight: Array, bias: Array) -> str:
        return self.op("Add", self.op("MatMul", x, weight.T), bias)

    def norm(self, x: str, weight: Array, bias: Array, output: str | None = None) -> str:
        return self.op("LayerNormalization", x, weight, bias, axis=-1, epsilon=EPS, output=output)


def _ints(*values: int) -> npt.NDArray[np.int64]:
    return np.array(values, dtype=np.int64)


def encoder_onnx(vit: ToyVit) -> bytes:
    """Build ``encoder.onnx`` (opset 18, one file, dynamic batch)."""
    g = _Graph()
    tokens = g.op("Conv", "pixel_values", vit["patch.weight"], vit["patch.bias"], strides=[PATCH, PATCH])
    tokens = g.op("Transpose", g.op("Reshape", tokens, _ints(0, WIDTH, GRID * GRID)), perm=[0, 2, 1])
    batch = g.op("Slice", g.op("Shape", "pixel_values"), _ints(0), _ints(1))
    start = g.op("Expand", vit["cls"], g.op("Concat", batch, _ints(1, WIDTH), axis=0))
    x = g.op("Add", g.op("Concat", start, tokens, axis=1), vit["position"])
    zero = np.array(0, dtype=np.int64)
    for block in ("block0", "block1"):
        last = block == "block1"
        if last:
            g.op("Gather", x, zero, axis=1, output="x0_last")
        u = g.norm(x, vit[f"{block}.ln1.weight"], vit[f"{block}.ln1.bias"])
        split = {}
        for name in ("q", "k", "v"):
            rows = g.linear(u, vit[f"{block}.{name}.weight"], vit[f"{block}.{name}.bias"])
            output = "v_last" if last and name == "v" else None
            split[name] = g.op("Reshape", rows, _ints(0, GRID * GRID + 1, HEADS, HEAD_WIDTH), output=output)
        q, v = (g.op("Transpose", split[name], perm=[0, 2, 1, 3]) for name in ("q", "v"))
        scores = g.op("MatMul", q, g.op("Transpose", split["k"], perm=[0, 2, 3, 1]))
        attention = g.op("Softmax", g.op("Mul", scores, np.float32(1 / math.sqrt(HEAD_WIDTH)).reshape(1)), axis=-1)
        if last:
            g.op("Gather", attention, zero, axis=2, output="attn_cls")
        mixed = g.op("Transpose", g.op("MatMul", attention, v), perm=[0, 2, 1, 3])
        mixed = g.op("Reshape", mixed, _ints(0, GRID * GRID + 1, WIDTH))
        message = g.linear(mixed, vit[f"{block}.o.weight"], vit[f"{block}.o.bias"])
        x = g.op("Add", x, g.op("Mul", message, vit[f"{block}.lambda1"]))
        hidden = g.linear(
            g.norm(x, vit[f"{block}.ln2.weight"], vit[f"{block}.ln2.bias"]),
            vit[f"{block}.fc1.weight"],
            vit[f"{block}.fc1.bias"],
        )
        gate = g.op("Add", g.op("Erf", g.op("Mul", hidden, np.float32([1 / math.sqrt(2)]))), np.float32([1]))
        hidden = g.op("Mul", g.op("Mul", hidden, gate), np.float32([0.5]))
        mlp = g.linear(hidden, vit[f"{block}.fc2.weight"], vit[f"{block}.fc2.bias"])
        x = g.op("Add", x, g.op("Mul", mlp, vit[f"{block}.lambda2"]))
    final = g.norm(x, vit["norm.weight"], vit["norm.bias"])
    g.op("Gather", final, zero, axis=1, output="class_token")
    g.op("Slice", final, _ints(1), _ints(GRID * GRID + 1), _ints(1), output="patch_tokens")
    inputs = [helper.make_tensor_value_info("pixel_values", TensorProto.FLOAT, ["N", 3, SIDE, SIDE])]
    shapes: dict[str, list[str | int]] = {
        "class_token": ["N", WIDTH],
        "patch_tokens": ["N", GRID * GRID, WIDTH],
        "attn_cls": ["N", HEADS, GRID * GRID + 1],
        "v_last": ["N", GRID * GRID + 1, HEADS, HEAD_WIDTH],
        "x0_last": ["N", WIDTH],
    }
    return _finish(g, inputs, shapes)


def sae_onnx(w_enc: Array, b_enc: Array, threshold: Array, b_dec: Array) -> bytes:
    """Build ``sae.onnx`` in JumpReLU form: z = w_enc (x - b_dec) + b_enc, f = z * (z > threshold)."""
    g = _Graph()
    z = g.op("Add", g.op("MatMul", "class_token", w_enc.T), (b_enc - w_enc @ b_dec).astype(np.float32))
    on = g.op("Cast", g.op("Greater", z, threshold), to=TensorProto.FLOAT)
    g.op("Mul", z, on, output="activations")
    inputs = [helper.make_tensor_value_info("class_token", TensorProto.FLOAT, ["N", w_enc.shape[1]])]
    return _finish(g, inputs, {"activations": ["N", w_enc.shape[0]]})


def _finish(g: _Graph, inputs: list[onnx.ValueInfoProto], shapes: dict[str, list[str | int]]) -> bytes:
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()]
    graph = helper.make_graph(g.nodes, "toy", inputs, outputs, g.constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())
