"""The encoder as an ONNX graph with what a pack needs, and nothing that an exporter would add.

Three things make it fast on a processor, none of which changes a result beyond rounding: no guard for masked rows
around the softmax; LayerScale and the attention's scale multiplied into the weights beside them; and in the last block
one path for the class token's row and another for the patches, so that the second can be left out where nobody asks for
it (`engine.pack.onnx_outputs`).
"""

from __future__ import annotations

import onnx
from onnx import TensorProto, helper

from engine.errors import EncoderError
from training.encoder.block import Block
from training.encoder.dinov2.model import Dinov2
from training.encoder.dinov2.nodes import BlockNodes, Nodes, array
from training.encoder.export_onnx import OPSET, OUTPUTS

MAX_BYTES = 2**31 - 2**24
"""Of the weights in one protobuf file, with room for the graph itself."""
IR_VERSION = 10


def encoder_graph(vit: Dinov2) -> onnx.ModelProto:
    """Return the graph: ``pixel_values`` [N,3,H,W] to the outputs of the model pack, with a dynamic batch.

    Raises
    ------
    EncoderError
        ``IMPORT_UNSUPPORTED`` when its weights do not fit into one file.
    """
    check_size(sum(parameter.numel() for parameter in vit.parameters()))
    nodes, tokens = Nodes(), vit.grid**2 + 1
    x = _embeddings(nodes, vit)
    for number, block in enumerate(vit.blocks[:-1]):
        assert isinstance(block, Block)
        name = f"block{number}"
        write = BlockNodes(nodes, block, name)
        u = write.norm(x)
        query, key, value = (write.heads(name, part, u, tokens) for part in ("query", "key", "value"))
        x = write.rest(name, x, write.attend(f"{name}.attention", (query, key, value), tokens, tokens))
    _last_block(nodes, x, vit)
    d, heads = vit.config.hidden_size, vit.config.num_attention_heads
    shapes: dict[str, list[str | int]] = {
        "class_token": ["batch", d],
        "patch_tokens": ["batch", tokens - 1, d],
        "attn_cls": ["batch", heads, tokens],
        "v_last": ["batch", tokens, heads, d // heads],
        "x0_last": ["batch", d],
    }
    image: list[str | int] = ["batch", 3, vit.image_size, vit.image_size]
    graph = helper.make_graph(
        nodes.nodes,
        "encoder",
        [helper.make_tensor_value_info("pixel_values", TensorProto.FLOAT, image)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shapes[name]) for name in OUTPUTS],
        list(nodes.weights.values()),
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)


def check_size(numbers: int) -> None:
    """Refuse weights of so many float32 numbers where they do not fit into one file (``IMPORT_UNSUPPORTED``)."""
    if 4 * numbers > MAX_BYTES:
        raise EncoderError(
            "IMPORT_UNSUPPORTED",
            f"the encoder's weights take {4 * numbers / 2**30:.1f} GiB; a pack has them in one ONNX file below 2 GiB",
            "import a smaller encoder of the family",
        )


def _embeddings(nodes: Nodes, vit: Dinov2) -> str:
    """Patches with a row for the class token before them, and the positions."""
    d, patch = vit.config.hidden_size, vit.config.patch_size
    weights = [nodes.weight(f"patch.{part}", array(getattr(vit.patch, part))) for part in ("weight", "bias")]
    x = nodes.add("Conv", "patch", "pixel_values", *weights, kernel_shape=[patch, patch], strides=[patch, patch])
    x = nodes.add("Reshape", "patch.flat", x, nodes.whole(0, d, vit.grid**2))
    x = nodes.add("Transpose", "patch.rows", x, perm=[0, 2, 1])
    # A row of zeros before the patches takes the class token by the same addition that places them.
    x = nodes.add("Pad", "patch.padded", x, nodes.whole(0, 1, 0, 0, 0, 0))
    start = vit.position.detach().clone()
    start[:, :1] += vit.class_embedding
    return nodes.add("Add", "embeddings", x, nodes.weight("position", array(start)))


def _last_block(nodes: Nodes, x: str, vit: Dinov2) -> None:
    """Write the last block twice: for the class token's row, with what heat maps need, and for the patches."""
    write, tokens = BlockNodes(nodes, vit.last, "last"), vit.grid**2 + 1
    u = write.norm(x)
    keys, values = (write.heads("last", part, u, tokens) for part in ("key", "value"))
    nodes.add("Transpose", "v_last", values, perm=[0, 2, 1, 3])
    x0 = nodes.rows("class.rows", x, 0, 1)
    queries = write.heads("class", "query", nodes.rows("class.normed", u, 0, 1), 1)
    attention = write.attention("class.attention", queries, keys)
    mixed = write.side_by_side("class.mixed", nodes.add("MatMul", "class.mixed", attention, values), 1)
    final = nodes.norm("class.final", write.rest("class", x0, mixed), "norm", vit.norm)
    for output, value, axis in (("class_token", final, 1), ("attn_cls", attention, 2), ("x0_last", x0, 1)):
        nodes.add("Squeeze", output, value, nodes.whole(axis))
    own = nodes.rows("patches.rows", x, 1, tokens)
    queries = write.heads("patches", "query", nodes.rows("patches.normed", u, 1, tokens), tokens - 1)
    mixed = write.attend("patches.attention", (queries, keys, values), tokens - 1, tokens)
    nodes.norm("patch_tokens", write.rest("patches", own, mixed), "norm", vit.norm)
