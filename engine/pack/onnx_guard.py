"""Look into ONNX bytes before a runtime does: no external data, no custom operators, no model-local functions.

Field numbers are those of onnx.proto.
"""

from __future__ import annotations

from engine.errors import PackError
from engine.pack.protobuf import WireError, fields, message

_MODEL_GRAPH, _MODEL_FUNCTIONS = 7, 25
_GRAPH_NODE, _GRAPH_INITIALIZER, _GRAPH_SPARSE = 1, 5, 15
_NODE_OP_TYPE, _NODE_ATTRIBUTE, _NODE_DOMAIN = 4, 5, 7
_ATTRIBUTE_TENSOR, _ATTRIBUTE_GRAPH, _ATTRIBUTE_TENSORS, _ATTRIBUTE_GRAPHS = 5, 6, 10, 11
_ATTRIBUTE_SPARSE, _ATTRIBUTE_SPARSES = 22, 23
_TENSOR_EXTERNAL_DATA, _TENSOR_DATA_LOCATION = 13, 14
_SPARSE_VALUES, _SPARSE_INDICES = 1, 2
_STANDARD_DOMAINS = (b"", b"ai.onnx")
_MAX_DEPTH = 16


def check_onnx(content: bytes, name: str) -> None:
    """Refuse ONNX bytes that would make a runtime read other files or run other code.

    Parameters
    ----------
    content : bytes
        A serialised ModelProto.
    name : str
        File name for the message.

    Raises
    ------
    PackError
        ``PACK_UNSAFE`` for external data, custom domains or functions; ``PACK_ONNX`` if it is not an ONNX file.
    """
    try:
        graphs = 0
        for number, value in fields(memoryview(content)):
            if number == _MODEL_FUNCTIONS:
                raise _unsafe(name, "contains model-local functions")
            if number == _MODEL_GRAPH:
                graphs += 1
                _check_graph(message(value), name, 0)
    except WireError as error:
        raise PackError("PACK_ONNX", f"{name} is not an ONNX model ({error})", "get the pack again") from error
    if graphs != 1:
        raise PackError("PACK_ONNX", f"{name} is not an ONNX model (no graph)", "get the pack again")


def _unsafe(name: str, why: str) -> PackError:
    return PackError("PACK_UNSAFE", f"{name} {why}", "use packs with single-file, standard ONNX models only")


def _check_graph(graph: memoryview, name: str, depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise _unsafe(name, "nests graphs too deeply")
    for number, value in fields(graph):
        if number == _GRAPH_NODE:
            _check_node(message(value), name, depth)
        elif number == _GRAPH_INITIALIZER:
            _check_tensor(message(value), name)
        elif number == _GRAPH_SPARSE:
            _check_sparse(message(value), name)


def _check_node(node: memoryview, name: str, depth: int) -> None:
    for number, value in fields(node):
        if number == _NODE_DOMAIN and bytes(message(value)) not in _STANDARD_DOMAINS:
            raise _unsafe(name, f"uses operators of the domain {bytes(message(value)).decode('utf-8', 'replace')!r}")
        if number == _NODE_ATTRIBUTE:
            for kind, part in fields(message(value)):
                if kind in (_ATTRIBUTE_TENSOR, _ATTRIBUTE_TENSORS):
                    _check_tensor(message(part), name)
                elif kind in (_ATTRIBUTE_SPARSE, _ATTRIBUTE_SPARSES):
                    _check_sparse(message(part), name)
                elif kind in (_ATTRIBUTE_GRAPH, _ATTRIBUTE_GRAPHS):
                    _check_graph(message(part), name, depth + 1)


def _check_sparse(sparse: memoryview, name: str) -> None:
    for number, value in fields(sparse):
        if number in (_SPARSE_VALUES, _SPARSE_INDICES):
            _check_tensor(message(value), name)


def _check_tensor(tensor: memoryview, name: str) -> None:
    for number, value in fields(tensor):
        if number == _TENSOR_EXTERNAL_DATA or (number == _TENSOR_DATA_LOCATION and value != 0):
            raise _unsafe(name, "keeps its weights in another file (external data)")
