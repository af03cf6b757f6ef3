"""How features are listed: by section or all together, in an order, and those that are muted apart at the end."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from viewer.marking import mark
from viewer.state.groups import SECTIONS, FeatureGroup, Order, in_order
from viewer.state.overlay import OverlaySettings

ALL, MUTED = "", "muted"
"""Names of the parts that are no section."""

TITLES: dict[str, str] = {
    "lungs": mark("Lungs"),
    "pleura": mark("Pleura"),
    "heart": mark("Heart and mediastinum"),
    "bones": mark("Bones"),
    "devices": mark("Devices"),
    "other": mark("Other"),
    MUTED: mark("Muted"),
}
"""What a person reads above a part, by its name."""


@dataclass(frozen=True)
class Part:
    """Groups of features below one heading.

    Attributes
    ----------
    name : str
        One of `SECTIONS`, `ALL` (no heading) or `MUTED`.
    """

    name: str
    groups: tuple[FeatureGroup, ...]


@dataclass(frozen=True)
class Listing:
    """How a person wants the list.

    Attributes
    ----------
    by_section : bool
        Whether each section has its heading; the order holds within each, then.
    """

    order: Order = Order.CITED
    by_section: bool = True

    def parts(
        self, groups: Sequence[FeatureGroup], cited: Collection[int], overlay: OverlaySettings
    ) -> tuple[Part, ...]:
        """Return the parts that have a group, in the order in which they stand; no group is left out.

        Parameters
        ----------
        cited : collection of int
            Features that the draft's sentences stand on.
        """
        ordered = in_order(groups, self.order, cited)
        muted = tuple(group for group in ordered if overlay.mutes(group))
        heard = tuple(group for group in ordered if not overlay.mutes(group))
        parts = [Part(ALL, heard)]
        if self.by_section:
            parts = [Part(name, tuple(g for g in heard if g.first.section == name)) for name in SECTIONS]
        return tuple(part for part in (*parts, Part(MUTED, muted)) if part.groups)
