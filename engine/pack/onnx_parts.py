"""Take an ONNX graph apart: what the wanted outputs need, and its large weights.

A runtime computes every node of a graph, wanted or not, and holds every weight three times over while it loads a whole
one from memory. Field numbers are those of onnx.proto.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.pack.protobuf import field, fields, message, varint, varints

_GRAPH, _NODE, _WEIGHT, _OUTPUT = 7, 1, 5, 12
_NODE_INPUT, _NODE_OUTPUT, _NODE_ATTRIBUTE, _ATTRIBUTE_GRAPHS = 1, 2, 5, (6, 11)
_NAME_OF_VALUE, _NAME_OF_WEIGHT = 1, 8
_DIMENSION, _TYPE, _RAW, _EXTERNAL, _LOCATION = 1, 2, 9, 13, 14
_FLOAT, _ELSEWHERE = 1, 1
LEAST_BYTES = 4096
"""Smaller weights stay in the graph, where a runtime may compute with them as it loads."""

Pieces = list[bytes | memoryview]


@dataclass(frozen=True, eq=False)
class GraphParts:
    """A graph without its large weights.

    Attributes
    ----------
    graph : bytes
        Its large weights are marked as lying elsewhere.
    weights : dict of str to ndarray of float32
        These weights by name, in memory of their own.
    """

    graph: bytes
    weights: dict[str, npt.NDArray[np.float32]]


def only_outputs(content: bytes, outputs: Collection[str]) -> bytes:
    """Return a graph without the nodes and weights that none of these outputs needs.

    Parameters
    ----------
    content : bytes
        A serialised ModelProto that :func:`engine.pack.onnx_guard.check_onnx` accepts.
    outputs : collection of str
        Others are left out; one that the graph does not have is left for the runtime to miss.
    """
    return b"".join(_model(content, lambda graph: _needed(graph, outputs)))


def take_apart(content: bytes, outputs: Collection[str]) -> GraphParts:
    """Do the same, and copy the large float32 weights out of the graph, so that `content` can go."""
    weights: dict[str, npt.NDArray[np.float32]] = {}
    return GraphParts(b"".join(_model(content, lambda graph: _needed(graph, outputs, weights))), weights)


def _model(content: bytes, change: Callable[[memoryview], Pieces]) -> Pieces:
    """Return a model's pieces with its graph changed."""
    pieces: Pieces = []
    for number, value in fields(memoryview(content)):
        if number == _GRAPH:
            graph = change(message(value))
            # The length comes before the content, which is not joined twice.
            pieces += [*field(number, b"")[:1], varint(sum(len(piece) for piece in graph)), *graph]
        else:
            pieces += field(number, value)
    return pieces


def _needed(
    graph: memoryview, outputs: Collection[str], weights: dict[str, npt.NDArray[np.float32]] | None = None
) -> Pieces:
    """Return the pieces of a graph without what none of the outputs needs; one with inner graphs stays whole.

    Large weights go into `weights`, where that is given.
    """
    parts = [(number, value) for number, value in fields(graph)]
    nodes = [message(value) for number, value in parts if number == _NODE]
    if any(_has_inner_graph(node) for node in nodes):
        return [piece for number, value in parts for piece in field(number, value)]
    wanted, kept = set(outputs), set()
    # Nodes stand in the order of computation: from the end, what is wanted is known when its maker comes.
    for place in range(len(nodes) - 1, -1, -1):
        if wanted & set(_names(nodes[place], _NODE_OUTPUT)):
            kept.add(place)
            wanted.update(_names(nodes[place], _NODE_INPUT))
    pieces: Pieces = []
    place = 0
    for number, value in parts:
        keep = True
        if number == _NODE:
            keep, place = place in kept, place + 1
        elif number == _WEIGHT:
            keep = _names(message(value), _NAME_OF_WEIGHT)[0] in wanted
        elif number == _OUTPUT:
            keep = _names(message(value), _NAME_OF_VALUE)[0] in outputs
        if keep and number == _WEIGHT and weights is not None:
            pieces += field(number, _outside(message(value), weights))
        elif keep:
            pieces += field(number, value)
    return pieces


def _has_inner_graph(node: memoryview) -> bool:
    attributes = (message(value) for number, value in fields(node) if number == _NODE_ATTRIBUTE)
    return any(number in _ATTRIBUTE_GRAPHS for attribute in attributes for number, _ in fields(attribute))


def _names(part: memoryview, which: int) -> list[str]:
    return [bytes(message(value)).decode("utf-8") for number, value in fields(part) if number == which]


def _outside(weight: memoryview, weights: dict[str, npt.NDArray[np.float32]]) -> bytes | memoryview:
    """Add a large float32 weight to `weights` and return it without its values, any other as it is."""
    parts = [(number, value) for number, value in fields(weight)]
    raw = [message(value) for number, value in parts if number == _RAW]
    if not raw or len(raw[0]) < LEAST_BYTES or (_TYPE, _FLOAT) not in parts:
        return weight
    shape = _shape(parts)
    (name,) = _names(weight, _NAME_OF_WEIGHT)
    if 4 * math.prod(shape) != len(raw[0]):
        return weight  # the runtime says what is wrong with it
    # A copy: in the file a weight begins at any byte, and runtimes count on numbers that are aligned.
    weights[name] = np.frombuffer(raw[0], dtype="<f4").reshape(shape).astype(np.float32, copy=True)
    pieces = [piece for number, value in parts if number != _RAW for piece in field(number, value)]
    for key, value in (("location", "memory"), ("offset", "0"), ("length", str(len(raw[0])))):
        entry = [*field(1, key.encode()), *field(2, value.encode())]
        pieces += field(_EXTERNAL, b"".join(entry))
    return b"".join([*pieces, *field(_LOCATION, _ELSEWHERE)])


def _shape(parts: list[tuple[int, int | memoryview]]) -> tuple[int, ...]:
    """Return a weight's dimensions, written one by one or packed."""
    sizes: list[int] = []
    for number, value in parts:
        if number == _DIMENSION:
            sizes += [value] if isinstance(value, int) else varints(value)
    return tuple(sizes)
