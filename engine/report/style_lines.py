"""Where a key stands in a TOML file, and which keys a model allows there: for messages a person can act on."""

from __future__ import annotations

import tomllib
import typing
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel

KeyPath = tuple[str | int, ...]


def line_of(text: str, path: Sequence[str | int]) -> int:
    """Return the line (from 1) of a key in a TOML text, or of the nearest table that holds it; 1 where none does."""
    found, best = 1, 0
    for number, here in _keys(text):
        depth = len(_common(here, path))
        if depth == len(here) and depth > best:
            found, best = number, depth
    return found


def _keys(text: str) -> Iterator[tuple[int, KeyPath]]:
    """Yield line and path of every table and key; lines that are no whole statement belong to the key before them."""
    table: KeyPath = ()
    counts: dict[KeyPath, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if stripped.startswith("["):
            path = _placed(_path(stripped), counts)
            if path and stripped.startswith("[["):
                counts[path] = counts.get(path, -1) + 1
                path = (*path, counts[path])
            if path:
                table = path
                yield number, table
        elif "=" in stripped and (path := _path(stripped.split("=", 1)[0] + "= 0")):
            yield number, (*table, *path)


def _placed(path: KeyPath, counts: dict[KeyPath, int]) -> KeyPath:
    """Put the number of the last entry behind each list of tables that a heading goes through."""
    placed: KeyPath = ()
    for place, key in enumerate(path, 1):
        placed = (*placed, key)
        if place < len(path) and placed in counts:
            placed = (*placed, counts[placed])
    return placed


def _path(statement: str) -> KeyPath:
    """Return the keys that one line of TOML names, outermost first; none where it is no statement."""
    try:
        value: Any = tomllib.loads(statement)
    except tomllib.TOMLDecodeError:
        return ()
    keys: list[str | int] = []
    while isinstance(value, (dict, list)) and value:
        if isinstance(value, dict):
            keys.append(next(iter(value)))
            value = value[keys[-1]]
        else:
            value = value[0]
    return tuple(keys)


def _common(first: Sequence[str | int], second: Sequence[str | int]) -> list[str | int]:
    shared = []
    for one, other in zip(first, second, strict=False):
        if one != other:
            break
        shared.append(one)
    return shared


def allowed_keys(model: type[BaseModel], path: Sequence[str | int]) -> list[str]:
    """Return the keys that a model allows in the table at a path; none where any is allowed."""
    kind: Any = model
    for part in path:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            fields = {field.alias or name: field for name, field in kind.model_fields.items()}
            kind = fields[str(part)].annotation if str(part) in fields else None
        else:
            # A mapping's or a sequence's entries are all of one kind, which comes last or before an ellipsis.
            inner = [argument for argument in typing.get_args(kind) if argument is not Ellipsis]
            kind = inner[-1] if inner else None
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return sorted(field.alias or name for name, field in kind.model_fields.items())
    return []
