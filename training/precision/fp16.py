"""The fp16 profile: everything before the last block in half precision, the last block and all outputs in fp32."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from engine.errors import PackError
from training.graph import plain_bytes
from training.precision.graph import drop_unused, last_block, replace_nodes

METHOD = "everything before the last block in half precision; the last block and all outputs in fp32"
LARGEST = float(np.finfo(np.float16).max)


def fp16_graph(content: bytes) -> bytes:
    """Make the profile of an encoder's graph.

    Inputs and outputs keep their types, and the last block gets its rows in fp32, so that heat maps add up to the
    features' pre-activations as exactly as in fp32.

    Raises
    ------
    PackError
        ``PACK_ONNX`` when a weight is beyond the range of half precision.
    """
    model = onnx.load_from_string(content)
    last = last_block(model)
    convert = _Conversion(model)
    for node in model.graph.node:
        convert.last(node) if node.output[0] in last else convert.before(node)
    replace_nodes(model, convert.nodes)
    drop_unused(model)
    return plain_bytes(model)


class _Conversion:
    """The nodes of a graph, with casts where half precision begins and ends, and weights that are halved once."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self._graph = model.graph
        self._weights = {item.name: item for item in model.graph.initializer if item.data_type == TensorProto.FLOAT}
        self._inputs = {item.name for item in model.graph.input}
        inferred = onnx.shape_inference.infer_shapes(model).graph.value_info
        self._floats = {item.name for item in inferred if item.type.tensor_type.elem_type == TensorProto.FLOAT}
        self._halved: set[str] = set()
        self._cast: dict[str, str] = {}

    def before(self, node: onnx.NodeProto) -> None:
        """Add a node that is to compute in half precision."""
        for place, name in enumerate(node.input):
            if name in self._weights:
                node.input[place] = self._half_weight(name)
            elif name in self._inputs:
                node.input[place] = self._as(name, TensorProto.FLOAT16)
        self._halved.update(set(node.output) & self._floats)
        self.nodes.append(node)

    def last(self, node: onnx.NodeProto) -> None:
        """Add a node that stays in fp32."""
        for place, name in enumerate(node.input):
            if name in self._halved:
                node.input[place] = self._as(name, TensorProto.FLOAT)
        self.nodes.append(node)

    def _as(self, name: str, kind: int) -> str:
        if name not in self._cast:
            self._cast[name] = f"{name}.cast"
            self.nodes.append(helper.make_node("Cast", [name], [f"{name}.cast"], name=f"{name}.cast", to=kind))
        return self._cast[name]

    def _half_weight(self, name: str) -> str:
        half = f"{name}.half"
        if half not in self._cast:
            value = numpy_helper.to_array(self._weights[name])
            if not np.abs(value).max(initial=0.0) <= LARGEST:
                raise PackError("PACK_ONNX", f"the weight {name} is beyond half precision", "use no fp16 profile")
            self._graph.initializer.append(numpy_helper.from_array(value.astype(np.float16), half))
            self._cast[half] = half
        return half
