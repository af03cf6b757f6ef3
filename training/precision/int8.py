"""The int8 profile: products of tokens and weights in whole numbers, everything else and the last block in fp32."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from engine.errors import PackError
from engine.inference.runtime import load_session, run_session
from training.graph import plain_bytes
from training.precision.graph import FloatArray, Product, consumers, drop_unused, products, replace_nodes
from training.precision.observe import observe
from training.precision.scaling import Scaling, best_scaling, correction, round_weight

METHOD = (
    "tokens rounded to 8 bits by image, weights to 7 bits by column, channels scaled as in SmoothQuant, mean errors "
    "corrected in the biases; attention, norms, convolutions and the last block in fp32"
)
ENOUGH = 0.9995
"""Half of what the bound allows: other radiographs lose more than those of the calibration."""
FREE, COSTLY = 1.0, 0.75
"""What scales must gain: where a norm in front takes them up, and where they cost a multiplication of all tokens."""


@dataclass(frozen=True, eq=False)
class Group:
    """The products of one tensor, which share its rounding, and what each adds to its bias."""

    tensor: str
    products: tuple[Product, ...]
    scaling: Scaling
    folded: bool
    corrections: tuple[FloatArray, ...]


@dataclass(frozen=True, eq=False)
class Int8Graph:
    """What was made.

    Attributes
    ----------
    kept : tuple of str
        Products before the last block that stayed in fp32.
    cosine : float
        The least of the class tokens on the calibration radiographs.
    """

    content: bytes
    kept: tuple[str, ...]
    cosine: float


def int8_graph(
    content: bytes,
    inputs: Sequence[FloatArray],
    threads: int,
    step: Callable[[str], None] = lambda _: None,
    enough: float = ENOUGH,
) -> Int8Graph:
    """Make the profile of an encoder's graph.

    Parameters
    ----------
    content : bytes
        ``encoder.onnx``.
    inputs : sequence of ndarray of float32, shape (1, 3, H, W)
        Calibration radiographs as the encoder takes them.
    enough : float
        Cosine of the class tokens on every one of them, below which more products stay in fp32.

    Raises
    ------
    PackError
        ``PROFILE_BOUND`` when nothing could be rounded; ``PACK_ONNX``.
    """
    model = onnx.load_from_string(content)
    found = products(model)
    step("calibration")
    seen, expected = observe(model, {product.input for product in found}, inputs, threads)
    groups = []
    for tensor in dict.fromkeys(product.input for product in found):
        members = tuple(product for product in found if product.input == tensor)
        folded = _norm_before(model, tensor, members) is not None
        scaling = best_scaling(seen[tensor], [member.weight for member in members], FREE if folded else COSTLY)
        corrections = tuple(correction(seen[tensor], member.weight, scaling.scales) for member in members)
        groups.append(Group(tensor, members, scaling, folded, corrections))
    groups.sort(key=lambda group: group.scaling.error)
    rounded = groups
    while rounded:
        step(f"{len(rounded)} of {len(groups)} tensors rounded")
        made = _rounded(model, rounded)
        cosine = least_cosine(made, inputs, expected, threads)
        if cosine >= enough:
            kept = {group.tensor for group in groups} - {group.tensor for group in rounded}
            return Int8Graph(made, tuple(p.name for p in found if p.input in kept), cosine)
        # The worst eighth stays in fp32 too.
        rounded = rounded[: max(0, len(rounded) - max(1, len(groups) // 8))]
    raise PackError(
        "PROFILE_BOUND",
        f"class tokens keep a cosine of {enough:g} only where nothing is rounded",
        "this encoder has to stay in fp32; nothing was written",
    )


def least_cosine(content: bytes, inputs: Sequence[FloatArray], expected: FloatArray, threads: int) -> float:
    """Return the least cosine of a graph's class tokens with the expected ones, shape (images, D)."""
    session, _ = load_session(content, "encoder.int8.onnx", "cpu", threads)
    found = np.stack([run_session(session, ["class_token"], {"pixel_values": pixels})[0][0] for pixels in inputs])
    return float(cosines(found, expected).min())


def cosines(found: FloatArray, expected: FloatArray) -> FloatArray:
    """Return the cosine of each row with its counterpart, computed in double precision."""
    a, b = found.astype(np.float64), expected.astype(np.float64)
    return np.asarray((a * b).sum(axis=1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)))


def _norm_before(model: onnx.ModelProto, tensor: str, members: Sequence[Product]) -> onnx.NodeProto | None:
    """Return the layer norm that makes a tensor, if nothing but these products reads it."""
    if {node.output[0] for node in consumers(model, tensor)} != {member.name for member in members}:
        return None
    norms = [n for n in model.graph.node if tensor in n.output and n.op_type == "LayerNormalization"]
    return norms[0] if norms and len(norms[0].input) == 3 else None


def _rounded(model: onnx.ModelProto, groups: Sequence[Group]) -> bytes:
    """Return a copy of a graph with the products of these groups in whole numbers."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    first = {group.products[0].name: group for group in groups}
    member = {product.name: (group, product) for group in groups for product in group.products}
    shifts = {p.name: c for group in groups for p, c in zip(group.products, group.corrections, strict=True)}
    norms = {group.tensor: group for group in groups if group.folded and group.scaling.scales is not None}
    weights = {item.name: item for item in copy.graph.initializer}
    nodes: list[onnx.NodeProto] = []
    for node in copy.graph.node:
        name = node.output[0]
        if name in norms:
            _fold(copy, node, weights, norms[name])
        if name in first:
            nodes += _tokens(copy, first[name])
        if node.op_type == "Add" and (made := shifts.keys() & set(node.input)):
            _correct(copy, node, weights, shifts[made.pop()])
        nodes += _product(copy, *member[name]) if name in member else [node]
    replace_nodes(copy, nodes)
    drop_unused(copy)
    return plain_bytes(copy)


def _fold(model: onnx.ModelProto, norm: onnx.NodeProto, weights: dict[str, onnx.TensorProto], group: Group) -> None:
    """Divide what a norm makes by the scales, through its weight and bias."""
    assert group.scaling.scales is not None
    for place, part in ((1, "weight"), (2, "bias")):
        value = numpy_helper.to_array(weights[norm.input[place]]) / group.scaling.scales
        norm.input[place] = _keep(model, f"{group.tensor}.scaled_{part}", value.astype(np.float32))


def _correct(
    model: onnx.ModelProto, add: onnx.NodeProto, weights: dict[str, onnx.TensorProto], shift: FloatArray
) -> None:
    """Add the correction of a product to the bias behind it; a product without one stays uncorrected."""
    for place, name in enumerate(add.input):
        if name in weights and (bias := numpy_helper.to_array(weights[name])).shape == shift.shape:
            add.input[place] = _keep(model, f"{add.output[0]}.corrected", bias + shift)


def _tokens(model: onnx.ModelProto, group: Group) -> list[onnx.NodeProto]:
    """Round a tensor, divided by its scales where no norm did that."""
    source, nodes = group.tensor, []
    if group.scaling.scales is not None and not group.folded:
        source = f"{group.tensor}.scaled"
        by = _keep(model, f"{group.tensor}.scales", (1.0 / group.scaling.scales).astype(np.float32))
        nodes.append(helper.make_node("Mul", [group.tensor, by], [source], name=source))
    outputs = [f"{group.tensor}.{part}" for part in ("rounded", "step", "zero")]
    return [*nodes, helper.make_node("DynamicQuantizeLinear", [source], outputs, name=outputs[0])]


def _product(model: onnx.ModelProto, group: Group, product: Product) -> list[onnx.NodeProto]:
    """Multiply whole numbers; the form is one that onnxruntime fuses into a single kernel."""
    scales, name, tensor = group.scaling.scales, product.name, group.tensor
    whole, step = round_weight(product.weight if scales is None else product.weight * scales[:, None])
    weight, steps = _keep(model, f"{name}.whole", whole), _keep(model, f"{name}.steps", step)
    make = helper.make_node
    return [
        make("MatMulInteger", [f"{tensor}.rounded", weight, f"{tensor}.zero"], [f"{name}.sum"], name=f"{name}.sum"),
        make("Cast", [f"{name}.sum"], [f"{name}.float"], name=f"{name}.float", to=TensorProto.FLOAT),
        make("Mul", [f"{tensor}.step", steps], [f"{name}.unit"], name=f"{name}.unit"),
        make("Mul", [f"{name}.float", f"{name}.unit"], [name], name=name),
    ]


def _keep(model: onnx.ModelProto, name: str, value: FloatArray | np.ndarray) -> str:
    model.graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
    return name
