"""Find one's way in an encoder's graph: its last block, and the products of tokens and weights before it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper

from engine.errors import PackError

FloatArray = npt.NDArray[np.float32]
_VIEWS = frozenset({"Gather", "Identity", "Reshape", "Slice", "Squeeze"})


@dataclass(frozen=True, eq=False)
class Product:
    """A MatMul of tokens (..., K) and a constant weight (K, N).

    Attributes
    ----------
    name : str
        Of its output, by which it is known.
    input : str
        Tensor of the tokens.
    weight : ndarray of float32, shape (K, N)
    """

    name: str
    input: str
    weight: FloatArray


def last_block(model: onnx.ModelProto) -> frozenset[str]:
    """Return the outputs of all nodes of the last block and behind it.

    They follow from the tensor of which ``x0_last`` is the class token's row, whatever wrote the graph. These stay in
    fp32, because the exact heat maps are computed from them.

    Raises
    ------
    PackError
        ``PACK_ONNX`` when the graph has no such output.
    """
    makers = {output: node for node in model.graph.node for output in node.output}
    tensor = "x0_last"
    while tensor in makers and makers[tensor].op_type in _VIEWS:
        tensor = makers[tensor].input[0]
    if tensor == "x0_last":
        raise PackError("PACK_ONNX", "the encoder's graph does not hand out x0_last", "export the encoder again")
    behind = {tensor}
    for node in model.graph.node:  # in the order of computation
        if behind & set(node.input):
            behind.update(node.output)
    return frozenset(behind - {tensor})


def products(model: onnx.ModelProto) -> list[Product]:
    """Return the products before the last block, in the order of computation."""
    weights = {item.name: item for item in model.graph.initializer}
    last = last_block(model)
    found = []
    for node in model.graph.node:
        if node.op_type != "MatMul" or node.output[0] in last or node.input[1] not in weights:
            continue
        weight = numpy_helper.to_array(weights[node.input[1]])
        if weight.dtype == np.float32 and weight.ndim == 2:
            found.append(Product(node.output[0], node.input[0], weight))
    return found


def consumers(model: onnx.ModelProto, tensor: str) -> list[onnx.NodeProto]:
    """Return the nodes that read a tensor."""
    return [node for node in model.graph.node if tensor in node.input]


def drop_unused(model: onnx.ModelProto) -> None:
    """Take out weights that no node reads."""
    read = {name for node in model.graph.node for name in node.input}
    kept = [item for item in model.graph.initializer if item.name in read]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)


def replace_nodes(model: onnx.ModelProto, nodes: Collection[onnx.NodeProto]) -> None:
    """Give a graph other nodes; what was noted of its tensors' types goes with the old ones."""
    del model.graph.node[:], model.graph.value_info[:]
    model.graph.node.extend(nodes)
