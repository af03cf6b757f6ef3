"""Write an ONNX graph node by node: weights kept once, outputs named after what they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper
from torch import nn

from training.encoder.block import Block

Array = npt.NDArray[np.float32]
MOST_BYTES = 2**25
"""Of the softmax rows of one group of heads, for one image."""
_GELU = {"root_of_two": 2.0**0.5, "one": 1.0, "half": 0.5}


class Nodes:
    """Nodes and weights as they are added; a node's output has the name that it is given."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: dict[str, onnx.TensorProto] = {}

    def add(self, kind: str, name: str, *inputs: str, **attributes: Any) -> str:
        """Add a node and return the name of its output."""
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name=name, **attributes))
        return name

    def weight(self, name: str, value: npt.NDArray[Any]) -> str:
        """Keep a weight unless one of this name is kept already."""
        if name not in self.weights:
            self.weights[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def whole(self, *numbers: int) -> str:
        """Return the name of a constant of whole numbers."""
        return self.weight("_".join(["int", *(str(number) for number in numbers)]), np.array(numbers, dtype=np.int64))

    def linear(self, name: str, x: str, stored: str, weight: Array, bias: Array) -> str:
        """x @ weight.T + bias, with the weights kept as `stored`."""
        product = self.add("MatMul", f"{name}.product", x, self.weight(f"{stored}.weight", weight.T))
        return self.add("Add", name, product, self.weight(f"{stored}.bias", bias))

    def norm(self, name: str, x: str, stored: str, layer: nn.LayerNorm) -> str:
        """A layer norm over the last axis."""
        weights = [self.weight(f"{stored}.{part}", array(getattr(layer, part))) for part in ("weight", "bias")]
        return self.add("LayerNormalization", name, x, *weights, axis=-1, epsilon=layer.eps)

    def rows(self, name: str, x: str, start: int, stop: int) -> str:
        """Return the rows start … stop - 1 of the tokens."""
        return self.add("Slice", name, x, self.whole(start), self.whole(stop), self.whole(1))

    def split(self, name: str, x: str, sizes: list[int]) -> list[str]:
        """Return parts of the heads' axis; one part is `x` itself."""
        if len(sizes) == 1:
            return [x]
        names = [f"{name}.{part}" for part in range(len(sizes))]
        self.nodes.append(helper.make_node("Split", [x, self.whole(*sizes)], names, name=name, axis=1))
        return names

    def gelu(self, name: str, x: str) -> str:
        """x · (1 + erf(x / √2)) · ½, in the form that runtimes know and fuse."""
        root, one, half = (self.weight(key, np.array(value, np.float32)) for key, value in _GELU.items())
        y = self.add("Erf", f"{name}.erf", self.add("Div", f"{name}.divided", x, root))
        y = self.add("Mul", f"{name}.product", x, self.add("Add", f"{name}.shifted", y, one))
        return self.add("Mul", name, y, half)


class BlockNodes:
    """Write the parts of one block; the same weights can serve several sets of rows.

    Parameters
    ----------
    nodes : Nodes
    stored : str
        First part of the names of the block's weights.
    """

    def __init__(self, nodes: Nodes, block: Block, stored: str) -> None:
        self._nodes, self._block, self._stored = nodes, block, stored
        self._heads, self._head_width = block.attention.heads, block.attention.head_width

    def norm(self, x: str) -> str:
        """LN1 of the rows that enter the block."""
        return self._nodes.norm(f"{self._stored}.norm1", x, f"{self._stored}.norm1", self._block.norm1)

    def heads(self, name: str, part: str, x: str, rows: int) -> str:
        """Return queries or values as (N, heads, rows, D / heads), keys as (N, heads, D / heads, rows)."""
        nodes, layer = self._nodes, getattr(self._block.attention, part)
        scale = np.float32(self._block.attention.scale if part == "query" else 1.0)
        stored = f"{self._stored}.{part}"
        y = nodes.linear(f"{name}.{part}", x, stored, array(layer.weight) * scale, array(layer.bias) * scale)
        y = nodes.add("Reshape", f"{name}.{part}.split", y, nodes.whole(0, rows, self._heads, self._head_width))
        return nodes.add("Transpose", f"{name}.{part}.heads", y, perm=[0, 2, 3, 1] if part == "key" else [0, 2, 1, 3])

    def attention(self, name: str, queries: str, keys: str) -> str:
        """Return the softmax rows (N, heads, rows, T)."""
        return self._nodes.add("Softmax", name, self._nodes.add("MatMul", f"{name}.scores", queries, keys), axis=-1)

    def attend(self, name: str, heads: tuple[str, str, str], rows: int, tokens: int) -> str:
        """Return `side_by_side` of all heads, a group of them at a time: the rows of all take much memory at once.

        Parameters
        ----------
        heads : tuple of str
            Queries, keys and values as `heads` returns them.
        """
        nodes, groups = self._nodes, head_groups(self._heads, rows, tokens)
        sizes = [self._heads // groups] * groups
        parts = [nodes.split(f"{name}.{part}", x, sizes) for part, x in zip("qkv", heads, strict=True)]
        mixed = [
            nodes.add("MatMul", f"{name}.mixed.{group}", self.attention(f"{name}.{group}", q, k), v)
            for group, (q, k, v) in enumerate(zip(*parts, strict=True))
        ]
        together = mixed[0] if groups == 1 else nodes.add("Concat", f"{name}.mixed", *mixed, axis=1)
        return self.side_by_side(name, together, rows)

    def side_by_side(self, name: str, heads: str, rows: int) -> str:
        """Return (N, heads, rows, D / heads) as (N, rows, D)."""
        nodes = self._nodes
        y = nodes.add("Transpose", f"{name}.rows", heads, perm=[0, 2, 1, 3])
        return nodes.add("Reshape", f"{name}.flat", y, nodes.whole(0, rows, self._heads * self._head_width))

    def rest(self, name: str, x: str, mixed: str) -> str:
        """Return the block's rows from what its attention mixed: output product and MLP, each scaled and added."""
        nodes, block, stored = self._nodes, self._block, self._stored
        one, two = array(block.lambda1), array(block.lambda2)
        output, fc1, fc2 = block.attention.output, block.fc1, block.fc2
        weight, bias = array(output.weight) * one[:, None], array(output.bias) * one
        y = nodes.add(
            "Add", f"{name}.middle", x, nodes.linear(f"{name}.output", mixed, f"{stored}.output", weight, bias)
        )
        hidden = nodes.norm(f"{name}.norm2", y, f"{stored}.norm2", block.norm2)
        hidden = nodes.linear(f"{name}.fc1", hidden, f"{stored}.fc1", array(fc1.weight), array(fc1.bias))
        hidden = nodes.gelu(f"{name}.gelu", hidden)
        weight, bias = array(fc2.weight) * two[:, None], array(fc2.bias) * two
        return nodes.add("Add", name, y, nodes.linear(f"{name}.fc2", hidden, f"{stored}.fc2", weight, bias))


def head_groups(heads: int, rows: int, tokens: int) -> int:
    """Return in how many groups the heads attend so that the softmax rows of one take at most `MOST_BYTES`."""
    fitting = (n for n in range(1, heads) if heads % n == 0 and 4 * (heads // n) * rows * tokens <= MOST_BYTES)
    return next(fitting, heads)


def array(tensor: Any) -> Array:
    """Return a parameter's values."""
    return np.asarray(tensor.detach().numpy(), dtype=np.float32)
