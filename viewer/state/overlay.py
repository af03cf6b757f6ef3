"""Which heat maps are shown, in which colour, how strongly."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from engine.inference.heat_scale import OPACITY, PALETTE, THRESHOLD


@dataclass(frozen=True)
class OverlaySettings:
    """Settings of the overlay, shared by all images of the session.

    Attributes
    ----------
    visible : frozenset of int
        Features whose switch is on.
    colours : dict of int to str
        Colours a person chose (``#rrggbb``); others come from the palette.
    opacity : float
        0..1, of the whole overlay.
    threshold : float
        Share of the full scale below which nothing is drawn, 0..1.
    peek : bool
        True while the key is held that hides the overlay.
    """

    visible: frozenset[int] = frozenset()
    colours: dict[int, str] = field(default_factory=dict)
    opacity: float = OPACITY
    threshold: float = THRESHOLD
    peek: bool = False

    def show(self, feature_ids: Iterable[int]) -> OverlaySettings:
        """Switch exactly these features on."""
        return replace(self, visible=frozenset(feature_ids))

    def switch(self, feature_id: int, on: bool) -> OverlaySettings:
        """Switch one feature on or off."""
        change = self.visible | {feature_id} if on else self.visible - {feature_id}
        return replace(self, visible=frozenset(change))

    def recolour(self, feature_id: int, colour: str) -> OverlaySettings:
        """Give one feature a colour (``#rrggbb``)."""
        return replace(self, colours={**self.colours, feature_id: colour})

    def colour(self, feature_id: int, rank: int) -> str:
        """Colour of a feature; `rank` is its place in the list of active features."""
        return self.colours.get(feature_id, PALETTE[rank % len(PALETTE)])

    def with_opacity(self, opacity: float) -> OverlaySettings:
        """Set the opacity, clipped to 0..1."""
        return replace(self, opacity=min(1.0, max(0.0, opacity)))

    def with_threshold(self, threshold: float) -> OverlaySettings:
        """Set the threshold, clipped to 0..0.95 so that the strongest places stay visible."""
        return replace(self, threshold=min(0.95, max(0.0, threshold)))

    def with_peek(self, peek: bool) -> OverlaySettings:
        """Hide (True) or show the overlay."""
        return replace(self, peek=peek)
