"""Change one table of the file of nodes; every other line of it, comments too, stays as a person wrote it."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from pydantic import BaseModel

from engine.errors import UsageError
from engine.export.atomic import write_atomic
from engine.network.nodes import DimseNode, Local, Nodes, WebNode, check_nodes, nodes_text, raw_nodes, refusal


def save_node(path: Path, name: str, node: DimseNode | WebNode, *, before: str = "") -> None:
    """Declare a node, or declare it anew.

    Parameters
    ----------
    path : Path
        The file; made where there is none.
    before : str
        Name of the declaration that this one takes the place of; empty for a new one.

    Raises
    ------
    UsageError
        ``NODES_FILE`` when the file is not as it should be, or is written in a way that cannot be changed here.
    ExportError
        ``EXPORT_WRITE``.
    """
    nodes = raw_nodes(path)
    if name in nodes.nodes and name != before:
        raise refusal(path, f"it declares {name!r} already")
    kept = {other: one for other, one in nodes.nodes.items() if other not in (before, name)}
    wanted = nodes.model_copy(update={"nodes": kept | {name: node}})
    _put(
        path,
        ("nodes", before or name),
        _table(f"nodes.{json.dumps(name)}" if "." in name else f"nodes.{name}", node),
        wanted,
    )


def remove_node(path: Path, name: str) -> None:
    """Take a declaration out; raises as `save_node`."""
    nodes = raw_nodes(path)
    kept = {other: one for other, one in nodes.nodes.items() if other != name}
    _put(path, ("nodes", name), [], nodes.model_copy(update={"nodes": kept}))


def save_local(path: Path, local: Local) -> None:
    """Say what we call ourselves and where we listen; raises as `save_node`."""
    _put(path, ("local",), _table("local", local), raw_nodes(path).model_copy(update={"local": local}))


def _put(path: Path, table: tuple[str, ...], lines: list[str], wanted: Nodes) -> None:
    kept, place = list[str](), None
    inside, since = False, 0
    for line in nodes_text(path).splitlines():
        if line.lstrip().startswith("["):
            inside = _header(line)[: len(table)] == table
            place = len(kept) if inside and place is None else place
            since = len(kept)
        said = not line.strip() or line.lstrip().startswith("#")
        if inside and not said:
            del kept[since:]  # comments between the table's own lines
        elif not inside or said:
            kept.append(line)
    place = len(kept) if place is None else place
    parts = ["\n".join(part).strip("\n") for part in (kept[:place], lines, kept[place:])]
    text = "".join(f"{part}\n\n" for part in parts if part).rstrip("\n") + "\n"
    # A file may declare the same in ways that are not understood here, such as one line for all nodes.
    if _reads(path, text) != wanted:
        raise refusal(path, "it is written in a way that cannot be changed here", "change it with a text editor")
    write_atomic(path, text.encode())


def _header(line: str) -> tuple[str, ...]:
    """Return the names of a table's header; none for what is no such header."""
    try:
        inside: object = tomllib.loads(line)
    except ValueError:
        return ()
    names = []
    while isinstance(inside, dict) and len(inside) == 1:
        ((name, inside),) = inside.items()
        names.append(str(name))
    return tuple(names)


def _reads(path: Path, text: str) -> Nodes | None:
    try:
        return check_nodes(path, text)
    except UsageError:
        return None


def _table(name: str, model: BaseModel) -> list[str]:
    """Return the lines of a table: what is not a default, and the kind."""
    values = model.model_dump(exclude_defaults=True, exclude_none=True)
    return [f"[{name}]", *(f"{key} = {_value(value)}" for key, value in values.items())]


def _value(value: object) -> str:
    if isinstance(value, dict):
        inside = ", ".join(f"{key} = {_value(one)}" for key, one in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    # Strings and numbers of JSON are those of TOML, too.
    return json.dumps(value, ensure_ascii=False)
