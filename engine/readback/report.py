"""A structured report: its content tree and the regions in it (PS3.3 C.17.3, C.18)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.readback.coded import Code, ImageReference
from engine.readback.graphics import Graphic


@dataclass(frozen=True)
class Item:
    """One content item.

    Attributes
    ----------
    kind : str
        Value Type, such as ``CONTAINER``, ``TEXT``, ``NUM``, ``CODE``, ``IMAGE``, ``SCOORD``.
    relationship : str
        Relationship Type to the item above, empty at the root.
    name : Code or None
        Concept name.
    lines : tuple of str
        The value as text; a number without its unit; empty for containers and regions.
    code : Code or None
        The value of a ``CODE``; the unit of a ``NUM``.
    number : float or None
        The value of a ``NUM``.
    reference : ImageReference or None
        Of ``IMAGE``, ``COMPOSITE`` and ``WAVEFORM``.
    region : Graphic or None
        Of ``SCOORD``: (column, row) in pixels of the image that its child refers to.
    children : tuple of Item
    """

    kind: str
    relationship: str = ""
    name: Code | None = None
    lines: tuple[str, ...] = ()
    code: Code | None = None
    number: float | None = None
    reference: ImageReference | None = None
    region: Graphic | None = None
    children: tuple[Item, ...] = ()

    def walk(self) -> Iterator[Item]:
        """Yield the item and all below it, in order of reading."""
        yield self
        for child in self.children:
            yield from child.walk()

    def is_named(self, value: str, scheme: str) -> bool:
        """Whether its concept name has this code."""
        return self.name is not None and (self.name.value, self.name.scheme) == (value, scheme)


@dataclass(frozen=True)
class Region:
    """A region of a report on one image, named by what is measured or found there."""

    graphic: Graphic
    image: ImageReference


@dataclass(frozen=True)
class Report:
    """The content of a structured report: its root container."""

    root: Item

    def regions(self) -> list[Region]:
        """Return the regions with the images that they lie on; a region that names no image is on none."""
        return list(_regions(self.root, ""))


def _regions(item: Item, group: str) -> Iterator[Region]:
    group = _group_name(item) or group
    if item.region is not None:
        label = group or (str(item.name) if item.name else "")
        graphic = Graphic(item.region.shape, item.region.points, label=label)
        for child in item.children:
            if child.kind == "IMAGE" and child.reference is not None:
                yield Region(graphic, child.reference)
    for child in item.children:
        yield from _regions(child, group)


def _group_name(item: Item) -> str:
    """Name a measurement group (TID 1501) by its finding, else its tracking identifier."""
    if item.kind != "CONTAINER":
        return ""
    for child in item.children:
        if child.is_named("121071", "DCM") and child.code is not None:
            return str(child.code)
    return next((child.lines[0] for child in item.children if child.is_named("112039", "DCM") and child.lines), "")
