"""How the heat map of one group of features is drawn where a person wants it other than the rest."""

from __future__ import annotations

from dataclasses import dataclass, replace

LEAST_OPACITY = 0.1
"""A map whose switch is on can always be seen."""

MOST_THRESHOLD = 0.95
"""The strongest places stay visible."""


@dataclass(frozen=True)
class MapLook:
    """The look of one map.

    Attributes
    ----------
    opacity : float
        Share of the opacity of all maps, `LEAST_OPACITY`..1.
    threshold : float or None
        Share of the full scale below which nothing of it is drawn, 0..`MOST_THRESHOLD`; None is that of all maps.
    contour : bool
        Whether it is drawn as contour lines, which leave the image between them bare, in place of heat.
    """

    opacity: float = 1.0
    threshold: float | None = None
    contour: bool = False

    def with_opacity(self, opacity: float) -> MapLook:
        """Set the opacity, clipped to its range."""
        return replace(self, opacity=min(1.0, max(LEAST_OPACITY, opacity)))

    def with_threshold(self, threshold: float | None) -> MapLook:
        """Set a threshold of its own, clipped to its range, or None for that of all maps."""
        return replace(self, threshold=None if threshold is None else min(MOST_THRESHOLD, max(0.0, threshold)))


PLAIN = MapLook()
"""As all maps are drawn."""
