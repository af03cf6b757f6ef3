"""The layers of an encoder's ONNX graph: the residual stream between its blocks, handed out as an output."""

from __future__ import annotations

from collections.abc import Sequence

import onnx
from google.protobuf.message import DecodeError
from onnx import TensorProto, helper, shape_inference

from engine.errors import PackError, UsageError
from engine.pack.manifest import EncoderSpec

LAST = "last"
"""The class and patch tokens after the final layer norm: the graph's own outputs."""


def layer_tensors(content: bytes, spec: EncoderSpec) -> dict[str, str]:
    """Return the layers between the blocks of a pre-norm vision transformer, in order, and their tensors' names.

    The residual stream is read off the graph: it is what each layer norm takes, and what each addition behind an
    attention or an MLP goes on with; two of them make a block. A graph whose norms were taken apart, or which is no
    pre-norm transformer, has only `LAST`.

    Returns
    -------
    dict of str to str
        "embeddings" (before the first block), "block0", "block1", …; each a tensor (N, T, D) whose row 0 is the class
        token and whose last P rows are the patches.
    """
    try:
        graph = shape_inference.infer_shapes(_load(content)).graph
    except shape_inference.InferenceError:  # operators that ONNX does not know
        return {}
    shapes = {
        value.name: [dimension.dim_value for dimension in value.type.tensor_type.shape.dim]
        for value in (*graph.value_info, *graph.output)
    }
    rows = 1 + spec.patch_rows * spec.patch_columns
    adds = {node.output[0]: set(node.input) for node in graph.node if node.op_type == "Add"}
    stream: list[str] = []
    for node in graph.node:
        if node.op_type != "LayerNormalization" or (stream and stream[-1] == node.input[0]):
            continue
        shape = shapes.get(node.input[0], [])
        wide = len(shape) == 3 and shape[1] >= rows and shape[2] == spec.d_model
        if not wide or (stream and stream[-1] not in adds.get(node.input[0], ())):
            break
        stream.append(node.input[0])
    names = ["embeddings", *(f"block{number}" for number in range(len(stream)))]
    # Every second norm stands in the middle of a block, before its MLP.
    return dict(zip(names, stream[::2], strict=False))


def with_output(content: bytes, tensor: str, spec: EncoderSpec) -> bytes:
    """Return a copy of a graph whose only output is one of its own tensors, (N, T, D); the original stays as it is."""
    model = _load(content)
    del model.graph.output[:]
    model.graph.output.append(helper.make_tensor_value_info(tensor, TensorProto.FLOAT, ["batch", None, spec.d_model]))
    return bytes(model.SerializeToString())


def unknown_layer(layer: str, available: Sequence[str]) -> UsageError:
    """Word a layer that an encoder has not."""
    return UsageError(
        "LAYER_UNKNOWN", f"this encoder has no layer {layer!r}", f"it has {', '.join(available)}; see --list-layers"
    )


def _load(content: bytes) -> onnx.ModelProto:
    try:
        return onnx.load_from_string(content)
    except DecodeError as error:
        raise PackError("PACK_ONNX", "the encoder is no ONNX graph", "check the file, or get it again") from error
