"""ONNX graphs without traces of where they were made."""

from __future__ import annotations

from pathlib import Path

import onnx


def plain_graph(path: Path) -> bytes:
    """Return a graph without what its exporter noted about the machine: stack traces, file names, scopes.

    Nodes, weights and types stay as they are, so the graph computes the same to the last bit.
    """
    return plain_bytes(onnx.load(path, load_external_data=False))


def plain_bytes(model: onnx.ModelProto) -> bytes:
    """Return a graph's bytes without such notes, which `model` loses too; doing it again gives the same bytes."""
    model.doc_string = ""
    model.graph.doc_string = ""
    values = [*model.graph.input, *model.graph.output, *model.graph.value_info]
    parts = [model, model.graph, *model.graph.node, *model.graph.initializer, *values]
    for part in parts:
        part.doc_string = ""
        del part.metadata_props[:]
    return bytes(model.SerializeToString())
