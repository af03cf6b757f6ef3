"""A structured report as readable text, line by line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.readback.report import Item, Report

_TRACKING = frozenset({"112039"})
"""Tracking Identifier (DCM): names the group that it is a context of."""

_NO_UNIT = frozenset({"1", "{0:1}", ""})


@dataclass(frozen=True)
class Line:
    """One line: how deep it stands, what it is called and what it says; a heading says nothing.

    `technical` lines (UIDs, and who observed by which device) are for programs more than for people.
    """

    depth: int
    name: str
    text: str
    technical: bool = False

    @property
    def whole(self) -> str:
        """Name and text, indented; a text that begins with the name has it once."""
        name = "" if self.text.startswith(f"{self.name}: ") else self.name
        return "  " * self.depth + ": ".join(filter(None, (name, self.text)))


def report_lines(report: Report) -> list[Line]:
    """Return the report in order of reading; qualifiers and properties stand below what they qualify."""
    return list(_lines(report.root, 0))


def _lines(item: Item, depth: int) -> Iterator[Line]:
    name = str(item.name) if item.name else ""
    text = value_text(item)
    if item.kind == "CONTAINER" and not name:
        # A nameless container only holds its items together.
        for child in item.children:
            yield from _lines(child, depth)
        return
    if item.kind == "TEXT" and len(item.lines) > 1:
        yield Line(depth, name, "")
        yield from (Line(depth + 1, "", line) for line in item.lines if line)
    elif name or text:
        context = item.relationship == "HAS OBS CONTEXT" and item.name is not None and item.name.value not in _TRACKING
        yield Line(depth, name, text, technical=item.kind == "UIDREF" or context)
    for child in item.children:
        yield from _lines(child, depth + 1)


def value_text(item: Item) -> str:
    """Return the value of one content item in one line; empty for a container."""
    if item.kind == "NUM":
        value = " ".join(item.lines)
        unit = item.code
        if not value:
            return "no value"
        return value if unit is None or unit.value in _NO_UNIT else f"{value} {_unit(unit.value)}"
    if item.kind == "SCOORD":
        if item.region is None:
            return "a region that cannot be read"
        count = len(item.region.points)
        return f"region {item.region.shape.value.lower()}, {count} point" + ("s" if count != 1 else "")
    if item.reference is not None:
        parts = [f"{item.kind.lower()} {item.reference.sop_instance_uid}"]
        for what, numbers in (("frame", item.reference.frames), ("segment", item.reference.segments)):
            if numbers:
                parts.append(f"{what} {', '.join(map(str, numbers))}")
        return ", ".join(parts)
    return " ".join(item.lines)


def _unit(code: str) -> str:
    """Return a UCUM unit for people: braces mark what UCUM has no unit for, such as ``{pixels}``."""
    return code.removeprefix("{").removesuffix("}") if code.startswith("{") else code
